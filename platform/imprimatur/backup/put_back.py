"""Put a backup back into a fresh installation: files, checkpoints, keys, and last of all the database.

Whoever could write to the backup's folder could put their own keys and rows into it. So it must be proven first, by its
digest or by its seal, and every file has the digest that backup.json gives it.

The database comes last, so that a restore that was interrupted can be started again: until then nothing names a file.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.utils import timezone

from governance.keyfiles import write_private
from imprimatur import objects
from imprimatur.backup import dump, other_keys
from imprimatur.backup.folder import DATABASE, OBJECTS, BackupFolder, BackupUnusable
from imprimatur.backup.key_notes import OF_THE_DATABASE
from imprimatur.backup.other_keys import Choice
from imprimatur.environment import SECRETS_FILE

_KEYS, _CHECKPOINTS = "development-keys/", "checkpoints/"


UNPROVEN: Final = (
    "Nothing proves that this is the backup you took: whoever could write to its folder may have put their own keys "
    "and data into it. Give the SHA-256 that back_up said (--digest), or restore it all the same (--unproven)."
)


@dataclass(frozen=True, kw_only=True)
class PutBack:
    """How many files are back, and where keys lie now that lay in the backup's place."""

    files: int
    set_aside: tuple[Path, ...] = ()


def put_back(folder: BackupFolder, digest: str = "", *, unproven: bool = False, keys: Choice = "") -> PutBack:
    """Restore everything. BackupUnusable, and the database untouched, when something is not right.

    digest: SHA-256 of backup.json as it was said when it was taken. unproven: do without digest and seal.
    keys: what becomes of other keys than the backup's that lie here; "": they are a reason to stop.
    """
    manifest = folder.manifest()
    if not folder.prove(digest) and not unproven:
        raise BackupUnusable(UNPROVEN)
    others = _others(folder, manifest)
    of_keys = {name.removeprefix(_KEYS): data for name, data in others.items() if name.startswith(_KEYS)}
    strangers = other_keys.others(of_keys)
    other_keys.require_choice(strangers, keys)
    _check_checkpoints(others)
    if not dump.is_empty():
        raise BackupUnusable("The database holds tables already: restore into a fresh installation.")
    with tempfile.TemporaryDirectory() as scratch:
        dumped = Path(scratch) / DATABASE
        folder.read(DATABASE, dumped)
        _require(dumped.read_bytes(), manifest["database"]["sha256"], DATABASE)
        count = sum(1 for _ in _put_files(folder, manifest))
        _put_checkpoints(others)
        aside = other_keys.set_aside(timezone.now()) if strangers and keys == "set-aside" else []
        if not (strangers and keys == "keep"):
            _put_keys(of_keys)
        dump.restore(dumped)
    return PutBack(files=count, set_aside=tuple(aside))


def _others(folder: BackupFolder, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Checkpoints and keys, each as backup.json knows it; what else lies in the folder is of an earlier backup."""
    found = {}
    for name, sha256 in manifest["others"].items():
        found[name] = folder.read_bytes(name)
        _require(found[name], sha256, name)
    return found


def _put_files(folder: BackupFolder, manifest: dict[str, Any]) -> Iterator[str]:
    listed = folder.read_bytes(OBJECTS)
    _require(listed, manifest["objects"]["sha256"], OBJECTS)
    for line in listed.splitlines():
        said = json.loads(line)
        data = folder.read_bytes(f"objects/{said['key']}")
        _require(data, said["sha256"], said["key"])
        objects.put(said["key"], data)
        yield said["key"]


def _check_checkpoints(others: dict[str, bytes]) -> None:
    """BackupUnusable where one lies here already and says something else: it is evidence, and stays."""
    place = _checkpoint_place()
    for name, data in others.items():
        kept = name.removeprefix(_CHECKPOINTS)
        if not name.startswith(_CHECKPOINTS) or not place.exists(kept):
            continue
        with place.open(kept) as file:
            if file.read() != data:
                raise BackupUnusable(f"Another checkpoint lies at {kept}: it is evidence. Set it aside, and keep it.")


def _put_checkpoints(others: dict[str, bytes]) -> None:
    for name, data in others.items():
        if name.startswith(_CHECKPOINTS):
            _checkpoint_place().save(name.removeprefix(_CHECKPOINTS), ContentFile(data))


def _checkpoint_place() -> Storage:
    """The first; an older one may still have its own."""
    return storages[next(alias for alias in settings.STORAGES if alias.startswith(settings.CHECKPOINT_PLACE))]


def _put_keys(keys: dict[str, bytes]) -> None:
    """Keys that a machine made for itself, where the backup has them. The database's passwords stay the new ones."""
    for target, data in other_keys.put_keys(keys).items():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(target, data)
    if said := keys.get("secrets.json"):
        kept = json.loads(SECRETS_FILE.read_text()) if SECRETS_FILE.exists() else {}
        old = {k: v for k, v in json.loads(said).items() if k not in OF_THE_DATABASE}
        write_private(SECRETS_FILE, json.dumps(kept | old, indent=1).encode())


def _require(data: bytes, sha256: str, name: str) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BackupUnusable(f"{name} is not what was backed up: use another copy of the backup.")
