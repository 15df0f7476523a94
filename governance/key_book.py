"""Which key signs for a company, and which signed for it a moment ago? One folder a company, one file a key.

    <folder>/<company>/current          the id of the key that signs from now on
    <folder>/<company>/<key id>.pem     its key and chain, leaf first; or .json: a chain whose key is in a KMS

Rotation writes a new file, then points `current` to it: every process sees it at its next signature. The former key
signs what has begun for another hour; then its file is removed. Its chain stays inside the pictures it signed, which
verify as before. A key id is the head of its leaf certificate's SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from governance.errors import InvalidKey
from governance.keyfiles import exclusive, write_private
from governance.kms import kms_signer
from governance.signing import PemSigner, Signer

CURRENT = "current"
GRACE = timedelta(hours=1)
ID_LENGTH = 16
WARN_DAYS = (30, 7, 1)

Issue = Callable[[], bytes]


class KeyBook:
    """The keys of one company. `issue` makes a PEM bundle where none was installed; None: they are installed only."""

    def __init__(self, folder: Path, issue: Issue | None = None) -> None:
        """Nothing is touched yet."""
        self.folder = folder
        self._issue = issue

    def signer(self) -> Signer:
        """The key that signs from now on; made on first use, renewed in its last day, if keys are issued here.

        Raises InvalidKey where there is none, or it cannot be read.
        """
        found = self._current()
        if self._issue is not None and (found is None or found.is_expired(datetime.now(UTC) + timedelta(days=1))):
            found = self._renewed()
        if found is None:
            raise InvalidKey(f"{self.folder}: no signing key is installed for this company")
        return found

    def signer_of(self, key_id: str) -> Signer:
        """The current key, or one that was current until less than an hour ago. Raises InvalidKey for any other."""
        if key_id == self._current_id() or self._is_in_grace(key_id):
            return _read(self._file(key_id))
        raise InvalidKey("this key does not sign any more: ask for the chain again")

    def install(self, bundle: bytes, suffix: str = ".pem") -> str:
        """Sign with this key from now on. Returns its id. Raises InvalidKey for a bundle that cannot sign today."""
        with exclusive(self.folder):
            return self._install(bundle, suffix)

    def rotate(self) -> str:
        """Issue a new key and sign with it from now on. Raises InvalidKey where keys are installed, not issued."""
        if self._issue is None:
            raise InvalidKey("this company's keys are not issued here: install the new one")
        return self.install(self._issue())

    def _renewed(self) -> Signer:
        """Processes that start together agree on one key."""
        assert self._issue is not None  # noqa: S101 - asked for where it is there
        with exclusive(self.folder):
            found = self._current()
            if found is None or found.is_expired(datetime.now(UTC) + timedelta(days=1)):
                self._install(self._issue(), ".pem")
        return _read(self._file(self._current_id()))

    def _install(self, bundle: bytes, suffix: str) -> str:
        scratch = self.folder / f"new{suffix}"
        write_private(scratch, bundle)
        try:
            signer = _read_fresh(scratch)
            if signer.is_expired():
                raise InvalidKey(f"the certificate ended on {signer.expires_at:%Y-%m-%d}")
            name = key_id(signer)
            scratch.replace(self.folder / f"{name}{suffix}")
        finally:
            scratch.unlink(missing_ok=True)
        self._retire(name)
        write_private(self.folder / CURRENT, name.encode())
        return name

    def _retire(self, successor: str) -> None:
        """Note when the present key ends, and remove those whose hour is over."""
        former = self._current_id()
        if former and former != successor:
            write_private(self.folder / f"{former}.until", str(time.time() + GRACE.total_seconds()).encode())
        (self.folder / f"{successor}.until").unlink(missing_ok=True)
        for note in self.folder.glob("*.until"):
            if not self._is_in_grace(note.stem):
                for old in self.folder.glob(f"{note.stem}.*"):
                    old.unlink()

    def _is_in_grace(self, name: str) -> bool:
        note = self.folder / f"{name}.until"
        return name.isalnum() and note.exists() and time.time() < float(note.read_text())

    def _current_id(self) -> str:
        try:
            return (self.folder / CURRENT).read_text().strip()
        except FileNotFoundError:
            return ""

    def _current(self) -> Signer | None:
        name = self._current_id()
        return _read(self._file(name)) if name else None

    def _file(self, name: str) -> Path:
        pem = self.folder / f"{name}.pem"
        return pem if pem.exists() else self.folder / f"{name}.json"


def key_id(signer: Signer) -> str:
    """What names a key in requests and logs: the head of its certificate's SHA-256, never anything of the key."""
    return hashlib.sha256(signer.chain[0].public_bytes(Encoding.DER)).hexdigest()[:ID_LENGTH]


def expires_soon(signer: Signer, now: datetime) -> int | None:
    """The warning that is due: the certificate ends within 30, 7 or 1 days; None while there is time."""
    left = signer.expires_at - now
    due = [days for days in WARN_DAYS if left <= timedelta(days=days)]
    return min(due) if due else None


@lru_cache(maxsize=512)
def _read(path: Path) -> Signer:
    """A key's file never changes: its name is its content's."""
    return _read_fresh(path)


def _read_fresh(path: Path) -> Signer:
    if path.suffix == ".pem":
        return PemSigner.from_files(path, path)
    try:
        said = json.loads(path.read_text())
        return kms_signer(said["key"], said["chain"], region=said.get("region"), endpoint=said.get("endpoint"))
    except (OSError, ValueError, KeyError) as error:
        raise InvalidKey(f"{path}: names no key of a KMS ({error})") from error
