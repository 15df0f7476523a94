"""Starts everything in order, keeps it alive, and stops it in order: Postgres first up and last down."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from types import FrameType
from typing import Final, TextIO

from governance.pki import ensure_development_chain
from governance.worker_keys import ensure_worker_keys
from imprimatur.embedded.children import PAUSES, Child, keep_small
from imprimatur.embedded.database import Addresses, demo_people
from imprimatur.embedded.home import CannotStart, Home, free_bytes, port_is_free, write_whole
from imprimatur.embedded.postgres import Postgres, PostgresFailed
from imprimatur.embedded.stack import Settings, children, database_addresses, embedded_postgres, manage

READY_SECONDS: Final = 180.0
STOP_SECONDS: Final = 5.0
LOOK_EVERY: Final = 0.25
LOW_SPACE_BYTES: Final = 200 * 2**20


class Stopped(BaseException):
    """SIGTERM or Ctrl-C."""


class Supervisor:
    """One start of the product. `say` prints a line for whoever started it."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.home: Home = settings.home
        self.say = say
        self.postgres: Postgres | None = None
        self.children: list[Child] = []
        self.postgres_failures = 0
        self.postgres_next = 0.0
        self.space_warned = False

    def run(self) -> None:
        """Start, keep alive until a signal comes, stop. CannotStart when it does not come up."""
        secrets = self.home.prepare()
        with only_one(self.home), _signals():
            try:
                addresses = self.home.guarded(lambda: self.start(secrets))
                self.greet(secrets, addresses)
                self.watch()
            except Stopped:
                self.say("Stopping.")
            except PostgresFailed as failed:
                raise CannotStart(self.explain(failed)) from failed
            finally:
                self.stop()

    def start(self, secrets: dict[str, str]) -> Addresses:
        """Database, migrations, demo companies, processes; return when the pages answer."""
        if not port_is_free(self.settings.host, self.settings.port):
            raise CannotStart(taken(self.settings))
        self.postgres = embedded_postgres(self.home, secrets)
        if self.postgres is not None:
            with self.step("Database"):
                if aside := self.postgres.set_up():
                    self.say(f"The database of an earlier installation was set aside: {aside}")
                self.postgres.start()
                self.note_processes()
        addresses = database_addresses(self.postgres, secrets)
        with self.step("Tables"):
            self.command(addresses.owner, "migrate", "--no-input")
        with self.step("Demo companies"):
            self.command(addresses.app, "seed_demo")
        with self.step("Keys"):
            self.make_keys()
        with self.step("Web server and workers"):
            self.children = children(self.settings, addresses)
            for child in self.children:
                child.start()
            self.note_processes()
            self.wait_until_ready()
        write_whole(self.home.url_file, self.settings.url)
        return addresses

    def greet(self, secrets: dict[str, str], addresses: Addresses) -> None:
        """The address and who can sign in."""
        self.say(f"\nImprimatur is ready: {self.settings.url}\n")
        people = demo_people(addresses)
        if people:
            self.say(f"Sign in as one of these; the password of all is  {secrets['demo_password']}")
            for company, members in groupby(people, key=itemgetter(0)):
                self.say(f"  {company}")
                for _, email, roles in members:
                    self.say(f"    {email:<32} {roles}")
        self.say(f"\nStop with Ctrl-C. Logs: {self.home.logs}")

    def watch(self) -> None:
        """Start again what ended, for ever. Ends by Stopped."""
        while True:
            self.keep_postgres()
            for child in self.children:
                if child.keep_alive():
                    self.say(f"{child.name} had ended and was started again; see {child.log}")
                    self.note_processes()
            self.warn_of_low_space()
            self.keep_logs_small()
            time.sleep(LOOK_EVERY)

    def keep_logs_small(self) -> None:
        """A process that runs for months writes for months."""
        logs = [child.log for child in self.children]
        if self.postgres is not None and self.postgres.log is not None:
            logs.append(self.postgres.log)
        for log in logs:
            keep_small(log)

    def keep_postgres(self) -> None:
        """Start the database again if it ended; its data survives."""
        server = self.postgres
        if server is None or server.process is None or server.process.poll() is None:
            return
        if time.monotonic() < self.postgres_next:
            return
        try:
            server.start()
        except PostgresFailed as failed:
            self.postgres_next = time.monotonic() + PAUSES[min(self.postgres_failures, len(PAUSES) - 1)]
            self.postgres_failures += 1
            self.say(self.explain(failed))
            return
        self.postgres_failures = 0
        self.say("The database had ended and was started again.")
        self.note_processes()

    def stop(self) -> None:
        """All processes at once, then the database: nobody loses a connection mid-work."""
        self.home.url_file.unlink(missing_ok=True)
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.make_stop(deadline)
        if self.postgres is not None:
            self.postgres.stop()
        (self.home.run / "children.json").unlink(missing_ok=True)

    def wait_until_ready(self) -> None:
        """Return when /readyz says so; CannotStart with the log's end when the web server does not come up."""
        web = self.children[0]
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and web.pid is not None:
            if answers(f"{self.settings.url}/readyz"):
                return
            time.sleep(0.1)
        raise CannotStart(f"The web server does not start; the end of {web.log}:\n{web.log_end()}")

    def make_keys(self) -> None:
        """The workers need what lies in HOME/worker, the control side what lies in HOME/pki, before they start."""
        ensure_worker_keys(self.home.path / "worker", self.home.path / "pki")
        if not os.environ.get("IMPRIMATUR_SIGNER_KEY"):
            ensure_development_chain(self.home.path / "pki")

    def command(self, database_url: str, *arguments: str) -> None:
        """One of Django's commands, or CannotStart with what it said."""
        done = manage(self.home, database_url, *arguments)
        if done.returncode != 0:
            raise CannotStart(f"manage.py {arguments[0]} failed:\n{(done.stderr or done.stdout).strip()[-1500:]}")

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say how long a step took."""
        started = time.monotonic()
        yield
        self.say(f"  {what:<24} {time.monotonic() - started:5.1f} s")

    def explain(self, failed: PostgresFailed) -> str:
        """A full disk is the usual reason why a database does not start."""
        if free_bytes(self.home.postgres.parent) < 2**20 or "No space left" in str(failed):
            return f"The disk is full at {self.home.postgres}: free some space, then start again."
        return str(failed)

    def warn_of_low_space(self) -> None:
        """Once, before the disk is full."""
        low = min(free_bytes(self.home.path), free_bytes(self.home.postgres)) < LOW_SPACE_BYTES
        if low and not self.space_warned:
            self.say(f"The disk of {self.home.path} is nearly full: pictures will fail until some space is freed.")
        self.space_warned = low

    def note_processes(self) -> None:
        """Who runs, for `ps`-like questions and for tests."""
        ids = {child.name: child.pid for child in self.children}
        if self.postgres is not None and self.postgres.process is not None:
            ids["postgres"] = self.postgres.process.pid
        write_whole(self.home.run / "children.json", json.dumps(ids))


@contextlib.contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the folder's lock; CannotStart when the product runs on it already."""
    path = home.run / "lock"
    file = home.guarded(lambda: path.open("a+"))
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise CannotStart(already_running(home, file)) from held
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def already_running(home: Home, lock: TextIO) -> str:
    """The sentence for a second start on one folder."""
    lock.seek(0)
    where = f" at {home.url_file.read_text()}" if home.url_file.exists() else ""
    return f"Imprimatur is already running{where} (process {lock.read().strip()}): open that, or stop it first."


def taken(settings: Settings) -> str:
    """The sentence for a port that another program holds."""
    other = next(p for p in range(settings.port + 1, 65536) if port_is_free(settings.host, p))
    return f"Port {settings.port} is taken by another program: try  IMPRIMATUR_PORT={other} ./run"


def answers(url: str) -> bool:
    """Does it answer 200?"""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """The first SIGTERM, SIGINT or SIGHUP becomes Stopped; later ones change nothing, stopping goes on."""
    stopping = False

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        nonlocal stopping
        if not stopping:
            stopping = True
            raise Stopped

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def console(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
