"""Which Imprimatur does a command speak to? The one it names, or the one that runs on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


class StackFailed(RuntimeError):
    """No running product was found; the message says what to do."""


def home() -> Path:
    """The folder that holds the state of this machine's Imprimatur."""
    return Path(os.environ.get("IMPRIMATUR_HOME") or ROOT / "var").resolve()


def address(named: str = "") -> str:
    """The base URL without a slash at its end. Raises StackFailed when none is named and none runs here."""
    if given := named or os.environ.get("IMPRIMATUR_URL", ""):
        return given.rstrip("/")
    try:
        return (home() / "run" / "url").read_text().strip().rstrip("/")
    except OSError as error:
        raise StackFailed(
            "Imprimatur does not run here: start it with ./run, or name its address with --url"
        ) from error


def demo_password() -> str:
    """The demo people's password, from the environment or from this machine's secrets."""
    if given := os.environ.get("IMPRIMATUR_DEMO_PASSWORD", ""):
        return given
    file = home() / "secrets.json"
    try:
        return str(json.loads(file.read_text())["demo_password"])
    except (OSError, KeyError, ValueError) as error:
        raise StackFailed(f"{file} names no demo_password: start the product once with ./run") from error
