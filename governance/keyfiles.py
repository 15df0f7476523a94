"""Key files appear at once, complete and private, or not at all; processes that start together agree on one."""

from __future__ import annotations

import base64
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE, PUBLIC_FILE = 0o700, 0o600, 0o644


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Make `folder` for its owner alone if it is missing, and hold it against other processes meanwhile."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def kept_key(path: Path, size: int) -> str:
    """What is in the file, which is made on first use: one random key of `size` bytes, in base64."""
    with exclusive(path.parent):
        if not path.exists():
            write_private(path, base64.b64encode(os.urandom(size)) + b"\n")
        return path.read_text()


def write_private(path: Path, data: bytes) -> None:
    """Write or replace a secret (0600); readers see the old file or the new one, never half of it."""
    _write(path, data, PRIVATE_FILE)


def write_public(path: Path, data: bytes) -> None:
    """Write or replace a file that anybody may read (0644)."""
    _write(path, data, PUBLIC_FILE)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(data)
    Path(name).replace(path)
