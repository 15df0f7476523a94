"""Which wordings may be generated from?"""

from __future__ import annotations

from typing import Any

from imprimatur_cli.client import Client


def approved_versions(client: Client) -> list[dict[str, Any]]:
    """Every approved version, newest template first."""
    listed = client.get("/templates", limit=200)["data"]
    return [version for template in listed for version in template["versions"] if version["status"] == "approved"]
