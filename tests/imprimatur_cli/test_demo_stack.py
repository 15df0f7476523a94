"""`./run demo` where nothing runs: starts the product with the shipped model, walks the main job, leaves nothing up."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest
from imprimatur.embedded.postgres import free_port

from tests.flow.stack import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_demo_on_a_product_of_its_own() -> None:
    with tempfile.TemporaryDirectory(prefix="imprimatur-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, Postgres runs as somebody else, who must get there
        port = free_port()
        done = subprocess.run(
            [sys.executable, "-m", "imprimatur.embedded", "demo", "--json", "--out", str(folder / "out")],
            cwd=ROOT,
            env=clean_environment(folder, port),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        data = Path(told["released_file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == told["sha256"]
        assert (told["manifest_state"], told["verdict"]) == ("trusted", "genuine")
        assert told["generation"].startswith("gen_")
        assert not (folder / "home" / "run" / "url").exists()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")


def clean_environment(folder: Path, port: int) -> dict[str, str]:
    """As in a terminal: none of the tests' own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IMPRIMATUR_", "DJANGO_"))}
    return kept | {
        "IMPRIMATUR_HOME": str(folder / "home"),
        "IMPRIMATUR_POSTGRES_FOLDER": str(folder / "postgres"),
        "IMPRIMATUR_PORT": str(port),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
    }
