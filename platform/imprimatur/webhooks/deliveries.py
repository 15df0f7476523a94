"""Tell each endpoint what the trail says, in its order, until it is taken: pulled from the audit trail, never pushed.

An endpoint is told one event after the other: what comes later waits for what is tried again. The row remembers the
number up to which everything was told; a delivery is written down as begun before it is sent, so a process that dies
sends it again at the next try, under the same id.
"""

from __future__ import annotations

import fnmatch
import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from governance.canonical import utc_text
from imprimatur.audit import services as audit
from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import secrets
from imprimatur.webhooks.models import Endpoint
from imprimatur.webhooks.sending import PATIENCE, NotTaken, post

logger = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(hours=6)
MOST_FAILURES: Final = 20  # in a row; the waits between them add up to three days
SCANNED: Final = 500
TURN: Final = 20  # deliveries in a row before another endpoint has its turn
Send = Callable[[str, bytes, dict[str, str]], None]


@dataclass(frozen=True)
class Message:
    """One event on its way to one endpoint. seq: its number in the trail."""

    seq: int
    url: str
    body: bytes
    headers: dict[str, str]


def due(now: datetime | None = None) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Endpoints of every tenant that have something to be told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, endpoint_id FROM webhooks_due(%s)", [now or timezone.now()])
        return list(cursor.fetchall())


def take_turn(tenant_id: uuid.UUID, endpoint_id: uuid.UUID, stop: Callable[[], bool] = lambda: False) -> int:
    """Tell one endpoint some events; how many it took. Ends at the first that it does not take."""
    taken = 0
    while taken < TURN and not stop() and deliver_next(tenant_id, endpoint_id):
        taken += 1
    return taken


def deliver_next(tenant_id: uuid.UUID, endpoint_id: uuid.UUID, send: Send | None = None) -> bool:
    """One event, by `post` unless another way is given. False where there is none, it is not due, or was not taken."""
    with tenant_scope(tenant_id):
        message = _begin(tenant_id, endpoint_id, timezone.now())
    if message is None:
        return False
    trouble: NotTaken | None = None
    try:
        (send or post)(message.url, message.body, message.headers)
    except NotTaken as error:
        trouble = error
    with tenant_scope(tenant_id):
        _note(endpoint_id, message, trouble, timezone.now())
    return trouble is None


def wait_after(failures: int) -> timedelta:
    """Doubled each time."""
    return min(FIRST_WAIT * (1 << min(failures, 20)), LONGEST_WAIT)


def _begin(tenant_id: uuid.UUID, endpoint_id: uuid.UUID, now: datetime) -> Message | None:
    row = Endpoint.objects.select_for_update(of=("self",)).filter(pk=endpoint_id).first()
    if row is None or row.disabled_at is not None or row.next_at > now:
        return None
    event = _next_event(tenant_id, row)
    if event is None:
        row.save(update_fields=["cursor"])
        return None
    row.next_at = now + max(wait_after(row.failures), timedelta(seconds=2 * PATIENCE))  # nobody else sends it meanwhile
    row.save(update_fields=["cursor", "next_at"])
    return _message(row, event, now)


def _next_event(tenant_id: uuid.UUID, row: Endpoint) -> AuditEvent | None:
    """The next one that the endpoint wants; what it does not want is passed over, some rows at a time."""
    rows: QuerySet[AuditEvent] = AuditEvent.objects.filter(tenant_id=tenant_id, seq__gt=row.cursor).order_by("seq")
    for event in rows[:SCANNED]:
        if wants(row, event.event):
            return event
        row.cursor = event.seq
    return None


def wants(row: Endpoint, kind: str) -> bool:
    """Whether events of this kind are told there."""
    return not row.events or any(fnmatch.fnmatchcase(kind, pattern) for pattern in row.events)


def _message(row: Endpoint, event: AuditEvent, now: datetime) -> Message:
    """The same id each time, and a timestamp of its own, by which receivers refuse what is old."""
    message_id, timestamp = f"evt_{row.id.hex[:12]}_{event.seq}", int(now.timestamp())
    told: dict[str, Any] = {
        "id": message_id,
        "type": event.event,
        "seq": event.seq,
        "occurred_at": utc_text(event.occurred_at),
        "subject": event.subject,
        "data": json.loads(event.payload),
    }
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Imprimatur-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": secrets.signatures(row, message_id, timestamp, body, now),
    }
    return Message(event.seq, row.url, body, headers)


def _note(endpoint_id: uuid.UUID, message: Message, trouble: NotTaken | None, now: datetime) -> None:
    """What became of a try. Nothing where the row was changed meanwhile: it is told anew."""
    row = Endpoint.objects.select_for_update(of=("self",)).filter(pk=endpoint_id).first()
    if row is None or row.disabled_at is not None or row.url != message.url or row.cursor >= message.seq:
        return
    if trouble is None:
        row.cursor, row.failures, row.trouble, row.next_at, row.delivered_at = message.seq, 0, "", now, now
        row.save()
        return
    logger.warning("%s: event %d was not taken: %s", row.public_id, message.seq, trouble)
    row.failures += 1
    row.trouble = str(trouble)[:300]
    row.next_at = now + wait_after(row.failures - 1)
    if trouble.is_gone or row.failures >= MOST_FAILURES:
        row.disabled_at = now
    row.save()
    if row.disabled_at is not None:
        facts = {"failures": row.failures, "gone": trouble.is_gone, "next": message.seq}
        audit.record(row.tenant_id, "system", "webhook.disabled", row.public_id, facts)
