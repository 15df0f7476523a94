"""What every template knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from imprimatur.tenants.request_ids import request_id_of


def tenant(request: HttpRequest) -> dict[str, Any]:
    """`actor` (None before sign-in), `permissions` as strings, and the request's id."""
    actor = getattr(request, "actor", None)
    permissions = {str(p) for p in actor.permissions} if actor else set()
    return {"actor": actor, "permissions": permissions, "request_id": request_id_of(request)}
