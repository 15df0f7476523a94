"""What deliveries are signed with. No secret is stored: each is made from one key outside the database.

The key is IMPRIMATUR_WEBHOOK_KEY (32 bytes in base64), or on one machine the file `webhook.key` beside the signing
keys, made on first use. Whoever reads the database, or a backup, can sign nothing.

Signatures are those of Standard Webhooks: HMAC-SHA256 over `<id>.<timestamp>.<body>`, base64, after `v1,`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from governance.keyfiles import kept_key
from imprimatur.environment import secret as configured
from imprimatur.webhooks.models import Endpoint

FILE_NAME: Final = "webhook.key"
KEY_BYTES: Final = 32
SHOWN_AS: Final = "whsec_"


class NoKey(RuntimeError):
    """IMPRIMATUR_WEBHOOK_KEY is not 32 bytes in base64: make one with `openssl rand -base64 32`."""


def shown(endpoint: Endpoint) -> str:
    """The secret that signs from now on, as its receiver keeps it."""
    return SHOWN_AS + base64.b64encode(_secret(endpoint, endpoint.secret_version)).decode()


def signatures(endpoint: Endpoint, message_id: str, timestamp: int, body: bytes, now: datetime) -> str:
    """The header's value: the newest secret's signature, and for a while after a change the former one's too."""
    versions = [endpoint.secret_version]
    if endpoint.former_until is not None and endpoint.former_until > now:
        versions.append(endpoint.secret_version - 1)
    text = f"{message_id}.{timestamp}.".encode() + body
    made = (hmac.digest(_secret(endpoint, version), text, hashlib.sha256) for version in versions)
    return " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in made)


def _secret(endpoint: Endpoint, version: int) -> bytes:
    """32 bytes; those of one endpoint or version tell nothing of another's."""
    return hmac.digest(_key(), b"imprimatur-webhook|%b|%d" % (endpoint.id.bytes, version), hashlib.sha256)


def _key() -> bytes:
    text = configured("webhook_key") or kept_key(Path(settings.PKI_FOLDER) / FILE_NAME, KEY_BYTES)
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise NoKey from error
    if len(key) != KEY_BYTES:
        raise NoKey
    return key
