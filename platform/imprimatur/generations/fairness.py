"""Whose turn is it? Deficit round robin over tenants (Shreedhar and Varghese, 1996): pure, no clock, no database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Waiting:
    """One picture in a tenant's queue. cost: its denoising steps, what it takes of a GPU."""

    tenant_id: uuid.UUID
    generation_id: uuid.UUID
    profile: str
    cost: int


@dataclass
class Turns:
    """What the rounds remember: who was served last, and what each waiting tenant saved up."""

    deficits: dict[uuid.UUID, int] = field(default_factory=dict)
    last: uuid.UUID | None = None


def choose(waiting: list[Waiting], free: Mapping[str, int], turns: Turns) -> list[Waiting]:
    """Which pictures to send now, in order: at most `free[profile]` of each profile.

    waiting: oldest first within each tenant. A tenant whose queue is empty saves nothing; over time every waiting
    tenant gets the same number of steps, however many pictures it asked for and however long each takes. What it gains
    each round is the shortest picture that waits, so that nobody is served several in a row while others wait.
    """
    room = dict(free)
    queues = _queues(waiting, room)
    quantum = min((item.cost for queue in queues.values() for item in queue), default=1)
    turns.deficits = {tenant: turns.deficits.get(tenant, 0) for tenant in queues}
    chosen: list[Waiting] = []
    if turns.last in queues:  # its turn may have ended for want of room only
        chosen += _serve(turns.last, queues[turns.last], room, turns)
    while queues := {tenant: queue for tenant, queue in queues.items() if _drawable(queue, room)}:
        for tenant in _ring(queues, turns.last):
            if _drawable(queues[tenant], room):
                turns.deficits[tenant] += max(quantum, 1)
                chosen += _serve(tenant, queues[tenant], room, turns)
    _forget_served(waiting, chosen, turns)
    return chosen


def _queues(waiting: list[Waiting], room: Mapping[str, int]) -> dict[uuid.UUID, list[Waiting]]:
    queues: dict[uuid.UUID, list[Waiting]] = {}
    for item in _drawable(waiting, room):
        queues.setdefault(item.tenant_id, []).append(item)
    return queues


def _drawable(queue: list[Waiting], room: Mapping[str, int]) -> list[Waiting]:
    return [item for item in queue if room.get(item.profile, 0) > 0]


def _ring(queues: Mapping[uuid.UUID, list[Waiting]], last: uuid.UUID | None) -> list[uuid.UUID]:
    """Tenants in a fixed circle, beginning after the one served last."""
    circle = sorted(queues)
    after = [tenant for tenant in circle if last is not None and tenant > last]
    return after + [tenant for tenant in circle if tenant not in after]


def _serve(tenant: uuid.UUID, queue: list[Waiting], room: dict[str, int], turns: Turns) -> list[Waiting]:
    """What the tenant's savings pay for, taken off its queue."""
    turns.last = tenant
    served: list[Waiting] = []
    for item in list(queue):
        if room.get(item.profile, 0) <= 0:
            continue
        if item.cost > turns.deficits[tenant]:
            break
        queue.remove(item)
        room[item.profile] -= 1
        turns.deficits[tenant] -= item.cost
        served.append(item)
    return served


def _forget_served(waiting: list[Waiting], chosen: list[Waiting], turns: Turns) -> None:
    """A tenant with nothing left to draw saves nothing for later."""
    sent = {item.generation_id for item in chosen}
    left = {item.tenant_id for item in waiting if item.generation_id not in sent}
    turns.deficits = {tenant: saved for tenant, saved in turns.deficits.items() if tenant in left}
