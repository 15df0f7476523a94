"""What a worker must hold to draw: a short-lived, signed permit for one attempt at one picture.

Token: `imp1.<key id>.<payload>.<signature>`, payload and signature in base64url without padding. The payload is the
permit's RFC 8785 JSON; the signature is Ed25519 over `imprimatur-permit-v1|` and the payload's bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from governance.canonical import canonical_json, parse_utc
from governance.errors import (
    InvalidKey,
    PermitAltered,
    PermitExpired,
    PermitForged,
    PermitMalformed,
    PermitMismatch,
    PermitNotYetValid,
)
from governance.keyfiles import exclusive, write_private, write_public

PREFIX = "imp1"
DOMAIN = b"imprimatur-permit-v1|"
CLOCK_LEEWAY = timedelta(seconds=30)
LIFETIME = timedelta(minutes=15)
PRIVATE_NAME, PUBLIC_NAME = "permit.key.pem", "permit.pub.pem"


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Leave to draw one picture, once.

    spec_digest: `GenerationSpec.digest()`. reference_digests: of every subject, in the spec's order.
    terms_digests: digests of the consents and licences relied upon. issued_at, expires_at: aware times.
    """

    id: str
    tenant_id: str
    generation_id: str
    attempt: int
    spec_digest: str
    reference_digests: tuple[str, ...]
    terms_digests: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return json.loads(canonical_json(asdict(self)))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild the permit. Raises PermitMalformed for a missing or unreadable field."""
        try:
            values = {f.name: data[f.name] for f in fields(cls)}
            for name in ("reference_digests", "terms_digests"):
                values[name] = tuple(values[name])
            for name in ("issued_at", "expires_at"):
                values[name] = parse_utc(values[name])
        except (KeyError, TypeError, ValueError) as error:
            raise PermitMalformed(f"the permit's content cannot be read ({error}): ask for a new one") from error
        return cls(**values)


def sign_permit(permit: Permit, private_key: Ed25519PrivateKey) -> str:
    """The compact token a `RenderOrder` carries."""
    payload = canonical_json(asdict(permit))
    signature = private_key.sign(DOMAIN + payload)
    return ".".join([PREFIX, key_id(private_key.public_key()), _encode(payload), _encode(signature)])


def verify_permit(
    token: str,
    public_key: Ed25519PublicKey,
    *,
    now: datetime,
    generation_id: str,
    attempt: int,
    spec_digest: str,
) -> Permit:
    """The permit, if it is genuine, in time and for exactly this attempt at this spec.

    Raises PermitMalformed, PermitForged, PermitAltered, PermitNotYetValid, PermitExpired or PermitMismatch.
    """
    permit = read_permit(token, public_key)
    if now < permit.issued_at - CLOCK_LEEWAY:
        raise PermitNotYetValid("the permit starts in the future: compare the clocks of the two machines")
    if now >= permit.expires_at:
        raise PermitExpired(f"the permit ended at {permit.expires_at:%H:%M:%S} UTC: ask for a new attempt")
    asked = {"generation": generation_id, "attempt": attempt, "spec": spec_digest}
    found = {"generation": permit.generation_id, "attempt": permit.attempt, "spec": permit.spec_digest}
    for name, expected in asked.items():
        if found[name] != expected:
            raise PermitMismatch(name, expected, found[name])
    return permit


def read_permit(token: str, public_key: Ed25519PublicKey) -> Permit:
    """The genuine content of a token, whatever its time and purpose. Raises as `verify_permit`, time aside."""
    key, payload, signature = _split(token)
    if key != key_id(public_key):
        raise PermitForged("the permit was signed with another key: check which permit key this worker has")
    try:
        public_key.verify(signature, DOMAIN + payload)
    except InvalidSignature as error:
        raise PermitAltered("the permit was changed after it was signed: ask for a new attempt") from error
    return _permit_of(payload)


def key_id(public_key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the raw public key's SHA-256."""
    return hashlib.sha256(public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def _permit_of(payload: bytes) -> Permit:
    try:
        return Permit.from_json(json.loads(payload))
    except ValueError as error:
        raise PermitMalformed(f"the permit's content is no JSON ({error}): ask for a new one") from error


def _split(token: str) -> tuple[str, bytes, bytes]:
    parts = token.split(".")
    if len(parts) != 4 or parts[0] != PREFIX:
        raise PermitMalformed("this is no permit: it must read imp1.<key>.<payload>.<signature>")
    try:
        return parts[1], _decode(parts[2]), _decode(parts[3])
    except (binascii.Error, ValueError) as error:
        raise PermitMalformed("the permit is cut or garbled: ask for a new attempt") from error


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Strict: base64 has several spellings for some last characters, a permit has one."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(data) != text:
        raise ValueError("not the one spelling of these bytes")
    return data


def generate_permit_keys() -> tuple[Ed25519PrivateKey, Ed25519PublicKey]:
    """A fresh pair: the private half stays with the control side, workers get the public one."""
    private = Ed25519PrivateKey.generate()
    return private, private.public_key()


def ensure_permit_keys(folder: Path) -> tuple[Path, Path]:
    """Paths of the private and public PEM file in `folder`, made on first use (folder 0700, private file 0600)."""
    private_path, public_path = folder / PRIVATE_NAME, folder / PUBLIC_NAME
    with exclusive(folder):
        if not private_path.exists():
            private, _ = generate_permit_keys()
            write_private(private_path, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        if not public_path.exists():
            public = load_private_key(private_path).public_key()
            write_public(public_path, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private_path, public_path


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """The control side's key from a PKCS#8 PEM file. Raises InvalidKey."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidKey(f"{path}: cannot be read as an unencrypted PKCS#8 PEM key ({error})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidKey(f"{path}: permits are signed with Ed25519, this is another kind of key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The worker's key from a SubjectPublicKeyInfo PEM file. Raises InvalidKey."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise InvalidKey(f"{path}: cannot be read as a PEM public key ({error})") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidKey(f"{path}: permits are verified with Ed25519, this is another kind of key")
    return key
