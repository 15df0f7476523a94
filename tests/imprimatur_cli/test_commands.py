"""The commands that speak to a server, against a real one; data on stdout, words on stderr, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from imprimatur import keys
from imprimatur.tenants.scope import tenant_scope
from imprimatur_cli.connection import Kept
from imprimatur_cli.failures import CommandError

from tests.factories import World
from tests.flow.stack import ROOT, stack_in
from tests.imprimatur.drawn import approved_version, picture
from tests.imprimatur_cli.servers import environment, web_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def server(committed_world: World, tmp_path: Path) -> Iterator[str]:
    with web_server(tmp_path / "web.log") as url:
        yield url


class Terminal:
    """Somebody at a terminal, with a folder of their own for what is kept."""

    def __init__(self, folder: Path, url: str) -> None:
        self.env = environment() | {"XDG_CONFIG_HOME": str(folder), "IMPRIMATUR_URL": url, "LANG": "C.UTF-8"}

    def run(self, *words: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "imprimatur_cli.main", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.env | env, input=typed, capture_output=True, text=True, check=False
        )

    def json(self, *words: str, code: int = 0) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def terminal(server: str, committed_world: World, tmp_path: Path) -> Terminal:
    """Logged in with a key that may upload, generate and release."""
    found = Terminal(tmp_path, server)
    _key, secret = committed_world.key()
    done = found.run("login", "--url", server, typed=f"{secret}\n")
    assert done.returncode == 0, done.stderr
    assert "Aozora Tea" in done.stderr
    assert secret not in done.stdout + done.stderr
    return found


def test_the_whole_way_from_the_command_line(terminal: Terminal, committed_world: World, tmp_path: Path) -> None:
    with tenant_scope(committed_world.aozora.id):
        approved_version(committed_world)
    photo = tmp_path / "bottle.png"
    photo.write_bytes(picture(640, "navy"))
    assert (tmp_path / "imprimatur" / "login.json").stat().st_mode & 0o777 == 0o600
    assert "generate" in terminal.json("whoami")["permissions"]
    named = ["--brand", "Comet", "--name", "Comet bottle", "--word", "bottle", "--own-work"]
    reference = terminal.json("ref", "add", str(photo), *named)
    version = terminal.json("template", "ls")[0]
    asked = ["--reference", reference["id"], "--template", version["id"], "--var", "place=on the beach", "--seed", "7"]
    keys.permit_public_key()  # made before any worker starts, as the supervisor does
    with stack_in(tmp_path) as stack:
        stack.control()
        stack.worker()
        made = terminal.json("generate", *asked, "-o", str(tmp_path / "pictures"))
    assert made["generations"][0]["spec"]["seed"] == 7
    assert Path(made["files"][0]).read_bytes()[:4] == b"\x89PNG"
    waiting = terminal.json("review", "ls")
    assert [row["state"] for row in waiting] == ["pending"]
    assert all(finding["holds"] for finding in terminal.json("doctor"))


def test_what_no_right_covers_ends_with_3(terminal: Terminal, committed_world: World, tmp_path: Path) -> None:
    with tenant_scope(committed_world.aozora.id):
        version = approved_version(committed_world).public_id
    photo = tmp_path / "bottle.png"
    photo.write_bytes(picture(640, "navy"))
    named = ["--brand", "Comet", "--name", "Comet bottle", "--word", "bottle"]
    reference = terminal.json("ref", "add", str(photo), *named)["id"]
    asked = ["generate", "--reference", reference, "--template", version, "--var", "place=on the beach"]
    done = terminal.run(*asked, "--lang", "ja")
    assert done.returncode == 3
    assert done.stdout == ""
    assert any(ord(c) > 0x3000 for c in done.stderr)
    done = terminal.run(*asked[:-1], "nonsense")
    assert done.returncode == 2


def test_what_is_not_there_in_time_ends_with_5(terminal: Terminal, committed_world: World, tmp_path: Path) -> None:
    with tenant_scope(committed_world.aozora.id):
        version = approved_version(committed_world).public_id
    photo = tmp_path / "bottle.png"
    photo.write_bytes(picture(640, "navy"))
    named = ["--brand", "Comet", "--name", "Comet bottle", "--word", "bottle", "--own-work"]
    reference = terminal.json("ref", "add", str(photo), *named)["id"]
    asked = ["--reference", reference, "--template", version, "--var", "place=on the beach"]
    done = terminal.run("generate", *asked, "--wait", "--timeout", "1")
    assert done.returncode == 5
    assert "not finished" in done.stderr


def test_mistakes_are_told_in_one_sentence(terminal: Terminal, tmp_path: Path) -> None:
    cases = [
        (terminal.run("whoami", IMPRIMATUR_API_KEY="imp_live_nonsense"), "not known"),
        (terminal.run("whoami", IMPRIMATUR_URL="http://127.0.0.1:9"), "./run"),
        (terminal.run("whoami", XDG_CONFIG_HOME=str(tmp_path / "nobody")), "login"),
        (terminal.run("login", typed="imp_live_nonsense\n"), "not known"),
    ]
    for done, sentence in cases:
        assert done.returncode == 1, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_the_doctor_says_what_to_do(terminal: Terminal, tmp_path: Path) -> None:
    findings = {f["name"]: f for f in terminal.json("doctor", code=1)}
    assert findings["server"]["holds"]
    assert findings["key"]["holds"]
    assert "approve" in findings["templates"]["found"]


def test_a_damaged_file_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "imprimatur").mkdir()
    (tmp_path / "imprimatur" / "login.json").write_text("{")
    with pytest.raises(CommandError, match="login again"):
        Kept.load()


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("IMPRIMATUR_API_KEY", raising=False)
    Kept(url="http://one", api_key="kept").save()
    monkeypatch.setenv("IMPRIMATUR_URL", "http://two")
    assert Kept.load() == Kept(url="http://two", api_key="kept")
