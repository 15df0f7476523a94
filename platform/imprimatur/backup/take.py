"""Take a backup: the database first, then the files that this state of it names.

Files are named by digest and never change, so whatever the dump names was written before, and stays as it is. Taking it
again into the same folder dumps the database anew and copies only what is not there yet.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from imprimatur import keys, objects
from imprimatur.audit import checkpoints
from imprimatur.backup.dump import snapshot
from imprimatur.backup.folder import DATABASE, KEYS, OBJECTS, BackupFolder
from imprimatur.backup.key_notes import development_keys, key_notes
from imprimatur.backup.promised import Promise
from imprimatur.tenants.errors import DomainError


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the backup holds. copied: of `files`, those that were not there before. missing: named and not found.

    digest: SHA-256 of backup.json, for whoever restores it.
    """

    files: int
    copied: int
    bytes: int
    missing: tuple[Promise, ...]
    digest: str = ""


def take(folder: BackupFolder, now: datetime, *, with_development_keys: bool = False) -> Taken:
    """Everything this installation has, into the folder. BackupUnusable when the database cannot be dumped whole."""
    folder.unfinish()
    with tempfile.TemporaryDirectory() as scratch, snapshot() as state:
        dumped = Path(scratch) / DATABASE
        state.dump(dumped)
        promised = {p.key: p for p in state.promises()}
        folder.write(DATABASE, dumped)
        of_database = _digest(dumped)
    taken, lines = _copy_files(folder, promised)
    listed = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    folder.write_bytes(OBJECTS, listed)
    others = dict([*_checkpoints(), *_keys(with_development_keys=with_development_keys)])
    for name, data in others.items():
        folder.write_bytes(name, data)
    digest = folder.finish(
        {
            "taken_at": now.isoformat(),
            "version": version("imprimatur"),
            "sealed": folder.seal is not None,
            "database": {"file": DATABASE, "sha256": of_database},
            "others": {name: hashlib.sha256(data).hexdigest() for name, data in others.items()},
            "objects": {"count": taken.files, "bytes": taken.bytes, "sha256": hashlib.sha256(listed).hexdigest()},
            "missing": [{"owner": p.owner, "part": p.part, "key": p.key} for p in taken.missing],
            "development_keys": with_development_keys,
        }
    )
    return replace(taken, digest=digest)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copy_files(folder: BackupFolder, promised: dict[str, Promise]) -> tuple[Taken, list[dict[str, Any]]]:
    lines, missing, copied, size = [], [], 0, 0
    for key, promise in sorted(promised.items()):
        name = f"objects/{key}"
        if not folder.holds(name, promise.sha256):
            try:
                folder.write_bytes(name, objects.get(key, promise.sha256))
            except DomainError:
                missing.append(promise)
                continue
            copied += 1
        lines.append({"key": key, "sha256": promise.sha256})
        size += folder.place(name).stat().st_size
    return Taken(files=len(lines), copied=copied, bytes=size, missing=tuple(missing)), lines


def _checkpoints() -> Iterator[tuple[str, bytes]]:
    for tenant_id, _ in checkpoints.ends():
        for name, data in checkpoints.files(tenant_id):
            yield f"checkpoints/{tenant_id}/{name}", data


def _keys(*, with_development_keys: bool) -> Iterator[tuple[str, bytes]]:
    yield KEYS, json.dumps(key_notes(), indent=1).encode()
    yield "public/anchors.pem", keys.trust_anchors().encode()
    yield "public/checkpoint.pub.pem", checkpoints.public_key_pem()
    for name, data in (development_keys() if with_development_keys else {}).items():
        yield f"development-keys/{name}", data
