"""Calling `imprimatur draw` in tests, and agreements to call it with."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result
from imprimatur_cli.main import app
from typer.testing import CliRunner

from governance.consent import ConsentTerms


def draw(reference: Path, *options: str, by: tuple[str, ...] = ("--own-work",)) -> Result:
    given = {"--prompt": "a bottle on the beach", "--word": "bottle", "--seed": "7", "--steps": "3"}
    given["--output"] = str(reference.with_name("out.png"))
    for name, value in zip(options[::2], options[1::2], strict=True):
        given[name] = value
    words = [word for pair in given.items() for word in pair]
    return CliRunner().invoke(app, ["draw", "--reference", str(reference), *words, *by])


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def consent(reference: Path, **changes: Any) -> ConsentTerms:
    values: dict[str, Any] = {
        "id": "consent-1",
        "kind": "likeness",
        "grantee": "acme",
        "reference_digests": frozenset({digest(reference)}),
        "valid_from": datetime.now(UTC) - timedelta(days=1),
        "valid_until": datetime.now(UTC) + timedelta(days=100),
        "synthetic_media_permitted": True,
        "status": "active",
    }
    return ConsentTerms(**(values | changes))


def rights(tmp_path: Path, data: dict[str, Any]) -> tuple[str, ...]:
    path = tmp_path / "rights.json"
    path.write_text(json.dumps(data))
    return ("--rights", str(path))
