"""Write one fact. Call it last in the transaction that does the thing: the chain is locked until the commit."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from governance.ledger import GENESIS, payload_text
from imprimatur.audit import selectors
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.selectors import ChainCheck


def record(
    tenant_id: uuid.UUID,
    actor_label: str,
    event: str,
    subject_public_id: str = "",
    payload: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append an event to the tenant's chain and return it with `seq` and `hash`. Nothing personal in the payload.

    Needs the tenant's scope. The subject is repeated in the payload, because the payload is what the chain hashes.
    """
    facts = dict(payload or {})
    if subject_public_id:
        facts["subject"] = subject_public_id
    row = AuditEvent.objects.create(
        tenant_id=tenant_id,
        occurred_at=timezone.now(),
        actor=actor_label,
        event=event,
        subject=subject_public_id,
        payload=payload_text(facts),
        seq=0,
    )
    row.refresh_from_db(fields=["seq", "prev_hash", "hash"])
    return row


def record_many(tenant_id: uuid.UUID, actor_label: str, event: str, facts: Iterable[tuple[str, dict[str, Any]]]) -> int:
    """Append the same event about many subjects in one statement: (public id, payload) of each, chained in this order.

    Returns how many. As for `record`: last in the transaction, nothing personal.
    """
    now = timezone.now()
    rows = [
        AuditEvent(
            tenant_id=tenant_id,
            occurred_at=now,
            actor=actor_label,
            event=event,
            subject=subject,
            payload=payload_text(payload | {"subject": subject}),
            seq=0,
        )
        for subject, payload in facts
    ]
    return len(AuditEvent.objects.bulk_create(rows, batch_size=1000))


def verify_whole(tenant_id: uuid.UUID, actor_label: str) -> ChainCheck:
    """Compute the whole chain again, and record what was found. The event comes after the check, and is not in it."""
    found = selectors.verify(tenant_id)
    facts = {"rows": found.rows, "head": found.head, "intact": found.intact}
    record(tenant_id, actor_label, selectors.FULL_CHECK, "", facts)
    return found


def head(tenant_id: uuid.UUID) -> str:
    """The hash of the tenant's newest event; GENESIS before the first."""
    newest = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("-seq").values_list("hash", flat=True).first()
    return newest or GENESIS
