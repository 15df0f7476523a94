"""The signer as a real process: killed while a picture is drawn, it costs no picture; workers hold no key meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from imprimatur.audit.models import AuditEvent
from imprimatur.generations import selectors
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.flow.stack import PATIENT, Stack, until_state
from tests.imprimatur.generations.asked import ask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_signer_killed_while_a_picture_is_drawn(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control(**PATIENT)
    signer = stack.signer()
    worker = stack.worker(TINY_STEP_SECONDS="0.2")
    (row,) = ask(world)
    until_state(world.aozora, row, "drawing")
    signer.kill()
    stack.signer()
    done = until_state(world.aozora, row, "ready")
    assert done.attempt == 1
    with tenant_scope(world.aozora.id):
        output = selectors.get_output(done.output.public_id)
        assert selectors.manifest(output).state == "trusted"
        assert output.watermark_id is not None
        assert AuditEvent.objects.filter(event="picture.signed", subject=done.public_id).count() >= 2
    assert not keys_in(worker.popen.pid)
    for log in stack.folder.glob("*.log"):
        assert "PRIVATE KEY" not in log.read_text(errors="replace")


def keys_in(pid: int) -> list[str]:
    """Files of the control side's key folder that the process has open, or is told of by its environment."""
    pki = str(settings.PKI_FOLDER)
    opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    environment = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return [name for name in (*opened, *environment) if name.startswith(pki) or re.search(r"SIGNER_KEY|=.*/pki", name)]
