"""Write one fact. Call it last in the transaction that does the thing: the chain is locked until the commit."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from governance.ledger import GENESIS, payload_text
from imprimatur.audit.models import AuditEvent


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


def head(tenant_id: uuid.UUID) -> str:
    """The hash of the tenant's newest event; GENESIS before the first."""
    newest = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("-seq").values_list("hash", flat=True).first()
    return newest or GENESIS
