"""Tell each endpoint what the trail says, in its order, until it is taken: pulled from the audit trail, never pushed.

An endpoint is told one event after the other: what comes later waits for what is tried again. The row remembers the
number up to which everything was told; a delivery is written down as begun before it is sent, so a process that dies
sends it again at the next try, under the same id.
"""

from __future__ import annotations

import fnmatch
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from imprimatur.audit import services as audit
from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import log, notices
from imprimatur.webhooks.messages import Message, of_event
from imprimatur.webhooks.models import Endpoint, Stopped, Trouble
from imprimatur.webhooks.sending import PATIENCE, NotTaken

logger = logging.getLogger(__name__)

FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(hours=6)
MOST_FAILURES: Final = 20  # in a row; the waits between them add up to three days
SCANNED: Final = 500
TURN: Final = 20  # deliveries in a row before another endpoint has its turn


@dataclass(frozen=True)
class _Begun:
    """A try that was written down. seq: number of the event in the trail."""

    seq: int
    message: Message
    delivery_id: uuid.UUID


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


def deliver_next(tenant_id: uuid.UUID, endpoint_id: uuid.UUID, send: log.Send | None = None) -> bool:
    """One event, by `sending.post` unless another way is given. False where there is none, or it was not taken."""
    with tenant_scope(tenant_id):
        begun = _begin(tenant_id, endpoint_id, timezone.now())
    if begun is None:
        return False
    outcome = log.tried(begun.message, send)
    with tenant_scope(tenant_id):
        log.note(begun.delivery_id, outcome, timezone.now())
        _note(endpoint_id, begun, outcome.trouble, timezone.now())
    return outcome.trouble is None


def wait_after(failures: int) -> timedelta:
    """Doubled each time."""
    return min(FIRST_WAIT * (1 << min(failures, 20)), LONGEST_WAIT)


def _begin(tenant_id: uuid.UUID, endpoint_id: uuid.UUID, now: datetime) -> _Begun | None:
    row = Endpoint.objects.select_for_update(of=("self",)).filter(pk=endpoint_id).first()
    if row is None or row.disabled_at is not None or row.next_at > now:
        return None
    event = _next_event(tenant_id, row)
    if event is None:
        row.save(update_fields=["cursor"])
        return None
    row.next_at = now + max(wait_after(row.failures), timedelta(seconds=2 * PATIENCE))  # nobody else sends it meanwhile
    row.save(update_fields=["cursor", "next_at"])
    delivery = log.in_turn(row, event.seq, event.event)
    log.begin(delivery, now)
    return _Begun(event.seq, of_event(row, event, now), delivery.pk)


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


def _note(endpoint_id: uuid.UUID, begun: _Begun, trouble: NotTaken | None, now: datetime) -> None:
    """What became of a try. Nothing where the row was changed meanwhile: it is told anew."""
    row = Endpoint.objects.select_for_update(of=("self",)).filter(pk=endpoint_id).first()
    if row is None or row.disabled_at is not None or row.url != begun.message.url or row.cursor >= begun.seq:
        return
    if trouble is None:
        row.cursor, row.failures, row.trouble, row.next_at, row.delivered_at = begun.seq, 0, "", now, now
        row.save()
        return
    logger.warning("%s: event %d was not taken: %s", row.public_id, begun.seq, trouble)
    row.failures += 1
    row.trouble = str(trouble)[:300]
    row.next_at = now + wait_after(row.failures - 1)
    row.disabled_because = _why_no_more(row, trouble)
    row.disabled_at = now if row.disabled_because else None
    row.save()
    if row.disabled_at is not None:
        notices.tell_owners(row, trouble)
        facts = {"failures": row.failures, "gone": row.disabled_because == Stopped.GONE, "next": begun.seq}
        audit.record(row.tenant_id, "system", "webhook.disabled", row.public_id, facts)


def _why_no_more(row: Endpoint, trouble: NotTaken) -> str:
    if trouble.trouble == Trouble.GONE:
        return Stopped.GONE
    return Stopped.FAILURES if row.failures >= MOST_FAILURES else ""
