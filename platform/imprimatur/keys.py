"""Where the control side finds its signer, its permit key and its trust anchor.

On one machine: a development chain in HOME/pki, made on first use, loud. In production: a PEM chain whose files are
named by IMPRIMATUR_SIGNER_KEY, IMPRIMATUR_SIGNER_CHAIN and IMPRIMATUR_TRUST_ANCHORS.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from governance.permit import ensure_permit_keys, load_private_key, load_public_key
from governance.pki import development_anchors, development_signer
from governance.signing import PemSigner, Signer
from governance.watermark import ensure_watermark_key
from governance.worker_keys import WorkerKeys, ensure_worker_keys


def platform_signer() -> Signer:
    """Signs what the control side makes: references, thumbnails, releases."""
    key, chain = os.environ.get("IMPRIMATUR_SIGNER_KEY"), os.environ.get("IMPRIMATUR_SIGNER_CHAIN")
    if key and chain:
        return _configured_signer(key, chain)
    return _development_signer(settings.PKI_FOLDER)


def trust_anchors() -> str:
    """PEM text of the roots that our own manifests are checked against."""
    if named := os.environ.get("IMPRIMATUR_TRUST_ANCHORS"):
        return Path(named).read_text()
    return development_anchors(settings.PKI_FOLDER)


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
