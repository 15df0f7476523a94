"""Names and addresses are kept encrypted: AES-256-GCM, bound to their record, with keys outside the database.

Keys are 32 bytes in base64, separated by commas or lines: IMPRIMATUR_RECORD_KEYS, or on one machine the file
`record.keys` beside the signing keys, made on first use. The first key seals, every one opens. To rotate, put a new key
in front, run `manage.py rotate_record_keys`, then drop the old one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from governance.keyfiles import kept_key
from imprimatur.environment import secret
from imprimatur.rights.models import AccessLink, ConsentRecord, ContactChange, Mail, TrademarkLicence
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.models import TenantModel

FILE_NAME: Final = "record.keys"
KEY_BYTES, NONCE_BYTES = 32, 12
_VERSION: Final = "v1"


class CannotUnseal(DomainError):
    """The key that sealed this is not here, or the text was changed."""

    def __init__(self) -> None:
        sentence = _("The name and address cannot be read: the record key is missing. Tell whoever runs this server.")
        super().__init__("cannot_unseal", sentence, 500)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who stands behind a record. language: of what is sent to them."""

    name: str = ""
    email: str = ""
    language: str = "en"


def seal_contact(row_id: uuid.UUID, contact: Contact) -> str:
    """For the row's column; '' for nobody."""
    return seal(row_id, asdict(contact)) if contact.name or contact.email else ""


def contact_of(row_id: uuid.UUID, sealed: str) -> Contact:
    """What `seal_contact` sealed. CannotUnseal."""
    return Contact(**unseal(row_id, sealed)) if sealed else Contact()


def seal(row_id: uuid.UUID, data: dict[str, Any]) -> str:
    """`v1.<key id>.<nonce and ciphertext>`. Bound to the row's id: moved to another row it does not open."""
    key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    hidden = AESGCM(key).encrypt(nonce, json.dumps(data, ensure_ascii=False).encode(), _bound_to(row_id))
    return ".".join([_VERSION, _key_id(key), base64.urlsafe_b64encode(nonce + hidden).decode()])


def unseal(row_id: uuid.UUID, sealed: str) -> dict[str, Any]:
    """Raises CannotUnseal."""
    try:
        version, key_id, text = sealed.split(".")
        raw = base64.urlsafe_b64decode(text)
        key = next(key for key in _keys() if _key_id(key) == key_id and version == _VERSION)
        return dict(json.loads(AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _bound_to(row_id))))
    except (ValueError, StopIteration, InvalidTag, binascii.Error) as error:
        raise CannotUnseal from error


def reseal_all() -> int:
    """Seal the entered company's texts with the newest key, where another one did. How many; CannotUnseal."""
    columns = (
        (ConsentRecord, "sealed_contact", "pk"),
        (TrademarkLicence, "sealed_contact", "pk"),
        (ContactChange, "sealed_contact", "record"),
        (AccessLink, "sealed_note", "pk"),
        (Mail, "sealed", "pk"),
    )
    _tell_database("on")  # it lets a contact in force change for this, and by another key only
    count = sum(_reseal(*column) for column in columns)
    _tell_database("off")
    return count


def _tell_database(is_resealing: str) -> None:
    """For this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.resealing', %s, true)", [is_resealing])


def _reseal(model: type[TenantModel], column: str, bound: str) -> int:
    current = f".{_key_id(_keys()[0])}."
    old = model.objects.select_for_update().exclude(**{column: ""}).exclude(**{f"{column}__contains": current})
    rows = list(old)
    for row in rows:
        to = getattr(row, bound)
        model.objects.filter(pk=row.pk).update(**{column: seal(to, unseal(to, getattr(row, column)))})
    return len(rows)


def _bound_to(row_id: uuid.UUID) -> bytes:
    return b"imprimatur-record|" + row_id.bytes


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:8]


def _keys() -> list[bytes]:
    text = secret("record_keys") or kept_key(Path(settings.PKI_FOLDER) / FILE_NAME, KEY_BYTES)
    keys = [base64.b64decode(part) for part in text.replace("\n", ",").split(",") if part.strip()]
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise CannotUnseal
    return keys
