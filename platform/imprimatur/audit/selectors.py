"""Read the trail, and prove that nobody changed it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from governance.errors import LedgerBroken
from governance.ledger import GENESIS, LedgerRow, verify_chain
from imprimatur.audit.models import AuditEvent


@dataclass(frozen=True)
class ChainCheck:
    """`problem` is '' for an unbroken chain, else names the first bad row."""

    rows: int
    head: str
    problem: str = ""

    @property
    def intact(self) -> bool:
        """Nothing was changed, left out or put in."""
        return not self.problem


def events(tenant_id: uuid.UUID, *, subject: str = "", event: str = "") -> QuerySet[AuditEvent]:
    """The tenant's events, newest first; of one subject (`gen_...`) or one kind (`consent.revoked`) when named."""
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("-seq")
    if subject:
        rows = rows.filter(subject=subject)
    return rows.filter(event=event) if event else rows


def verify(tenant_id: uuid.UUID) -> ChainCheck:
    """Compute the whole chain again, outside the database's trigger."""
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("seq")
    count = rows.count()
    try:
        head = verify_chain(_ledger_rows(rows))
    except LedgerBroken as broken:
        return ChainCheck(count, GENESIS, str(broken))
    return ChainCheck(count, head)


def _ledger_rows(rows: QuerySet[AuditEvent]) -> Iterator[LedgerRow]:
    for row in rows.iterator(chunk_size=1000):
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
