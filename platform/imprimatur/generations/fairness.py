"""Whose turn is it? Deficit round robin over tenants (Shreedhar and Varghese, 1996): pure, no clock, no database.

What a tenant has in flight when another comes to wait is service that the other has not had. Round robin forgets it;
here whoever comes begins with that much saved, as start-time fair queueing lets a newcomer begin at the work that is
being done, not at the work that is promised (Goyal, Vin and Cheng, 1996).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

Flight = tuple[uuid.UUID, str]  # whose, and which profile's
NOTHING: Final[Mapping[Flight, int]] = {}


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


def choose(
    waiting: list[Waiting], free: Mapping[str, int], turns: Turns, flying: Mapping[Flight, int] = NOTHING
) -> list[Waiting]:
    """Which pictures to send now, in order: at most `free[profile]` of each profile.

    waiting: oldest first within each tenant. flying: steps that each tenant has in flight, by profile. A tenant whose
    queue is empty saves nothing; over time every waiting tenant gets the same number of steps, however many pictures it
    asked for and however long each takes. What it gains each round is the shortest picture that waits, so that nobody
    is served several in a row while others wait.
    """
    room = dict(free)
    queues = _queues(waiting, room)
    quantum = min((item.cost for queue in queues.values() for item in queue), default=1)
    turns.deficits = {
        tenant: turns.deficits.get(tenant, _head_start(tenant, queue, flying)) for tenant, queue in queues.items()
    }
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


def shared(
    free: Mapping[str, int], alone: Mapping[str, int], waiting: list[Waiting], flying: Collection[Flight]
) -> dict[str, int]:
    """Of the free places of each profile those that may be filled now: all of them where several tenants wait or fly.

    A tenant that nobody shares with takes those in `alone` only. The rest is for whoever comes next, who would wait
    behind everything that is in flight, since nobody takes an order back.
    """
    tenants = defaultdict[str, set[uuid.UUID]](set)
    for tenant, profile in (*flying, *((item.tenant_id, item.profile) for item in waiting)):
        tenants[profile].add(tenant)
    return {
        profile: places if len(tenants[profile]) > 1 else min(places, alone.get(profile, 0))
        for profile, places in free.items()
    }


def _head_start(tenant: uuid.UUID, queue: list[Waiting], flying: Mapping[Flight, int]) -> int:
    """How many steps less it has in flight than whoever has most, of the profiles that it waits for."""
    behind = [
        steps - flying.get((tenant, profile), 0)
        for (_, profile), steps in flying.items()
        if profile in {item.profile for item in queue}
    ]
    return max(0, *behind) if behind else 0


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
