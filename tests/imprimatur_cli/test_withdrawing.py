"""`imprimatur consent impact` and `revoke`, against a real server: told first, asked again, ended for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from imprimatur.tenants.permissions import Permission, Role

from tests.factories import World, member
from tests.imprimatur.withdrawal.made import shelf
from tests.imprimatur_cli.servers import web_server
from tests.imprimatur_cli.test_commands import Terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def server(committed_world: World, tmp_path: Path) -> Iterator[str]:
    with web_server(tmp_path / "web.log") as url:
        yield url


def test_a_right_is_ended_from_the_command_line(server: str, committed_world: World, tmp_path: Path) -> None:
    world = committed_world
    made = shelf(world)
    owner = member(world.aozora, "mika", [Role.OWNER, Role.RIGHTS_MANAGER], world.password)
    _key, secret = world.key([Permission.VIEW, Permission.MANAGE_RIGHTS], owner)
    terminal = Terminal(tmp_path, server)
    assert terminal.run("login", "--url", server, typed=f"{secret}\n").returncode == 0
    record = made.record.public_id
    reached = terminal.json("consent", "impact", record)
    assert (reached["pictures"], reached["released"], reached["queued"]) == (3, 1, 1)
    assert terminal.json("consent", "revoke", record, "--dry-run") == reached
    table = terminal.run("consent", "impact", record).stdout
    assert f"release\t{made.released.public_id}" in table
    mistyped = terminal.run("consent", "revoke", record, typed="yes\n")
    assert (mistyped.returncode, mistyped.stdout) == (2, "")
    assert "Nothing was revoked" in mistyped.stderr
    ended = terminal.run("consent", "revoke", record, "--reason", "asked for", typed=f"{record}\n")
    assert (ended.returncode, ended.stdout) == (0, f"{record}\trevoked\n")
    assert "3 pictures" in ended.stderr
    again = terminal.run("consent", "revoke", record, "--yes")
    assert again.returncode == 1
    unknown = terminal.run("consent", "impact", "gen_1")
    assert unknown.returncode != 0 and "cns_" in unknown.stderr
