"""Where did an audit trail end, and when? A signed note kept outside the database, so that a cut tail is seen.

File: JSON `{"checkpoint": {...}, "key": <key id>, "signature": <base64>}`; the signature is Ed25519 over
`imprimatur-checkpoint-v1|` and the RFC 8785 JSON of `checkpoint`. Its `previous` is the SHA-256 of that text of the
tenant's checkpoint before it, so that of two it is known whether there were others between them (old ones are thinned
out).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from governance.canonical import canonical_json, parse_utc, sha256_hex
from governance.errors import CheckpointRefused
from governance.keyfiles import exclusive, write_private, write_public
from governance.permit import key_id, load_private_key

DOMAIN: Final = b"imprimatur-checkpoint-v1|"
PRIVATE_NAME, PUBLIC_NAME = "checkpoint.key.pem", "checkpoint.pub.pem"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One tenant's trail ended with row `seq`, whose hash was `head`, at `taken_at`.

    previous: `digest()` of the checkpoint before it, "" for a tenant's first.
    """

    tenant_id: UUID
    seq: int
    head: str
    taken_at: datetime
    previous: str = ""

    def digest(self) -> str:
        """What the next checkpoint names as `previous`."""
        return sha256_hex(_text(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild it. Raises CheckpointRefused for a missing or unreadable field."""
        try:
            values = {f.name: data[f.name] for f in fields(cls)}
            values["tenant_id"] = UUID(values["tenant_id"])
            values["taken_at"] = parse_utc(values["taken_at"])
            values["seq"] = int(values["seq"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointRefused(
                f"the checkpoint's content cannot be read ({error}): use an unchanged copy"
            ) from error
        return cls(**values)


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """The bytes of the checkpoint's file."""
    signature = base64.b64encode(key.sign(DOMAIN + _text(checkpoint))).decode()
    body = json.loads(_text(checkpoint))
    return canonical_json({"checkpoint": body, "key": key_id(key.public_key()), "signature": signature}) + b"\n"


def read_checkpoint(data: bytes, keys: tuple[Ed25519PublicKey, ...]) -> Checkpoint:
    """The genuine checkpoint in a file. `keys`: every public key that signed checkpoints here, older ones too.

    Raises CheckpointRefused for a file that is none, was changed, or was signed with another key.
    """
    try:
        said = json.loads(data)
        signature = base64.b64decode(said["signature"], validate=True)
        named, body = said["key"], said["checkpoint"]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise CheckpointRefused(
            f"this file is no checkpoint ({error}): name one from the checkpoints folder"
        ) from error
    key = next((k for k in keys if key_id(k) == named), None)
    if key is None:
        raise CheckpointRefused(f"the checkpoint was signed with key {named}, which is none of ours")
    checkpoint = Checkpoint.from_json(body)
    try:
        key.verify(signature, DOMAIN + _text(checkpoint))
    except InvalidSignature as error:
        raise CheckpointRefused("the checkpoint was changed after it was signed: use an unchanged copy") from error
    return checkpoint


def ensure_checkpoint_keys(folder: Path) -> tuple[Path, Path]:
    """Paths of the private and public PEM file in `folder`, made on first use (folder 0700, private file 0600)."""
    private_path, public_path = folder / PRIVATE_NAME, folder / PUBLIC_NAME
    with exclusive(folder):
        if not private_path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_private(private_path, pem)
        if not public_path.exists():
            write_public(public_path, public_pem(load_private_key(private_path)))
    return private_path, public_path


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public half, as whoever checks a checkpoint needs it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _text(checkpoint: Checkpoint) -> bytes:
    return canonical_json(asdict(checkpoint) | {"tenant_id": str(checkpoint.tenant_id)})
