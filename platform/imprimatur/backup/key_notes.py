"""Which keys does this installation have? Names and fingerprints, to put the right ones back; never the keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from governance.permit import key_id
from imprimatur import keys
from imprimatur.audit import checkpoints
from imprimatur.environment import SECRETS_FILE

NAMED: Final = (
    "SIGNER_KEY",
    "SIGNER_CHAIN",
    "TRUST_ANCHORS",
    "CHECKPOINT_KEY",
    "CHECKPOINT_OLD_KEYS",
    "WORKER_KEYS",
    "SECRET_KEY",
    "RECORD_KEYS",
    "WEBHOOK_KEY",
)
OF_THE_DATABASE: Final = frozenset({"postgres_password", "owner_password", "app_password"})


def key_notes() -> dict[str, Any]:
    """For keys.json."""
    signer = keys.platform_signer()
    leaf = signer.chain[0]
    named = {f"IMPRIMATUR_{name}": f"IMPRIMATUR_{name}" in os.environ for name in NAMED}
    return {
        "signer": {
            "subject": leaf.subject.rfc4514_string(),
            "sha256": leaf.fingerprint(SHA256()).hex(),
            "expires": leaf.not_valid_after_utc.isoformat(),
        },
        "permit_key": key_id(keys.permit_public_key()),
        "checkpoint_keys": [key_id(key) for key in checkpoints.public_keys()],
        "named_by_the_environment": named,
        "files": [str(path) for folder in key_folders().values() for path in _files(folder)],
    }


def key_folders() -> dict[str, Path]:
    """The folders whose files are keys, by the name they have in a backup."""
    return {"pki": Path(settings.PKI_FOLDER), "worker": Path(settings.WORKER_KEYS_FOLDER)}


def development_keys() -> dict[str, bytes]:
    """The key files and the secrets that this one machine made for itself, the database's passwords left out."""
    found = {
        f"{name}/{path.relative_to(folder)}": path.read_bytes()
        for name, folder in key_folders().items()
        for path in _files(folder)
    }
    return found | ({"secrets.json": SECRETS_FILE.read_bytes()} if SECRETS_FILE.exists() else {})


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
