"""Stored events as the ledger knows them, and as exports write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from django.db.models import QuerySet

from governance.canonical import utc_text
from governance.errors import LedgerBroken
from governance.ledger import LedgerRow
from imprimatur.audit.models import AuditEvent

CHUNK: Final = 1000


def ledger_rows(rows: QuerySet[AuditEvent]) -> Iterator[LedgerRow]:
    """The rows in the query's order. Raises LedgerBroken for a subject that is not the one that was hashed."""
    for row in rows.iterator(chunk_size=CHUNK):
        if json.loads(row.payload).get("subject", "") != row.subject:
            raise LedgerBroken(f"row {row.seq}: its subject is not the one that was hashed")
        yield LedgerRow(
            seq=row.seq,
            tenant_id=row.tenant_id,
            occurred_at=row.occurred_at,
            actor=row.actor,
            event=row.event,
            payload=row.payload,
            prev_hash=row.prev_hash,
            hash=row.hash,
        )


def texts(row: AuditEvent) -> dict[str, str | int]:
    """Every hashed field as it is hashed: `payload` stays the stored text."""
    return {
        "seq": row.seq,
        "tenant_id": str(row.tenant_id),
        "occurred_at": utc_text(row.occurred_at),
        "actor": row.actor,
        "event": row.event,
        "subject": row.subject,
        "payload": row.payload,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }
