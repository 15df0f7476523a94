"""Where each trail ended, signed and kept outside the database: in HOME/checkpoints, or wherever
IMPRIMATUR_CHECKPOINT_URLS says (several places, each gets every checkpoint).

Whoever owns the database may cut or rewrite a trail; a checkpoint in a place that they do not own tells it. The newest
one is enough: its hash depends on every row before it.
"""

from __future__ import annotations

import logging
import os
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import connection
from django.utils import timezone

from governance.checkpoint import Checkpoint, ensure_checkpoint_keys, public_pem, read_checkpoint, sign_checkpoint
from governance.errors import CheckpointRefused, LedgerBroken
from governance.ledger import GENESIS, verify_chain
from governance.permit import load_private_key, load_public_key
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.rows import ledger_rows

logger = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[0-9]{12}\.json")
_LONGEST: Final = 4096  # bytes


def ends() -> list[tuple[uuid.UUID, int]]:
    """Every tenant with a trail, and the number of its last row. Needs no scope; tells ids and numbers only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, seq FROM audit_ends()")
        return [(row[0], row[1]) for row in cursor.fetchall()]


def take(tenant_id: uuid.UUID, now: datetime | None = None) -> Checkpoint | None:
    """Note where the trail ends, if it has grown; None when there is nothing to note. Needs the tenant's scope.

    What was added since the last checkpoint is checked first. Raises LedgerBroken, and notes nothing, when the trail
    does not continue it: a checkpoint must never vouch for a trail that was touched. Whoever takes one at the same time
    waits for the end of this transaction: two that both name the same row would not follow one another.
    """
    _one_at_a_time(tenant_id)
    last = newest(tenant_id)
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("seq")
    if last is not None:
        if not rows.filter(seq=last.seq, hash=last.head).exists():
            raise LedgerBroken(f"the trail no longer has row {last.seq} as the checkpoint of {last.taken_at} saw it")
        rows = rows.filter(seq__gt=last.seq)
    seq, before = (last.seq, last.head) if last else (0, GENESIS)
    head = verify_chain(ledger_rows(rows), prev_hash=before, first_seq=seq + 1)
    if head == before:
        return None
    end = AuditEvent.objects.get(tenant_id=tenant_id, hash=head).seq
    moment = now or timezone.now()
    taken = Checkpoint(tenant_id=tenant_id, seq=end, head=head, taken_at=moment, previous=last.digest() if last else "")
    _keep(taken)
    return taken


def _one_at_a_time(tenant_id: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"checkpoint {tenant_id}"])


def newest(tenant_id: uuid.UUID) -> Checkpoint | None:
    """The genuine checkpoint that saw the longest trail, of all places; None before the first."""
    found = [c for place in places() if (c := _newest_in(place, tenant_id)) is not None]
    return max(found, key=lambda c: c.seq, default=None)


def files(tenant_id: uuid.UUID) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every checkpoint of the tenant, oldest first; the first place that has it gives it."""
    wanted: dict[str, Storage] = {}
    for place in places():
        for name in _names(place, tenant_id):
            wanted.setdefault(name, place)
    for name, place in sorted(wanted.items()):
        with place.open(f"{tenant_id}/{name}") as file:
            yield name, bytes(file.read())


def public_keys() -> tuple[Ed25519PublicKey, ...]:
    """What checkpoints are checked with: this installation's key, then those in IMPRIMATUR_CHECKPOINT_OLD_KEYS."""
    older = [Path(name) for name in os.environ.get("IMPRIMATUR_CHECKPOINT_OLD_KEYS", "").split(":") if name]
    return (_private_key().public_key(), *(load_public_key(path) for path in older))


def public_key_pem() -> bytes:
    """For an auditor, to be kept apart from the trail."""
    return public_pem(_private_key())


def _private_key() -> Ed25519PrivateKey:
    named = os.environ.get("IMPRIMATUR_CHECKPOINT_KEY", "")
    return _loaded(Path(named)) if named else _own_key(settings.PKI_FOLDER)


@lru_cache(maxsize=4)
def _loaded(path: Path) -> Ed25519PrivateKey:
    return load_private_key(path)


@lru_cache(maxsize=4)
def _own_key(folder: Path) -> Ed25519PrivateKey:
    return load_private_key(ensure_checkpoint_keys(folder)[0])


def _keep(checkpoint: Checkpoint) -> None:
    """In every place; one that cannot be written is named in the log, and gets the next checkpoint again."""
    data, written = sign_checkpoint(checkpoint, _private_key()), 0
    name = path_of(checkpoint)
    for number, place in enumerate(places(), 1):
        try:
            place.save(name, ContentFile(data))
            written += 1
        except Exception:
            logger.exception("%s: the checkpoint could not be kept in place %d", checkpoint.tenant_id, number)
    if not written:
        raise OSError(f"checkpoint {name} could not be kept anywhere")


def path_of(checkpoint: Checkpoint) -> str:
    """Of its file, in each place."""
    return f"{checkpoint.tenant_id}/{_name_of(checkpoint)}"


def _name_of(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.seq:012d}.json"


def places() -> list[Storage]:
    """Each gets every checkpoint."""
    return [storages[alias] for alias in settings.STORAGES if alias.startswith(settings.CHECKPOINT_PLACE)]


def _names(place: Storage, tenant_id: uuid.UUID) -> list[str]:
    try:
        return sorted(name for name in place.listdir(str(tenant_id))[1] if _NAME.fullmatch(name))
    except FileNotFoundError:
        return []


def genuine(place: Storage, tenant_id: uuid.UUID) -> Iterator[Checkpoint]:
    """Every one in this place, oldest first; files that prove nothing are passed over."""
    found = (_read(place, tenant_id, name) for name in _names(place, tenant_id))
    return (checkpoint for checkpoint in found if checkpoint is not None)


def _newest_in(place: Storage, tenant_id: uuid.UUID) -> Checkpoint | None:
    try:
        names = _names(place, tenant_id)
    except Exception:
        logger.exception("%s: a place of checkpoints cannot be listed", tenant_id)
        return None
    return next((found for name in reversed(names) if (found := _read(place, tenant_id, name)) is not None), None)


def _read(place: Storage, tenant_id: uuid.UUID, name: str) -> Checkpoint | None:
    """A file that proves nothing is passed over, and named in the log; so is a genuine one under another's name.

    Whoever may add to a place, and not delete, could hide the newest behind a copy of an older or another company's.
    """
    try:
        with place.open(f"{tenant_id}/{name}") as file:
            found = read_checkpoint(file.read(_LONGEST), public_keys())
    except CheckpointRefused as refused:
        logger.critical("%s: checkpoint %s is not genuine: %s", tenant_id, name, refused)
        return None
    if (found.tenant_id, _name_of(found)) == (tenant_id, name):
        return found
    logger.critical("%s: checkpoint %s is a copy of row %d's of %s", tenant_id, name, found.seq, found.tenant_id)
    return None
