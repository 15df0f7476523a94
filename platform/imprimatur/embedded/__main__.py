"""`python -m imprimatur.embedded start | manage ... | demo ...`: what `./run` does once the packages are installed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from imprimatur.embedded.database import Addresses
from imprimatur.embedded.home import CannotStart, Home
from imprimatur.embedded.postgres import Postgres, PostgresFailed
from imprimatur.embedded.stack import (
    ROOT,
    Settings,
    database_addresses,
    embedded_postgres,
    environment,
    manage,
)
from imprimatur.embedded.supervisor import Supervisor, console, only_one

# Commands that change tables need the owner; everything else runs as the product does.
_OWNERS_COMMANDS: Final = {"migrate", "makemigrations", "sqlmigrate", "dbshell", "flush"}
# A backup holds every company's rows, which row-level security shows to the superuser alone.
_SUPERUSERS_COMMANDS: Final = {"back_up", "restore"}
_START_SECONDS: Final = 180.0


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, the command's own, or 1 with one sentence on stderr."""
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("start", [])
    try:
        return {"start": start, "manage": run_manage, "demo": run_demo}[name](rest)
    except (CannotStart, PostgresFailed) as reason:
        sys.stderr.write(f"imprimatur: {reason}\n")
        return 1


def start(_: list[str]) -> int:
    """Everything, until a signal."""
    Supervisor(Settings.from_environment(), console).run()
    return 0


def run_manage(arguments: list[str]) -> int:
    """One of Django's commands; the database is started for it when the product does not run."""
    settings = Settings.from_environment()
    secrets = settings.home.prepare()
    with _database(settings.home, secrets) as server:
        addresses = database_addresses(server, secrets)
        url = _address_for(arguments[0] if arguments else "", addresses)
        if server is not None:
            os.environ["IMPRIMATUR_POSTGRES_PROGRAMS"] = str(Path(server.binary("pg_dump")).parent)
        return manage(settings.home, url, *arguments, quiet=False).returncode


def _address_for(command: str, addresses: Addresses) -> str:
    """Without a superuser of ours the configured address is taken: backups say if it sees too little."""
    if command in _SUPERUSERS_COMMANDS:
        return addresses.superuser or os.environ["IMPRIMATUR_DATABASE_URL"]
    return addresses.owner if command in _OWNERS_COMMANDS else addresses.app


def run_demo(arguments: list[str]) -> int:
    """The main job without hands, on the product that runs here, or on one started for it."""
    settings = Settings.from_environment()
    if "--url" in arguments or any(a.startswith("--url=") for a in arguments):
        return _demo(settings.home, arguments)
    with _running(settings) as url:
        return _demo(settings.home, [*arguments, "--url", url])


def _demo(home: Home, arguments: list[str]) -> int:
    command = [sys.executable, "-m", "imprimatur_cli.demo", *arguments]
    return subprocess.run(command, check=False, env=environment(home)).returncode  # noqa: S603 - our own command


@contextlib.contextmanager
def _running(settings: Settings) -> Iterator[str]:
    """The address of the product on this folder; started, and stopped afterwards, when it does not run."""
    url_file = settings.home.url_file
    if url_file.exists() and _is_locked(settings.home):
        yield url_file.read_text()
        return
    url_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "imprimatur.embedded", "start"]
    process = subprocess.Popen(command, cwd=ROOT, env=_own_environment(), stdout=sys.stderr)  # noqa: S603 - our own
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not url_file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart("The product did not start; the lines above say why.")
            time.sleep(0.2)
        yield url_file.read_text()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def _database(home: Home, secrets: dict[str, str]) -> Iterator[Postgres | None]:
    """The running product's database, or one started for this command alone."""
    if _is_locked(home):
        port = int((home.run / "postgres.port").read_text()) if (home.run / "postgres.port").exists() else 0
        yield Postgres(home.postgres, port, secrets["postgres_password"]) if port else None
        return
    with only_one(home):
        server = embedded_postgres(home, secrets)
        if server is None:
            yield None
            return
        server.set_up()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _is_locked(home: Home) -> bool:
    if not (home.run / "lock").exists():
        return False
    try:
        with only_one(home):
            return False
    except CannotStart:
        return True


def _own_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")])}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
