"""Who signs pictures: one interface, a key in this process or a call to wherever the key lives.

A signer holds nothing of the C2PA library, so it may be made before a fork and shared by threads.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from governance.errors import InvalidKey

Algorithm = Literal["es256", "es384", "ed25519"]
PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey


class Signer(ABC):
    """Signs claims with the key of `chain_pem`'s first certificate.

    chain_pem: leaf first, then every intermediate, without the root (a missing one silently costs the trust).
    time_authority: URL of an RFC 3161 server; without one a file turns invalid the day its leaf expires.
    """

    def __init__(self, chain_pem: str, algorithm: Algorithm, time_authority: str | None = None) -> None:
        """Raise InvalidKey where the chain is no PEM chain."""
        self.chain = read_chain(chain_pem)
        self.chain_pem = pem_of(self.chain)
        self.issuers_pem = pem_of(self.chain[1:])
        self.algorithm = algorithm
        self.time_authority = time_authority

    def stamped_by(self, authority: str) -> Self:
        """The same signer, asking that time authority."""
        other = copy.copy(self)
        other.time_authority = authority
        return other

    @property
    def expires_at(self) -> datetime:
        """When the leaf certificate ends (UTC)."""
        return self.chain[0].not_valid_after_utc

    def is_expired(self, now: datetime | None = None) -> bool:
        """Whether the leaf certificate has ended."""
        return (now or datetime.now(UTC)) >= self.expires_at

    @abstractmethod
    def sign(self, data: bytes) -> bytes:
        """The signature over `data` (a whole COSE Sig_structure, about 1.5 kB): ECDSA as raw r||s, or Ed25519."""


class PemSigner(Signer):
    """The key is in this process, from unencrypted PKCS#8 PEM: development, and small installations."""

    def __init__(self, key_pem: bytes, chain_pem: str, time_authority: str | None = None) -> None:
        """Raise InvalidKey for an unreadable key, one of another kind, or one that is not the leaf's."""
        self._key = _read_key(key_pem)
        super().__init__(chain_pem, _algorithm(self._key), time_authority)
        if self.chain[0].public_key() != self._key.public_key():
            raise InvalidKey("the private key does not belong to the chain's first certificate: put the leaf first")

    @classmethod
    def from_files(cls, key_path: Path, chain_path: Path, time_authority: str | None = None) -> PemSigner:
        """Read both PEM files; they may be one and the same. Raises InvalidKey."""
        try:
            return cls(key_path.read_bytes(), chain_path.read_text(), time_authority)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidKey(f"{key_path}, {chain_path}: cannot be read ({error})") from error

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(data)
        size = (self._key.curve.key_size + 7) // 8
        digest = hashes.SHA256() if self.algorithm == "es256" else hashes.SHA384()
        r, s = decode_dss_signature(self._key.sign(data, ECDSA(digest)))
        return r.to_bytes(size) + s.to_bytes(size)


class CallbackSigner(Signer):
    """The key is elsewhere (KMS, HSM, the control side's signer): `callback(data) -> signature`.

    An ECDSA signature may be DER or raw r||s. What the callback raises is the `__cause__` of the SigningFailed.
    """

    def __init__(
        self,
        callback: Callable[[bytes], bytes],
        chain_pem: str,
        algorithm: Algorithm,
        time_authority: str | None = None,
    ) -> None:
        """`callback` must be callable from any thread."""
        super().__init__(chain_pem, algorithm, time_authority)
        self._callback = callback

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`, from wherever the key lives."""
        return self._callback(data)


def read_chain(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM text, other blocks skipped. Raises InvalidKey if there are none."""
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise InvalidKey(f"the certificate chain is no PEM text, leaf first ({error})") from error


def pem_of(certificates: Iterable[x509.Certificate]) -> str:
    """The certificates as PEM text."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _read_key(pem: bytes) -> PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise InvalidKey(f"the signing key is no unencrypted PKCS#8 PEM ({error})") from error
    if not isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise InvalidKey("the signing key must be an elliptic-curve key (P-256, P-384) or Ed25519")
    return key


def _algorithm(key: PrivateKey) -> Algorithm:
    if isinstance(key, Ed25519PrivateKey):
        return "ed25519"
    algorithms: dict[str, Algorithm] = {"secp256r1": "es256", "secp384r1": "es384"}
    if key.curve.name not in algorithms:
        raise InvalidKey(f"the signing key's curve {key.curve.name} is not supported: use P-256 or P-384")
    return algorithms[key.curve.name]
