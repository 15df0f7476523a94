"""`imprimatur consent add|list` and `imprimatur blocklist` against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from imprimatur.rights.models import BlockedEntry, ConsentRecord
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.drawn import uploaded
from tests.imprimatur_cli.servers import web_server
from tests.imprimatur_cli.test_commands import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def terminal(committed_world: World, tmp_path: Path) -> Iterator[Terminal]:
    """Logged in with a key of somebody who owns, uploads and manages rights."""
    world = committed_world
    mona = member(world.aozora, "mona", [Role.OWNER, Role.CREATOR, Role.RIGHTS_MANAGER], world.password)
    scopes = [Permission.VIEW, Permission.UPLOAD_REFERENCE, Permission.MANAGE_RIGHTS]
    _key, secret = world.key(scopes, owner=mona)
    with web_server(tmp_path / "web.log") as url:
        found = Terminal(tmp_path, url)
        assert found.run("login", "--url", url, typed=f"{secret}\n").returncode == 0
        yield found


def test_a_consent_is_added_and_listed(committed_world: World, terminal: Terminal, tmp_path: Path) -> None:
    world = committed_world
    with tenant_scope(world.aozora.id):
        reference = uploaded(world, world.alice, shows_person=True)
    paper, more = tmp_path / "signed.pdf", tmp_path / "terms.json"
    paper.write_bytes(b"%PDF-1.7 signed")
    more.write_text(json.dumps({"output_cap": 5, "sell_off_days": 10}))
    where = ["--channel", "web", "--purpose", "advertising", "--territory", "JP", "--until", "2099-03-31", "--ai"]
    named = ["--title", "Mika", "--reference", reference.public_id, "--terms", str(more), "--file", str(paper)]
    made = terminal.json("consent", "add", *named, *where)
    assert (made["status"], made["evidence_name"], made["terms"]["output_cap"]) == ("draft", "signed.pdf", 5)
    assert [row["id"] for row in terminal.json("consent", "list", "--status", "draft")] == [made["id"]]
    assert terminal.json("consent", "list", "--status", "active") == []
    with tenant_scope(world.aozora.id):
        assert ConsentRecord.objects.get().reference_digests == [reference.pixel_sha256]
    more.write_text("not json")
    assert terminal.run("consent", "add", *named, *where).returncode == 1


def test_the_blocklist_is_kept_from_a_terminal(committed_world: World, terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.run("blocklist", "add", "Nike", "--kind", "mark").returncode == 0
    again = terminal.run("blocklist", "add", "NIKE")
    assert (again.returncode, "blocklist already" in again.stderr) == (1, True)
    file = tmp_path / "list.csv"
    file.write_text("Umbra,mark\nnike\n")
    assert terminal.run("blocklist", "import", str(file)).stdout.split() == ["1", "1"]
    assert {row["text"] for row in terminal.json("blocklist", "ls")} == {"Nike", "Umbra"}
    with tenant_scope(committed_world.aozora.id):
        assert BlockedEntry.objects.count() == 2
