"""The whole way as an operator goes it: draw, back up, restore into a fresh home, prove it, draw one more picture."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from imprimatur.embedded.postgres import free_port

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(1800)]
DRAWN = (
    "from imprimatur.audit import checkpoints\n"
    "from imprimatur.tenants.scope import tenant_scope\n"
    "from imprimatur.generations.models import Output\n"
    "count = 0\n"
    "for tenant_id, _ in checkpoints.ends():\n"
    "    with tenant_scope(tenant_id):\n"
    "        count += Output.objects.count()\n"
    "print('drawn', count)\n"
)


class Machine:
    """One installation: its folder, its database's folder, its port."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home = folder / name
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("IMPRIMATUR_")} | {
            "IMPRIMATUR_HOME": str(self.home),
            "IMPRIMATUR_POSTGRES_FOLDER": str(folder / f"postgres-{name}"),
            "IMPRIMATUR_PORT": str(free_port()),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
            "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
        }

    def run(self, *arguments: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "imprimatur.embedded", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def drawn(self) -> int:
        said = self.run("manage", "shell", "--command", DRAWN)
        return int(next(line for line in said.splitlines() if line.startswith("drawn ")).split()[1])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not pytest's own: as root its parents are closed to the unprivileged user of Postgres."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-backup-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_restored_installation_is_whole_and_draws_on(folder: Path) -> None:
    old, new = Machine(folder, "old"), Machine(folder, "new")
    old.run("demo", "--out", str(folder))
    before = old.drawn()
    assert before >= 1
    assert list((old.home / "checkpoints").rglob("*.json"))  # taken when the control worker stopped
    said = old.run("manage", "back_up", "--to", str(folder / "backup"), "--with-development-keys")

    (digest,) = re.findall(r"[0-9a-f]{64}", said)
    assert "back_up said" in new.run("manage", "restore", "--from", str(folder / "backup"), status=1)
    said = new.run("manage", "restore", "--from", str(folder / "backup"), "--digest", digest)
    assert "unbroken" in said
    assert " 0 not as promised" in said
    assert new.drawn() == before
    assert sorted(p.name for p in (new.home / "checkpoints").rglob("*.json")) == sorted(
        p.name for p in (old.home / "checkpoints").rglob("*.json")
    )
    new.run("demo", "--out", str(folder))
    assert new.drawn() > before
    new.run("manage", "audit_verify")
    new.run("manage", "check_objects", "--manifests")


def test_without_the_keys_pictures_are_whole_and_their_signer_unknown(folder: Path) -> None:
    old, bare = Machine(folder, "old"), Machine(folder, "bare")
    old.run("manage", "back_up", "--to", str(folder / "bare-backup"))
    said = bare.run("manage", "restore", "--from", str(folder / "bare-backup"), "--unproven", status=1)
    assert "NOT PROVEN" in said
    assert "manifest: out_" in said
    assert " valid" in said
    notes = json.loads((folder / "bare-backup" / "keys.json").read_text())
    assert len(notes["signer"]["sha256"]) == 64
    anchors = folder / "bare-backup" / "public" / "anchors.pem"
    bare.environment["IMPRIMATUR_TRUST_ANCHORS"] = str(anchors)
    assert " 0 not as promised" in bare.run("manage", "check_objects", "--manifests")
