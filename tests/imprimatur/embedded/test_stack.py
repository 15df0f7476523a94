"""The whole product as its users start it: processes die, signals come, ports are taken, disks are full."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imprimatur.embedded.postgres import free_port

ROOT = Path(__file__).resolve().parents[3]
pytestmark = [pytest.mark.stack, pytest.mark.slow, pytest.mark.timeout(900)]
PATIENCE = 400.0


class Stack:
    """One `python -m imprimatur.embedded start` (what `./run` becomes) on its own folder and port."""

    def __init__(self, home: Path, postgres: Path) -> None:
        self.home, self.port = home, free_port()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("IMPRIMATUR_")}
        self.environment = {
            **kept,
            "IMPRIMATUR_HOME": str(home),
            "IMPRIMATUR_POSTGRES_FOLDER": str(postgres),
            "IMPRIMATUR_PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
            "DJANGO_SETTINGS_MODULE": "imprimatur.settings",
        }
        self.output = home.parent / f"{home.name}.out"

    def start(self) -> None:
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "imprimatur.embedded", "start"],
                cwd=ROOT, env=self.environment, stdout=out, stderr=out,
            )  # fmt: skip
        wait_for(lambda: "Stop with Ctrl-C" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def pids(self) -> dict[str, int]:
        return dict(json.loads((self.home / "run" / "children.json").read_text()))

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> float:
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.monotonic() - started


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    return False


def attempt(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "imprimatur.embedded", *(arguments or ("start",))]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not pytest's own: as root its parents are closed to the unprivileged user of Postgres."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-stack-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    running = Stack(folder / "home", folder / "postgres")
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


def test_it_says_where_it_is_and_who_may_sign_in(stack: Stack) -> None:
    assert f"Imprimatur is ready: http://127.0.0.1:{stack.port}" in stack.said()
    password = json.loads((stack.home / "secrets.json").read_text())["demo_password"]
    assert password in stack.said()
    assert stack.said().count(".example") >= 10


def test_secrets_are_for_their_owner_only(stack: Stack) -> None:
    assert (stack.home / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert (stack.home / "objects").stat().st_mode & 0o777 == 0o700
    assert (stack.home / "broker").stat().st_mode & 0o777 == 0o700


def test_the_gpu_worker_is_given_no_database(stack: Stack) -> None:
    environment = Path(f"/proc/{stack.pids()['gpu_worker']}/environ").read_bytes()
    assert b"DATABASE_URL" not in environment


def test_the_web_server_runs_as_the_apps_role_only(stack: Stack) -> None:
    environment = Path(f"/proc/{stack.pids()['web']}/environ").read_bytes()
    assert b"postgresql://imprimatur_app:" in environment
    assert b"imprimatur_owner" not in environment


def test_a_second_start_says_that_it_runs_already(stack: Stack) -> None:
    done = attempt(stack.environment)
    assert done.returncode == 1
    assert "already running at http://127.0.0.1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_named_with_a_free_one(stack: Stack, folder: Path) -> None:
    other = {**stack.environment, "IMPRIMATUR_HOME": str(folder / "other")}
    done = attempt(other)
    assert done.returncode == 1
    assert f"Port {stack.port} is taken by another program: try  IMPRIMATUR_PORT=" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_manage_command_finds_the_running_database(stack: Stack) -> None:
    done = attempt(stack.environment, "manage", "showmigrations", "--plan", "audit")
    assert done.returncode == 0, done.stderr
    assert "[X]  audit.0002_append_only_chain" in done.stdout


@pytest.mark.parametrize("name", ["web", "control", "gpu_worker", "signer"])
def test_a_killed_process_is_started_again(stack: Stack, name: str) -> None:
    killed = stack.pids()[name]
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: stack.pids()[name] not in {killed, None})
    wait_for(stack.ready)
    assert f"{name} had ended and was started again" in stack.said()


def test_a_killed_database_recovers_with_its_data(stack: Stack) -> None:
    killed = stack.pids()["postgres"]
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: stack.pids()["postgres"] != killed)
    wait_for(stack.ready)
    done = attempt(stack.environment, "manage", "showmigrations", "--plan", "audit")
    assert "[X]  audit.0002_append_only_chain" in done.stdout


def test_killing_the_supervisor_leaves_nothing_behind_and_the_next_start_works(stack: Stack) -> None:
    pids = stack.pids()
    stack.process.kill()
    stack.process.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids.values()))
    (stack.home / "run" / "url").unlink()
    stack.start()
    wait_for(stack.ready)


def test_a_signal_stops_everything_within_seconds(stack: Stack) -> None:
    pids = stack.pids()
    seconds = stack.stop()
    assert stack.process.returncode == 0, stack.said()
    assert not [name for name, pid in pids.items() if alive(pid)]
    assert seconds < 60
    assert not (stack.home / "run" / "url").exists()
    assert "database system is shut down" in (stack.home / "logs" / "postgres.log").read_text()


def test_ctrl_c_during_the_start_leaves_nothing_behind(folder: Path) -> None:
    early = Stack(folder / "home", folder / "postgres")
    with early.output.open("wb") as out:
        early.process = subprocess.Popen(
            [sys.executable, "-m", "imprimatur.embedded", "start"],
            cwd=ROOT, env=early.environment, stdout=out, stderr=out,
        )  # fmt: skip
    wait_for(lambda: "Database" in early.said() or early.process.poll() is not None)
    early.process.send_signal(signal.SIGINT)
    assert early.process.wait(PATIENCE) == 0, early.said()
    assert not (folder / "postgres" / "data" / "postmaster.pid").exists()


def test_a_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    blocked = folder / "a-file"
    blocked.touch()
    done = attempt(Stack(blocked, folder / "nowhere").environment)
    assert done.returncode == 1
    assert "cannot be written: give this user the right to, or set IMPRIMATUR_HOME" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_none_is_named(folder: Path) -> None:
    done = attempt({**Stack(folder / "home", folder / "postgres").environment, "IMPRIMATUR_PORT": "web"})
    assert done.stderr == "imprimatur: IMPRIMATUR_PORT is 'web': give a number from 1 to 65535.\n"
