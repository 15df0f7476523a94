"""One folder holds everything of this installation: files, keys, secrets, logs, and (unless root) the database."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from imprimatur.embedded.postgres import free_port, runs_as_root

MINIMUM_FREE_BYTES: Final = 512 * 2**20
_WORDS: Final = 4
_GENERATED: Final[dict[str, Callable[[], str]]] = {
    "secret_key": lambda: secrets.token_urlsafe(48),
    "demo_password": lambda: "-".join(secrets.token_hex(2) for _ in range(_WORDS)),
    "postgres_password": lambda: secrets.token_urlsafe(24),
    "owner_password": lambda: secrets.token_urlsafe(24),
    "app_password": lambda: secrets.token_urlsafe(24),
}
_FOLDERS: Final = ("objects", "broker", "pki", "worker", "logs", "run", "mail")

Result = TypeVar("Result")


class CannotStart(RuntimeError):
    """The message is one sentence that says what is wrong and what to do."""


@dataclass(frozen=True)
class Home:
    """The folder and what lies where in it."""

    path: Path

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Lock, address and process ids while the product runs."""
        return self.path / "run"

    @property
    def url_file(self) -> Path:
        """Holds the address while the product answers."""
        return self.run / "url"

    @property
    def postgres(self) -> Path:
        """The database's folder. As root it lies where the unprivileged user of Postgres gets to."""
        if named := os.environ.get("IMPRIMATUR_POSTGRES_FOLDER"):
            return Path(named)
        if not runs_as_root():
            return self.path / "postgres"
        return Path("/var/lib/imprimatur") / hashlib.sha256(str(self.path).encode()).hexdigest()[:16]

    def prepare(self) -> dict[str, str]:
        """Make the folders and, once, the secrets; return the secrets. CannotStart when that is impossible."""
        return self.guarded(self._prepare)

    def guarded(self, work: Callable[[], Result]) -> Result:
        """Run `work`; a full disk or a folder that cannot be written becomes one clear sentence."""
        try:
            return work()
        except OSError as error:
            raise CannotStart(self.sentence(error)) from error

    def sentence(self, error: OSError) -> str:
        """What an operating-system error means for whoever starts the product."""
        where = error.filename or self.path
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            return f"The disk is full at {where}: free some space, then start again."
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            return f"{where} cannot be written: give this user the right to, or set IMPRIMATUR_HOME to another folder."
        return f"{where}: {error.strerror}."

    def postgres_port(self) -> int:
        """The port of last time while it is free, else a new one."""
        file = self.run / "postgres.port"
        known = int(file.read_text()) if file.exists() else 0
        port = known if known and port_is_free("127.0.0.1", known) else free_port()
        file.write_text(str(port))
        return port

    def _prepare(self) -> dict[str, str]:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        _require_space(self.path)
        for name in _FOLDERS:
            (self.path / name).mkdir(exist_ok=True, mode=0o700)
        self.postgres.parent.mkdir(parents=True, exist_ok=True)
        _require_space(self.postgres.parent)
        return _secrets(self.path / "secrets.json")


def port_is_free(host: str, port: int) -> bool:
    """Could we listen there at this moment?"""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def write_whole(path: Path, text: str) -> None:
    """Whoever reads the file sees the old text or the new one, never half of it."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text)
    scratch.replace(path)


def free_bytes(folder: Path) -> int:
    """Room on the folder's disk."""
    return shutil.disk_usage(folder).free


def _require_space(folder: Path) -> None:
    free = free_bytes(folder)
    if free < MINIMUM_FREE_BYTES:
        needed = MINIMUM_FREE_BYTES // 2**20
        raise CannotStart(
            f"The disk is full at {folder}: {free // 2**20} MB are free and {needed} MB are needed; free some space."
        )


def _secrets(file: Path) -> dict[str, str]:
    """Read the secrets; make those that are missing. The file is replaced whole and readable by its owner only."""
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in _GENERATED if name not in known]
    if missing:
        known |= {name: _GENERATED[name]() for name in missing}
        scratch = file.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(known, out, indent=1)
        scratch.replace(file)
    return known
