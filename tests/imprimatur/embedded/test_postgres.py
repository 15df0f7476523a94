"""Our own Postgres: set up once, never lost, never confused with another installation's."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from imprimatur.embedded.postgres import (
    START_SECONDS,
    Postgres,
    PostgresFailed,
    _copied,
    _installed,
    free_port,
    leftover_pid,
    runs_as_root,
)

pytestmark = pytest.mark.slow
FIRST = "first-password"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: as root its parents are closed to the unprivileged user of Postgres."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-postgres-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def server_on(folder: Path, password: str = FIRST) -> Postgres:
    return Postgres(folder / "postgres", free_port(), password, log=folder / "postgres.log")


def test_it_runs_unprivileged_on_loopback_and_asks_for_a_password(folder: Path) -> None:
    server = server_on(folder)
    server.set_up()
    server.start()
    try:
        assert server.process is not None
        assert not runs_as_root() or Path(f"/proc/{server.process.pid}").stat().st_uid != 0
        with psycopg.connect(server.url("postgres", server.password, "postgres")) as session:
            assert session.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
            assert session.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url("postgres", "guess", "postgres"))
        assert server.data.stat().st_mode & 0o077 == 0
        assert not (server.folder / "password").exists()
    finally:
        server.stop()


def test_a_half_made_folder_is_made_anew(folder: Path) -> None:
    server = server_on(folder)
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("18")
    (server.folder / "incomplete").touch()
    assert server.set_up() is None
    server.start()
    server.stop()


def test_a_database_of_lost_secrets_is_set_aside_not_deleted(folder: Path) -> None:
    server_on(folder).set_up()
    aside = server_on(folder, "another-password").set_up()
    assert aside is not None
    assert (aside / "data" / "PG_VERSION").exists()
    again = server_on(folder, "another-password")
    assert again.set_up() is None
    again.start()
    again.stop()


def test_wrong_secrets_are_said_at_once(folder: Path) -> None:
    server_on(folder).set_up()
    wrong = server_on(folder, "another-password")
    started = time.monotonic()
    with pytest.raises(PostgresFailed, match="other secrets"):
        wrong.start()
    wrong.stop()
    assert time.monotonic() - started < START_SECONDS


def test_a_server_left_behind_is_stopped_and_its_data_kept(folder: Path) -> None:
    first = server_on(folder)
    first.set_up()
    first.start()
    with psycopg.connect(first.url("postgres", first.password, "postgres"), autocommit=True) as session:
        session.execute("CREATE TABLE kept (n int)")
    assert first.process is not None
    assert leftover_pid(first.data) == first.process.pid
    second = server_on(folder)
    second.start()
    try:
        assert first.process.wait(START_SECONDS) == 0
        with psycopg.connect(second.url("postgres", second.password, "postgres")) as session:
            session.execute("SELECT * FROM kept")
    finally:
        second.stop()


def test_a_pid_file_of_another_program_harms_nobody(folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as innocent:
        (folder / "postmaster.pid").write_text(f"{innocent.pid}\n")
        assert leftover_pid(folder) is None
        assert innocent.poll() is None
        os.kill(innocent.pid, signal.SIGKILL)


def test_missing_binaries_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imprimatur.embedded.postgres.WHEEL", "there_is_no_such_wheel")
    with pytest.raises(PostgresFailed, match="pip install"):
        server_on(folder).set_up()


def test_binaries_behind_a_closed_folder_are_copied_in_their_layout(folder: Path) -> None:
    copied = _copied(_installed(), folder)
    assert copied.is_relative_to(folder)
    found = subprocess.run([copied / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("postgres (PostgreSQL)")
    assert _copied(_installed(), folder) == copied
