"""`./run` before anything is installed: which Python, what is installed when, and one sentence when it cannot."""

import importlib.machinery
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[3]


class Version(NamedTuple):
    major: int
    minor: int


@pytest.fixture
def run() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("run_script", str(ROOT / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def test_help_needs_nothing_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "run", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "./run demo" in done.stdout


def test_an_unknown_command_is_named() -> None:
    done = subprocess.run([sys.executable, "run", "fly"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "imprimatur: there is no `./run fly`: see ./run --help.\n")


def test_a_python_that_is_too_old_is_named(run: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(run.sys, "version_info", Version(3, 9))
    monkeypatch.setattr(run.sys, "version", "3.9.18 (main)")
    monkeypatch.setattr(run.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit):
        run.require_python()
    assert capsys.readouterr().err == "imprimatur: Python 3.9.18 is too old: install Python 3.11 or newer.\n"


def test_a_newer_python_on_the_path_is_used_instead(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.sys, "version_info", Version(3, 9))
    monkeypatch.setattr(run.shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(run, "works", lambda path: path.endswith("3.12"))
    started: list[Any] = []

    def execv(path: str, command: list[str]) -> None:
        started.append((path, command[1]))
        raise SystemExit

    monkeypatch.setattr(run.os, "execv", execv)
    with pytest.raises(SystemExit):
        run.require_python()
    assert started == [("/opt/python3.12", str(ROOT / "run"))]


@pytest.fixture
def fresh(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """An environment of our own in which nothing is really installed; the commands that would be are listed."""
    commands: list[list[str]] = []
    (tmp_path / "bin").mkdir()
    monkeypatch.setattr(run, "VENV", str(tmp_path))
    monkeypatch.setattr(run, "STAMP", str(tmp_path / "stamp.json"))
    monkeypatch.setattr(run, "call", lambda command, what: commands.append(command))
    return commands


def test_packages_are_installed_once(run: Any, fresh: list[list[str]]) -> None:
    run.install(["worker", "embedded"])
    assert fresh[-1][-4:] == ["-c", "constraints.txt", "-e", ".[embedded,worker]"]
    before = len(fresh)
    run.install(["worker", "embedded"])
    run.install(["embedded"])
    assert len(fresh) == before


def test_more_extras_are_added_to_those_that_are_there(run: Any, fresh: list[list[str]]) -> None:
    run.install(["worker", "embedded"])
    run.install(["dev"])
    assert fresh[-1][-1] == ".[dev,embedded,worker]"


def test_changed_pins_are_installed_again(run: Any, fresh: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    run.install(["worker"])
    before = len(fresh)
    monkeypatch.setattr(run, "digest", lambda: "other")
    run.install(["worker"])
    assert len(fresh) > before
    assert json.loads(Path(run.STAMP).read_text())["digest"] == "other"


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: No space left on device", "the disk is full"),
        ("PermissionError: Permission denied: '.venv'", "cannot be written"),
        ("no matching distribution", "the packages cannot be installed; the lines above say why."),
    ],
)
def test_a_failed_installation_says_why(run: Any, capsys: Any, output: str, sentence: str) -> None:
    with pytest.raises(SystemExit):
        run.call([sys.executable, "-c", f"print({output!r}); raise SystemExit(1)"], "the packages cannot be installed")
    assert sentence in capsys.readouterr().err


def test_everything_that_is_installed_is_pinned() -> None:
    pins = {
        line.partition("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()
    }
    code = "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; "
    code += "print(*p['dependencies'], *sum(p['optional-dependencies'].values(), []), sep='\\n')"
    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {re.split(r"[\[<>=!~ ]", line)[0].lower().replace("_", "-") for line in listed.split("\n") if line}
    assert named - pins == {"imprimatur"}  # an extra may include another of our own
