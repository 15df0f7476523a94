"""A real web server on the test database, for commands that speak HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from imprimatur.embedded.postgres import free_port

from tests.flow.stack import PATIENCE, QUICK, ROOT, until


def environment() -> dict[str, str]:
    """What processes of the product see."""
    paths = f"{ROOT}:{ROOT / 'platform'}"
    return os.environ | QUICK | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "imprimatur.settings"}


@contextmanager
def web_server(log: Path) -> Iterator[str]:
    """Its address while it answers; its log's end is told when a test fails."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "imprimatur.asgi:application", "--port", str(port), "--lifespan", "off"]
    with log.open("wb") as out:
        web = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(f"{url}/readyz"))
        yield url
    except BaseException as error:
        error.add_note(log.read_text()[-3000:])
        raise
    finally:
        web.terminate()
        web.wait(PATIENCE)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False
