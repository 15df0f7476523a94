"""What a worker needs to know and nothing more: in one folder, apart from the keys that sign and permit.

The control side makes the folder (HOME/worker); a worker on another machine gets a copy of it. No file in it signs a
picture or a permit: permit.pub.pem checks permits, watermark.key marks and reads, signer.token is the worker's word
to the signer and the signer's word to the worker.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.keyfiles import exclusive, write_private, write_public
from governance.permit import PUBLIC_NAME, ensure_permit_keys
from governance.watermark import KEY_NAME, ensure_watermark_key

TOKEN_NAME: Final = "signer.token"  # noqa: S105 - a file's name
TOKEN_BYTES: Final = 32


@dataclass(frozen=True)
class WorkerKeys:
    """Paths in the folder."""

    folder: Path

    @property
    def permit_public(self) -> Path:
        """The public half of the permit key, PEM."""
        return self.folder / PUBLIC_NAME

    @property
    def watermark(self) -> Path:
        """The secret that marks and reads pictures."""
        return self.folder / KEY_NAME

    @property
    def token(self) -> Path:
        """What worker and signer prove themselves to each other with."""
        return self.folder / TOKEN_NAME

    @property
    def are_complete(self) -> bool:
        """Whether a worker can start."""
        return self.permit_public.exists() and self.watermark.exists() and self.token.exists()


def ensure_worker_keys(folder: Path, pki: Path) -> WorkerKeys:
    """The folder, complete; missing secrets are made, the permit's public half is copied from `pki`.

    Raises InvalidKey for a damaged permit key, ValueError for a watermark key that was cut.
    """
    keys = WorkerKeys(folder)
    public = ensure_permit_keys(pki)[1].read_bytes()
    ensure_watermark_key(folder)
    with exclusive(folder):
        if not keys.permit_public.exists() or keys.permit_public.read_bytes() != public:
            write_public(keys.permit_public, public)
        if not keys.token.exists():
            write_private(keys.token, secrets.token_urlsafe(TOKEN_BYTES).encode())
    return keys
