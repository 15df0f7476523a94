"""What a person asked for: a test, or an event once more. Tried once, out of turn, also where nothing else is told."""

from __future__ import annotations

import uuid

from django.db import connection
from django.utils import timezone

from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import log
from imprimatur.webhooks.messages import Message, of_event, of_test
from imprimatur.webhooks.models import Delivery


def asked() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Tenant and delivery of everything that was asked for and not begun."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, delivery_id FROM webhooks_asked()")
        return list(cursor.fetchall())


def deliver(tenant_id: uuid.UUID, delivery_id: uuid.UUID) -> bool:
    """Whether it was taken. A process that dies over it leaves it without an answer; nobody sends it by itself."""
    with tenant_scope(tenant_id):
        message = _begin(tenant_id, delivery_id)
    if message is None:
        return False
    outcome = log.tried(message)
    with tenant_scope(tenant_id):
        log.note(delivery_id, outcome, timezone.now())
    return outcome.trouble is None


def _begin(tenant_id: uuid.UUID, delivery_id: uuid.UUID) -> Message | None:
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint")
    row = rows.filter(pk=delivery_id, by_hand=True, attempts=0).first()
    if row is None:
        return None
    now = timezone.now()
    log.begin(row, now)
    if row.seq is None:
        return of_test(row.endpoint, row, now)
    return of_event(row.endpoint, AuditEvent.objects.get(tenant_id=tenant_id, seq=row.seq), now)
