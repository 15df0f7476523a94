"""A development certificate chain, made on first use and loud about it. Nobody outside trusts it.

Root, intermediate and leaf as the C2PA certificate profile asks. The root's key is thrown away once the intermediate
is signed; the intermediate's key stays to renew the leaf.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from governance.errors import InvalidKey
from governance.keyfiles import exclusive, write_private, write_public
from governance.signing import PemSigner

logger = logging.getLogger(__name__)

CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
ORGANISATION = "Imprimatur development, do not trust"
LEAF_DAYS, INTERMEDIATE_DAYS, ROOT_DAYS = 365, 5 * 365, 10 * 365
COMMON_NAME_LENGTH = 64  # X.520
RENEW_BEFORE = timedelta(days=1)
CLOCK_SLACK = timedelta(hours=1)


class DevelopmentKeyWarning(UserWarning):
    """Pictures are being signed with a development key: nobody outside trusts them."""


@dataclass(frozen=True)
class _Party:
    """A name and its key."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class DevelopmentChain:
    """Paths in one folder: `anchors` (root, public), `intermediate` and `signer` (each with its key)."""

    folder: Path

    @property
    def anchors(self) -> Path:
        """The root certificate: what verification trusts."""
        return self.folder / "anchors.pem"

    @property
    def intermediate(self) -> Path:
        """The intermediate's key, its certificate and the root's: all it takes to renew the rest."""
        return self.folder / "intermediate.pem"

    @property
    def signer(self) -> Path:
        """The leaf's key, its certificate and the intermediate's, in one file so that they change together."""
        return self.folder / "signer.pem"


def development_signer(folder: Path, now: datetime | None = None) -> PemSigner:
    """The development signer of `folder`, its chain made on first use and its leaf renewed in its last day.

    Warns every time (DevelopmentKeyWarning and a log record). Raises InvalidKey for damaged files.
    """
    warn_of_development_key(folder)
    chain = ensure_development_chain(folder, now)
    return PemSigner.from_files(chain.signer, chain.signer)


def warn_of_development_key(folder: Path) -> None:
    """DevelopmentKeyWarning and a log record."""
    message = f"signing with the development key in {folder}: pictures are trusted by nobody else; configure a real one"
    warnings.warn(message, DevelopmentKeyWarning, stacklevel=3)
    logger.warning(message)


def development_anchors(folder: Path) -> str:
    """PEM text of the development root, for `governance.provenance.read`; made on first use."""
    return ensure_development_chain(folder).anchors.read_text()


def ensure_development_chain(folder: Path, now: datetime | None = None) -> DevelopmentChain:
    """Make what is missing in `folder` (0700, files with keys 0600), renew a leaf in its last day."""
    chain, moment = DevelopmentChain(folder), now or datetime.now(UTC)
    if _is_complete(chain, moment):
        return chain
    with exclusive(folder):
        if not chain.intermediate.exists():
            _make_authorities(chain, moment)
        if not _is_complete(chain, moment):
            _make_leaf(chain, moment)
    return chain


def _is_complete(chain: DevelopmentChain, now: datetime) -> bool:
    if not (chain.signer.exists() and chain.intermediate.exists() and chain.anchors.exists()):
        return False
    return not PemSigner.from_files(chain.signer, chain.signer).is_expired(now + RENEW_BEFORE)


def _make_authorities(chain: DevelopmentChain, now: datetime) -> None:
    root = _Party(_name("Development root"), _new_key())
    intermediate = _Party(_name("Development intermediate"), _new_key())
    anchors = _authority(root, root, now, ROOT_DAYS)
    certificate = _authority(intermediate, root, now, INTERMEDIATE_DAYS)
    certificates = certificate.public_bytes(Encoding.PEM) + anchors.public_bytes(Encoding.PEM)
    write_private(chain.intermediate, _key_pem(intermediate.key) + certificates)


def issue_leaf(folder: Path, name: str) -> bytes:
    """A fresh signing key, its certificate for `name` (at most 64 characters of it) and the intermediate's, as PEM.

    Raises InvalidKey for damaged files.
    """
    chain = ensure_development_chain(folder)
    certificate, _, issuer = _read_intermediate(chain.intermediate)
    return _leaf_bundle(name, certificate, issuer, datetime.now(UTC))


def leaf_for(folder: Path, name: str, public_key: ec.EllipticCurvePublicKey) -> str:
    """A certificate for a key that lies elsewhere (a KMS), and the intermediate's, as PEM. Raises InvalidKey."""
    chain = ensure_development_chain(folder)
    certificate, _, issuer = _read_intermediate(chain.intermediate)
    leaf = _leaf(_name(name[:COMMON_NAME_LENGTH]), public_key, issuer, datetime.now(UTC))
    return (leaf.public_bytes(Encoding.PEM) + certificate.public_bytes(Encoding.PEM)).decode()


def _make_leaf(chain: DevelopmentChain, now: datetime) -> None:
    certificate, root, issuer = _read_intermediate(chain.intermediate)
    bundle = _leaf_bundle("Development signer", certificate, issuer, now)
    write_public(chain.anchors, root.public_bytes(Encoding.PEM))
    write_private(chain.signer, bundle)


def _leaf_bundle(name: str, certificate: x509.Certificate, issuer: _Party, now: datetime) -> bytes:
    key = _new_key()
    leaf = _leaf(_name(name[:COMMON_NAME_LENGTH]), key.public_key(), issuer, now)
    return _key_pem(key) + leaf.public_bytes(Encoding.PEM) + certificate.public_bytes(Encoding.PEM)


def _leaf(name: x509.Name, public_key: ec.EllipticCurvePublicKey, issuer: _Party, now: datetime) -> x509.Certificate:
    builder = _builder(name, public_key, issuer, now, LEAF_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    usages = [CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def _read_intermediate(path: Path) -> tuple[x509.Certificate, x509.Certificate, _Party]:
    """Its certificate, the root's, and who it is."""
    pem = path.read_bytes()
    try:
        (certificate, root), key = x509.load_pem_x509_certificates(pem), load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise InvalidKey(f"{path} is damaged ({error}): restore it, or remove its folder for a new chain") from error
    return certificate, root, _Party(certificate.subject, cast(ec.EllipticCurvePrivateKey, key))


def _authority(subject: _Party, issuer: _Party, now: datetime, days: int) -> x509.Certificate:
    builder = _builder(subject.name, subject.key.public_key(), issuer, now, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return builder.sign(issuer.key, hashes.SHA256())


def _builder(
    name: x509.Name, public_key: ec.EllipticCurvePublicKey, issuer: _Party, now: datetime, days: int
) -> x509.CertificateBuilder:
    own_id = x509.SubjectKeyIdentifier.from_public_key(public_key)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(own_id, critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    words = {NameOID.COUNTRY_NAME: "JP", NameOID.ORGANIZATION_NAME: ORGANISATION, NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(oid, word) for oid, word in words.items()])


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
