"""Files at rest that only a passphrase opens: AES-256-GCM in pieces, the key by scrypt.

Format: `imp-sealed-1`, 16 bytes of salt, 8 bytes of nonce, then pieces of up to 1 MiB, each with its 16-byte tag. The
nonce of piece n is the file's 8 bytes and n as 4 bytes; the last piece is sealed as the last, so that a cut file is no
shorter one. Every file has its own nonce; the salt, and so the key, is the backup's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC: Final = b"imp-sealed-1"
SALT_BYTES, NONCE_BYTES, TAG_BYTES = 16, 8, 16
PIECE: Final = 2**20
ENDING: Final = ".sealed"


class NotOpened(ValueError):
    """The passphrase is another one, or the file was changed or cut."""


class Seal:
    """One passphrase and salt: seals and opens files."""

    def __init__(self, passphrase: str, salt: bytes | None = None) -> None:
        """`salt`: of an existing backup; a fresh one without."""
        self.salt = salt or os.urandom(SALT_BYTES)
        self._cipher = AESGCM(Scrypt(salt=self.salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))

    def seal(self, source: Path, target: Path) -> None:
        """Write `source` sealed to `target`."""
        nonce = os.urandom(NONCE_BYTES)
        with source.open("rb") as plain, target.open("wb") as sealed:
            sealed.write(MAGIC + self.salt + nonce)
            for number, piece, last in _pieces(plain.read, PIECE):
                sealed.write(self._cipher.encrypt(nonce + number.to_bytes(4), piece, _role(last)))

    def open(self, source: Path, target: Path) -> None:
        """Write what is sealed in `source` to `target`. Raises NotOpened, and leaves no target then."""
        try:
            with source.open("rb") as sealed, target.open("wb") as plain:
                head = sealed.read(len(MAGIC) + SALT_BYTES + NONCE_BYTES)
                nonce = head[-NONCE_BYTES:]
                for number, piece, last in _pieces(sealed.read, PIECE + TAG_BYTES):
                    plain.write(self._cipher.decrypt(nonce + number.to_bytes(4), piece, _role(last)))
        except InvalidTag as error:
            target.unlink(missing_ok=True)
            raise NotOpened(f"{source} cannot be opened: another passphrase, or a changed file") from error


def salt_of(sealed: Path) -> bytes:
    """The salt a sealed file was made with. Raises NotOpened for a file that is not sealed."""
    with sealed.open("rb") as file:
        head = file.read(len(MAGIC) + SALT_BYTES)
    if not head.startswith(MAGIC) or len(head) != len(MAGIC) + SALT_BYTES:
        raise NotOpened(f"{sealed} is no sealed file")
    return head[len(MAGIC) :]


def _role(last: bool) -> bytes:
    return b"last" if last else b"more"


def _pieces(read: Callable[[int], bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes, and whether it is the last one; an empty file is one empty piece."""
    number, piece = 0, read(size)
    while True:
        following = read(size) if len(piece) == size else b""
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following
