"""Where the control side finds its signer, its permit key and its trust anchor.

On one machine: a development chain in HOME/pki, made on first use, loud, and under it a key for each company. In
production: IMPRIMATUR_SIGNER_KEYS names a folder with a key (or the name of a KMS key) and chain for each company, or
IMPRIMATUR_SIGNER_KEY and IMPRIMATUR_SIGNER_CHAIN one for all; IMPRIMATUR_TRUST_ANCHORS what they are checked against,
IMPRIMATUR_TIME_ANCHORS what time stamps are.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from governance.anchors import Anchors
from governance.errors import InvalidKey
from governance.key_book import CURRENT, KeyBook, expires_soon, key_id
from governance.permit import ensure_permit_keys, load_private_key, load_public_key
from governance.pki import ORGANISATION, development_anchors, development_signer, issue_leaf, warn_of_development_key
from governance.signing import PemSigner, Signer
from governance.watermark import ensure_watermark_key
from governance.worker_keys import WorkerKeys, ensure_worker_keys
from imprimatur.tenants.models import Tenant

TIME_ANCHORS: Final = "IMPRIMATUR_TIME_ANCHORS"  # a PEM file: the roots of the time authorities that we believe


def platform_signer() -> Signer:
    """Signs what the control side makes: references, thumbnails, releases."""
    key, chain = os.environ.get("IMPRIMATUR_SIGNER_KEY"), os.environ.get("IMPRIMATUR_SIGNER_CHAIN")
    if key and chain:
        return _configured_signer(key, chain)
    return _development_signer(settings.PKI_FOLDER)


def signer_for(tenant_id: uuid.UUID, key: str = "") -> Signer:
    """The company's own key. With `key`, that one: the current one, or one retired less than an hour ago.

    Raises InvalidKey where there is none.
    """
    named, chain = os.environ.get("IMPRIMATUR_SIGNER_KEY"), os.environ.get("IMPRIMATUR_SIGNER_CHAIN")
    book = key_book(tenant_id)
    if named and chain and not (book.folder / CURRENT).exists():
        return _the_one(_configured_signer(named, chain), key)
    return book.signer_of(key) if key else book.signer()


@dataclass(frozen=True, kw_only=True)
class CertificateState:
    """When a company's certificate ends. due: the warning to give now (30, 7 or 1 days before), None while there is
    time. development: nobody outside trusts it."""

    name: str
    key: str
    ends: datetime
    due: int | None
    development: bool


def certificate_state(tenant_id: uuid.UUID) -> CertificateState | None:
    """Of the key that signs now; None where no key can be had."""
    try:
        return _state_of(signer_for(tenant_id))
    except InvalidKey:
        return None


def certificate_in_use(tenant_id: uuid.UUID) -> CertificateState | None:
    """As `certificate_state`, but None where the company has signed nothing yet: asking issues no key.

    Raises InvalidKey for a configured key that cannot be read.
    """
    configured = os.environ.get("IMPRIMATUR_SIGNER_KEY") and os.environ.get("IMPRIMATUR_SIGNER_CHAIN")
    if not configured and not (key_book(tenant_id).folder / CURRENT).exists():
        return None
    return _state_of(signer_for(tenant_id))


def certificates_due() -> int:
    """How many of this installation's signing certificates end within 30 days, or have ended. Renews none."""
    folder = Path(os.environ.get("IMPRIMATUR_SIGNER_KEYS") or settings.PKI_FOLDER / "tenants")
    signers = [KeyBook(note.parent).signer() for note in folder.glob(f"*/{CURRENT}")]
    return sum(_state_of(signer).due is not None for signer in signers)


def _state_of(signer: Signer) -> CertificateState:
    subject = signer.chain[0].subject
    return CertificateState(
        name=" / ".join(str(part.value) for part in subject),
        key=key_id(signer),
        ends=signer.expires_at,
        due=expires_soon(signer, datetime.now(UTC)),
        development=ORGANISATION in subject.rfc4514_string().replace("\\,", ","),
    )


def key_book(tenant_id: uuid.UUID) -> KeyBook:
    """Where the company's keys lie. They are issued here unless real ones are configured."""
    if folder := os.environ.get("IMPRIMATUR_SIGNER_KEYS"):
        return KeyBook(Path(folder) / str(tenant_id))
    if os.environ.get("IMPRIMATUR_SIGNER_KEY"):
        return KeyBook(settings.PKI_FOLDER / "tenants" / str(tenant_id))
    return KeyBook(settings.PKI_FOLDER / "tenants" / str(tenant_id), partial(_issue, tenant_id))


def _issue(tenant_id: uuid.UUID) -> bytes:
    """In the company's name, as it is shown to whoever verifies a picture."""
    warn_of_development_key(settings.PKI_FOLDER)
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    return issue_leaf(settings.PKI_FOLDER, tenant.name if tenant else str(tenant_id))


def _the_one(signer: Signer, key: str) -> Signer:
    if key and key != key_id(signer):
        raise InvalidKey("this key does not sign any more: ask for the chain again")
    return signer


def trust_anchors() -> str:
    """The roots that our own manifests are checked against, and below them those of the time authorities we believe:
    text of `governance.anchors.Anchors`."""
    named = os.environ.get("IMPRIMATUR_TRUST_ANCHORS")
    own = Anchors.of(Path(named).read_text() if named else development_anchors(settings.PKI_FOLDER))
    of_time = os.environ.get(TIME_ANCHORS)
    return Anchors(own.signers, "\n".join(filter(None, [own.time, Path(of_time).read_text() if of_time else ""]))).text


def permit_private_key() -> Ed25519PrivateKey:
    """Signs the permits that orders carry."""
    return load_private_key(_permit_files(settings.PKI_FOLDER)[0])


def permit_public_key() -> Ed25519PublicKey:
    """What workers check permits with."""
    return load_public_key(worker_keys().permit_public)


def watermark_key() -> bytes:
    """What delivered pictures are marked with, and read."""
    return ensure_watermark_key(worker_keys().folder)


def worker_keys() -> WorkerKeys:
    """The folder that workers are given, made on first use."""
    return _worker_keys(settings.WORKER_KEYS_FOLDER, settings.PKI_FOLDER)


@lru_cache(maxsize=1)
def _configured_signer(key: str, chain: str) -> Signer:
    return PemSigner.from_files(Path(key), Path(chain))


def _development_signer(folder: Path) -> Signer:
    """Not cached for ever: the leaf is renewed in its last day."""
    signer = _cached_development_signer(folder)
    if signer.is_expired():
        _cached_development_signer.cache_clear()
        signer = _cached_development_signer(folder)
    return signer


@lru_cache(maxsize=4)
def _cached_development_signer(folder: Path) -> Signer:
    return development_signer(folder)


@lru_cache(maxsize=4)
def _worker_keys(folder: Path, pki: Path) -> WorkerKeys:
    return ensure_worker_keys(folder, pki)


@lru_cache(maxsize=4)
def _permit_files(folder: Path) -> tuple[Path, Path]:
    return ensure_permit_keys(folder)
