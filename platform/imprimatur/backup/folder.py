"""A backup's folder: whole files only, sealed if there is a passphrase, found again by name and digest.

backup.json            what it holds, written last: without it the backup is unfinished, and taking it again goes on;
                       it has the digest of every other file, so that its own vouches for the whole backup
backup.sha256          its digest; only where it lies sealed, so that the passphrase vouches for it
database.dump          pg_dump's custom format
objects.jsonl          key, digest and size of every file
objects/<key>          the files
checkpoints/<tenant>/  where the audit trails ended
keys.json              which keys the installation had: names and fingerprints, never the keys
public/                anchors and the checkpoints' public key
development-keys/      only by --with-development-keys
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any, Final

from imprimatur.backup.sealing import ENDING, NotOpened, Seal, salt_of

MANIFEST, DATABASE, OBJECTS, KEYS = "backup.json", "database.dump", "objects.jsonl", "keys.json"
PROOF: Final = "backup.sha256"
FORMAT: Final = 2


class BackupUnusable(ValueError):
    """The folder holds no backup that can be used; the message says why and what to do."""


class BackupFolder:
    """Files by name. With a passphrase they lie sealed, under `<name>.sealed`; backup.json never is."""

    def __init__(self, path: Path, passphrase: str = "") -> None:
        """Makes the folder, for its owner alone. BackupUnusable when the passphrase is not the backup's."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
        sealed = next(iter(sorted(path.rglob(f"*{ENDING}"))), None)
        if sealed is None and (path / DATABASE).exists() and passphrase:
            raise BackupUnusable(f"{path} holds a backup that is not sealed: name another folder, or no passphrase.")
        if sealed is not None and not passphrase:
            raise BackupUnusable(f"{path} is sealed: give its passphrase.")
        self.seal = Seal(passphrase, salt_of(sealed) if sealed else None) if passphrase else None

    def place(self, name: str) -> Path:
        """Where the file lies. BackupUnusable for a name that leads out of this folder, or of any it is put back to."""
        place = (self.path / (name + ENDING if self.seal else name)).resolve()
        strange = "\\" in name or ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute()
        if strange or not place.is_relative_to(self.path.resolve()):
            raise BackupUnusable(f"{name!r} is no name of a file in this backup.")
        return place

    def write(self, name: str, source: Path) -> None:
        """Keep a copy of the file; it appears whole."""
        place = self.place(name)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, scratch = tempfile.mkstemp(dir=place.parent, prefix=".")
        os.close(handle)
        try:
            if self.seal:
                self.seal.seal(source, Path(scratch))
            else:
                Path(scratch).write_bytes(source.read_bytes())
            Path(scratch).replace(place)
        finally:
            Path(scratch).unlink(missing_ok=True)

    def write_bytes(self, name: str, data: bytes) -> None:
        """Keep these bytes."""
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "plain"
            plain.write_bytes(data)
            self.write(name, plain)

    def read(self, name: str, target: Path) -> None:
        """A copy of the kept file at `target`. BackupUnusable when it is missing or cannot be opened."""
        place = self.place(name)
        if not place.exists():
            raise BackupUnusable(f"{place} is missing: take the backup again.")
        try:
            if self.seal:
                self.seal.open(place, target)
            else:
                target.write_bytes(place.read_bytes())
        except NotOpened as error:
            raise BackupUnusable(f"{error}.") from error

    def read_bytes(self, name: str) -> bytes:
        """The kept file's bytes."""
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "plain"
            self.read(name, target)
            return target.read_bytes()

    def holds(self, name: str, sha256: str) -> bool:
        """Is the file there, with this digest?"""
        if not self.place(name).exists():
            return False
        try:
            return hashlib.sha256(self.read_bytes(name)).hexdigest() == sha256
        except BackupUnusable:
            return False

    def names(self, under: str) -> list[str]:
        """Every kept file below a folder, by its plain name."""
        found = [p for p in (self.path / under).rglob("*") if p.is_file() and not p.name.startswith(".")]
        return sorted(str(p.relative_to(self.path)).removesuffix(ENDING) for p in found)

    def finish(self, manifest: dict[str, Any]) -> str:
        """Write backup.json: from now on the backup is whole. Its SHA-256 (hex), which `prove` asks for."""
        data = json.dumps({"format": FORMAT, **manifest}, indent=1, ensure_ascii=False).encode()
        digest = hashlib.sha256(data).hexdigest()
        if self.seal:
            self.write_bytes(PROOF, digest.encode())
        scratch = self.path / ".backup.json"
        scratch.write_bytes(data)
        scratch.chmod(0o600)
        scratch.replace(self.path / MANIFEST)
        return digest

    def prove(self, digest: str = "") -> bool:
        """Whether backup.json is known to be the one that was written: by its digest, noted down then, or by the seal.

        BackupUnusable where one of them says that it is another.
        """
        found = hashlib.sha256((self.path / MANIFEST).read_bytes()).hexdigest()
        known = [digest.strip().lower()] if digest else []
        known += [self.read_bytes(PROOF).decode("ascii", "replace")] if self.seal else []
        if any(one != found for one in known):
            raise BackupUnusable(f"{MANIFEST} is not the one that was written: use another copy of the backup.")
        return bool(known)

    def unfinish(self) -> None:
        """It is being written again: until `finish` it is no backup."""
        (self.path / MANIFEST).unlink(missing_ok=True)

    def manifest(self) -> dict[str, Any]:
        """backup.json. BackupUnusable for an unfinished backup or one of another format."""
        try:
            said: dict[str, Any] = json.loads((self.path / MANIFEST).read_text())
        except (OSError, ValueError) as error:
            raise BackupUnusable(f"{self.path} holds no finished backup: take it again.") from error
        if said.get("format") != FORMAT:
            raise BackupUnusable(f"This is a backup of format {said.get('format')}; this version reads {FORMAT}.")
        return said
