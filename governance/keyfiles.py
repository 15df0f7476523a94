"""Key files appear at once, complete and private, or not at all; two processes starting together agree on one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE, PUBLIC_FILE = 0o700, 0o600, 0o644


def private_folder(folder: Path) -> Path:
    """`folder`, made for its owner alone if it was missing."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    return folder


def write_private(path: Path, data: bytes) -> None:
    """Write a secret that is not there yet (0600); a file that another process wrote first stays."""
    temporary = _write_beside(path, data, PRIVATE_FILE)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def write_public(path: Path, data: bytes) -> None:
    """Write or replace a file that anybody may read (0644), unless it already holds these bytes."""
    if path.exists() and path.read_bytes() == data:
        return
    _write_beside(path, data, PUBLIC_FILE).replace(path)


def _write_beside(path: Path, data: bytes, mode: int) -> Path:
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(data)
    return Path(name)
