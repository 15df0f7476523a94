"""Files by key, on whatever fsspec reaches. A file is whole or absent, and is read with the digest it was named by."""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import fsspec

from gpu_worker.messages import StoredObject
from gpu_worker.outcomes import Failed, Refused

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ObjectStore:
    """The store under a URL: `file:///var/objects`, `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        """Nothing is touched yet."""
        self._files, root = fsspec.core.url_to_fs(url)
        self._root = root.rstrip("/")
        self._is_local = "file" in _protocols(self._files)

    def get(self, stored: StoredObject) -> bytes:
        """The file's bytes. Raises Failed (reference_missing, store_failed) or Refused (reference_altered)."""
        try:
            data = bytes(self._files.cat_file(self._path(stored.key)))
        except FileNotFoundError as error:
            raise Failed("reference_missing", f"{stored.key} is not in the store: upload it again") from error
        except OSError as error:
            raise Failed("store_failed", f"the store cannot be read ({error}): try again") from error
        if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), stored.sha256):
            raise Refused("reference_altered", f"{stored.key} is not the file that was ordered: upload it again")
        return data

    def put(self, key: str, data: bytes, mime: str) -> StoredObject:
        """Write, read back, and name by digest. Raises Failed (store_full, store_failed); leaves no half file."""
        path = self._path(key)
        try:
            self._write(path, data)
            written = bytes(self._files.cat_file(path))
        except OSError as error:
            raise _no_room(error) or Failed("store_failed", f"the store takes no files ({error}): try again") from error
        digest = hashlib.sha256(data).hexdigest()
        if hashlib.sha256(written).hexdigest() != digest:
            raise Failed("store_failed", f"the store gave back other bytes for {key}: check the disk")
        return StoredObject(key=key, sha256=digest, mime=mime)

    def _write(self, path: str, data: bytes) -> None:
        """Remote stores show an object once it is complete; a local file is renamed into place."""
        if self._is_local:
            _write_local(Path(path), data)
        else:
            self._files.pipe_file(path, data)

    def _path(self, key: str) -> str:
        parts = key.split("/")
        if not key or any(part in ("", ".", "..") for part in parts):
            raise Refused("order_invalid", f"{key!r} is no key of the store")
        return f"{self._root}/{key}"


def _write_local(path: Path, data: bytes) -> None:
    """Readable by its owner only, and on the disk before it has its name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def _no_room(error: OSError) -> Failed | None:
    if error.errno not in _NO_ROOM:
        return None
    return Failed("store_full", "the store is full: make room, then try again")
