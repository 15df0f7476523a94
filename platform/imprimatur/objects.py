"""The control side's object store: every file is read with the digest its row promises.

Keys: `tenants/<tenant uuid>/<references|sketches|outputs|releases|evidence|withdrawals>/<id>/<name>`.
The same keys are used by the GPU workers.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import hmac
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.errors import DomainError


class ObjectMissing(DomainError):
    """No file has this key."""

    def __init__(self, key: str) -> None:
        sentence = _("The file is not in the store any more. Tell whoever runs this server.")
        super().__init__("object_missing", sentence, 404, key=key)


class DigestMismatch(DomainError):
    """The stored file is not the one that was written."""

    def __init__(self, key: str) -> None:
        sentence = _("The stored file was changed outside the product, so it is not shown.")
        super().__init__("digest_mismatch", sentence, 500, key=key)


class StoreFull(DomainError):
    """The disk (or quota) under the object store is full."""

    def __init__(self) -> None:
        sentence = _("The disk of the file store is full. Free some space, then try again.")
        super().__init__("store_full", sentence, 507)


@deconstructible
class FolderStorage(FileSystemStorage):
    """A folder, named by a file:// URL. A file appears whole or not at all, readable by its owner only."""

    def __init__(self, url: str) -> None:
        folder = unquote(urlsplit(url).path)
        super().__init__(location=folder, file_permissions_mode=0o600, directory_permissions_mode=0o700)

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, scratch = tempfile.mkstemp(dir=target.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(content.chunks())
                file.flush()
                os.fsync(file.fileno())
            Path(scratch).replace(target)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002 - Django's signature
        """Keys are ours: never renamed, replaced when written again."""
        return name


def put(key: str, data: bytes, mime: str = "application/octet-stream") -> str:
    """Store the bytes under the key and return their SHA-256 (hex). StoreFull when there is no room."""
    content = ContentFile(data)
    content.content_type = mime  # type: ignore[attr-defined]  # S3 storage reads it
    try:
        _store().save(key, content)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StoreFull from error
        raise
    return hashlib.sha256(data).hexdigest()


def get(key: str, sha256: str) -> bytes:
    """The bytes under the key. ObjectMissing, or DigestMismatch when they are not what was written."""
    data = read(key)
    if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), sha256):
        raise DigestMismatch(key)
    return data


def read(key: str) -> bytes:
    """The bytes under the key, for what proves itself otherwise (a worker's report). ObjectMissing without a file."""
    try:
        with _store().open(key) as file:
            return bytes(file.read())
    except (FileNotFoundError, SuspiciousFileOperation) as missing:
        raise ObjectMissing(key) from missing


def exists(key: str) -> bool:
    """Is there a file under the key?"""
    return _store().exists(key)


def delete(key: str) -> None:
    """Remove the file; nothing happens when there is none."""
    with contextlib.suppress(FileNotFoundError):
        _store().delete(key)


def _store() -> Storage:
    return storages["objects"]
