"""From the queue to the workers: a few orders in flight for each slot, fair across tenants, each with fresh rights."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from governance.policy import Refusal
from gpu_worker.messages import HEARTBEAT_SECONDS, ORDERS_PER_SLOT, RenderOrder
from imprimatur.generations import gate, incoming, life, orders
from imprimatur.generations.clock import database_now
from imprimatur.generations.fairness import Flight, Turns, Waiting, choose, shared
from imprimatur.generations.models import GenerationState, WorkerSeen
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

WORKER_IS_GONE = timedelta(seconds=3 * HEARTBEAT_SECONDS)


def dispatch(turns: Turns) -> int:
    """Send what the workers have room for; how many orders were sent. Called by the leader only."""
    now, flying = database_now(), _flying()
    free = free_places(now, flying)
    if not free:
        return 0
    waiting = _waiting(sum(free.values()))
    steps = {flight: held.steps for flight, held in flying.items()}
    chosen = choose(waiting, shared(free, _places_alone(now, flying), waiting, flying), turns, steps)
    if not chosen or not orders.broker_answers():
        return 0
    return sum(_dispatch_one(item.tenant_id, item.generation_id) for item in chosen)


@dataclass(frozen=True)
class Held:
    """What workers hold of one tenant and profile. stamping: those of the orders that are drawn already."""

    steps: int
    orders: int
    stamping: int


def free_places(now: datetime, flying: Mapping[Flight, Held] | None = None) -> dict[str, int]:
    """How many more orders of each profile the living workers may hold, by the database's clock. A worker of two
    profiles counts for both."""
    held = _counted(_flying() if flying is None else flying, lambda found: found.orders)
    return _left(now, lambda slots: slots * ORDERS_PER_SLOT, held)


def _places_alone(now: datetime, flying: Mapping[Flight, Held]) -> dict[str, int]:
    """The same for a tenant that nobody shares with: what each worker draws at once, and one to go on with."""
    return _left(now, lambda slots: slots + 1, _counted(flying, lambda found: found.orders - found.stamping))


def _left(now: datetime, places: Callable[[int], int], held: Mapping[str, int]) -> dict[str, int]:
    all_places: Counter[str] = Counter()
    for worker in WorkerSeen.objects.filter(seen_at__range=(now - WORKER_IS_GONE, now + WORKER_IS_GONE)):
        all_places.update(dict.fromkeys(worker.profiles, places(worker.slots)))
    left = {profile: count - held.get(profile, 0) for profile, count in all_places.items()}
    return {profile: count for profile, count in left.items() if count > 0}


def _counted(flying: Mapping[Flight, Held], count: Callable[[Held], int]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (_, profile), held in flying.items():
        counted[profile] += count(held)
    return counted


def _flying() -> dict[Flight, Held]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, profile, steps, orders, stamping FROM generations_flying()")
        return {(tenant_id, profile): Held(*counts) for tenant_id, profile, *counts in cursor.fetchall()}


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
