"""Terms and uses the governance tests share."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from governance.consent import ConsentTerms
from governance.errors import SigningFailed
from governance.scope import Use
from governance.signing import PemSigner
from governance.trademark import TrademarkTerms

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DIGEST = "a" * 64
OTHER = "b" * 64
TENANT = "3f2b8c1e-0000-4000-8000-000000000001"
BRIEFLY = (6, 30, 120)  # seconds
Made = TypeVar("Made")
RELEASE = Use(channel="social", territory="JP", purpose="advertising")


def consent(**changes: Any) -> ConsentTerms:
    """An active likeness consent that covers RELEASE at NOW."""
    terms: dict[str, Any] = {
        "id": "cns_1",
        "kind": "likeness",
        "grantee": TENANT,
        "reference_digests": frozenset({DIGEST}),
        "valid_from": NOW - timedelta(days=100),
        "valid_until": NOW + timedelta(days=300),
        "purposes": frozenset({"advertising"}),
        "channels": frozenset({"social"}),
        "territories": frozenset({"JP"}),
        "synthetic_media_permitted": True,
        "status": "active",
    }
    return ConsentTerms(**terms | changes)


def licence(**changes: Any) -> TrademarkTerms:
    """An active licence for the mark ACME that covers RELEASE at NOW."""
    terms: dict[str, Any] = {
        "id": "tml_1",
        "grantee": TENANT,
        "mark": "ACME",
        "owner": "party_7",
        "reference_digests": frozenset({DIGEST}),
        "valid_from": NOW - timedelta(days=100),
        "valid_until": NOW + timedelta(days=300),
        "purposes": frozenset({"advertising"}),
        "channels": frozenset({"social"}),
        "territories": frozenset({"JP"}),
        "status": "active",
    }
    return TrademarkTerms(**terms | changes)


def rules(reasons: Any) -> list[str]:
    """The rule ids of some reasons, in order."""
    return [reason.rule_id for reason in reasons]


def flip(data: bytes, position: int) -> bytes:
    """`data` with one bit of one byte changed."""
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def leaf_signer(
    folder: Path,
    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    end: datetime,
    time_authority: str | None = None,
    subject: x509.Name | None = None,
) -> PemSigner:
    """A leaf of that key under the development intermediate, ending at `end`, in the development name or another."""
    pem = (folder / "intermediate.pem").read_bytes()
    issuer, issuer_key = x509.load_pem_x509_certificate(pem), load_pem_private_key(pem, password=None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    model = PemSigner.from_files(folder / "signer.pem", folder / "signer.pem").chain[0]
    builder = x509.CertificateBuilder(
        issuer_name=issuer.subject,
        subject_name=subject or model.subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=datetime.now(UTC) - timedelta(hours=1),
        not_valid_after=end,
    )
    own_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    for extension in model.extensions:
        value = own_id if isinstance(extension.value, x509.SubjectKeyIdentifier) else extension.value
        builder = builder.add_extension(value, critical=extension.critical)
    leaf = builder.sign(issuer_key, hashes.SHA256())
    chain = leaf.public_bytes(Encoding.PEM) + issuer.public_bytes(Encoding.PEM)
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return PemSigner(key_pem, chain.decode(), time_authority)


def made_before_its_end(
    folder: Path, make: Callable[[PemSigner], Made], time_authority: str | None = None
) -> tuple[PemSigner, Made]:
    """What `make` made with a leaf that ends soon, while it lasted; on a busy machine it lasts longer."""
    for seconds in BRIEFLY:
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        brief = leaf_signer(folder, ec.generate_private_key(ec.SECP256R1()), end, time_authority)
        try:
            made = make(brief)
        except SigningFailed:
            if not brief.is_expired():
                raise
            continue
        if not brief.is_expired():
            return brief, made
    raise AssertionError(f"nothing was made within {seconds} s")


def outlive(signer: PemSigner) -> None:
    """Wait until its certificate has ended, for libraries that count whole seconds too."""
    time.sleep(max(0.0, (signer.expires_at - datetime.now(UTC)).total_seconds()) + 1.2)
