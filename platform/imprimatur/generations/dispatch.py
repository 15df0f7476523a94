"""From the queue to the workers: a few orders in flight for each slot, fair across tenants, each with fresh rights."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from governance.policy import Refusal
from gpu_worker.messages import HEARTBEAT_SECONDS, ORDERS_PER_SLOT, RenderOrder
from imprimatur.generations import gate, incoming, life, orders
from imprimatur.generations.fairness import Turns, Waiting, choose
from imprimatur.generations.models import GenerationState, WorkerSeen
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

WORKER_IS_GONE = timedelta(seconds=3 * HEARTBEAT_SECONDS)


def dispatch(turns: Turns) -> int:
    """Send what the workers have room for; how many orders were sent. Called by the leader only."""
    free = free_places(timezone.now())
    if not free:
        return 0
    chosen = choose(_waiting(sum(free.values())), free, turns)
    if not chosen or not orders.broker_answers():
        return 0
    return sum(_dispatch_one(item.tenant_id, item.generation_id) for item in chosen)


def free_places(now: datetime) -> dict[str, int]:
    """How many more orders of each profile the living workers may hold. A worker of two profiles counts for both."""
    places: Counter[str] = Counter()
    for worker in WorkerSeen.objects.filter(seen_at__gte=now - WORKER_IS_GONE):
        places.update(dict.fromkeys(worker.profiles, worker.slots * ORDERS_PER_SLOT))
    flying = _in_flight()
    left = {profile: count - flying.get(profile, 0) for profile, count in places.items()}
    return {profile: count for profile, count in left.items() if count > 0}


def _in_flight() -> Mapping[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT profile, orders FROM generations_in_flight()")
        return dict(cursor.fetchall())


def _waiting(per_tenant: int) -> list[Waiting]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, generation_id, profile, steps FROM generations_waiting(%s)", [per_tenant])
        return [Waiting(*row) for row in cursor.fetchall()]


def _dispatch_one(tenant_id: uuid.UUID, generation_id: uuid.UUID) -> bool:
    """Commit the attempt first, send afterwards: an order without a row would be drawn for nobody."""
    try:
        order = _begin(tenant_id, generation_id)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("%s cannot be dispatched: it fails, so that it holds nobody up", generation_id)
        _give_up(tenant_id, generation_id)
        return False
    if order is None:
        return False
    if orders.send(order):
        return True
    _take_back(tenant_id, generation_id, order.attempt)
    return False


def _begin(tenant_id: uuid.UUID, generation_id: uuid.UUID) -> RenderOrder | None:
    now = timezone.now()
    with tenant_scope(tenant_id):
        row = life.locked(generation_id)
        if row is None or row.state != GenerationState.QUEUED or row.dispatched_at is not None:
            return None
        answer = gate.decision(
            None,
            action="generate",
            references=row.references,
            version=row.template_version,
            use=row.use,
            now=now,
            already=row,
        )
        if isinstance(answer, Refusal):
            incoming.refuse(row, answer, now)
            return None
        return orders.begin_attempt(row, answer, now)


def _give_up(tenant_id: uuid.UUID, generation_id: uuid.UUID) -> None:
    with tenant_scope(tenant_id):
        row = life.locked(generation_id)
        if row is not None and row.state == GenerationState.QUEUED:
            life.end(row, GenerationState.FAILED, timezone.now(), error_code="dispatch_failed")


def _take_back(tenant_id: uuid.UUID, generation_id: uuid.UUID, attempt: int) -> None:
    """The broker refused the order: the row waits again, and this attempt does not count as lost."""
    with tenant_scope(tenant_id):
        row = life.locked(generation_id)
        if row is not None and row.attempt == attempt and row.state == GenerationState.QUEUED:
            life.take_back(row)  # without a ring: the broker is asked again at the next tick
