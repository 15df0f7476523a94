"""Deficit round robin, as pure arithmetic: no tenant's flood delays another's picture."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imprimatur.generations.fairness import Turns, Waiting, choose, shared

A, B, C = (uuid.UUID(int=n) for n in (1, 2, 3))


def queue(tenant: uuid.UUID, count: int, *, cost: int = 25, profile: str = "studio") -> list[Waiting]:
    return [Waiting(tenant, uuid.uuid4(), profile, cost) for _ in range(count)]


def one_by_one(waiting: list[Waiting], picks: int, room: int = 1) -> list[Waiting]:
    """The order in which pictures are sent when `room` places fall free at a time."""
    left, turns, sent = list(waiting), Turns(), list[Waiting]()
    while len(sent) < picks and left:
        for item in choose(left, {"studio": room}, turns):
            left.remove(item)
            sent.append(item)
    return sent[:picks]


def test_a_single_picture_is_drawn_second_beside_a_flood() -> None:
    sent = one_by_one(queue(A, 5000) + queue(B, 1), 3)
    assert B in [item.tenant_id for item in sent[:2]]


def test_tenants_take_turns() -> None:
    sent = one_by_one(queue(A, 50) + queue(B, 50) + queue(C, 50), 30)
    assert Counter(item.tenant_id for item in sent) == {A: 10, B: 10, C: 10}


@pytest.mark.parametrize("room", [1, 2, 5])
def test_it_is_steps_that_are_shared_not_pictures(room: int) -> None:
    sent = one_by_one(queue(A, 400, cost=10) + queue(B, 400, cost=50), 240, room)
    steps = Counter[uuid.UUID]()
    for item in sent:
        steps[item.tenant_id] += item.cost
    assert abs(steps[A] - steps[B]) <= 2 * (10 + 50)


@pytest.mark.parametrize("cost", [1, 5, 25, 200])
def test_turns_are_as_short_as_the_pictures(cost: int) -> None:
    """Nobody is served several short pictures in a row while another waits."""
    sent = [item.tenant_id for item in one_by_one(queue(A, 20, cost=cost) + queue(B, 20, cost=cost), 20, room=2)]
    assert all(Counter(sent[:n])[A] - n / 2 in (-0.5, 0, 0.5) for n in range(1, 20))


def test_within_a_tenant_the_oldest_goes_first() -> None:
    mine = queue(A, 10)
    assert one_by_one(mine, 10) == mine


def test_an_idle_tenant_saves_nothing() -> None:
    turns = Turns()
    choose(queue(A, 100), {"studio": 50}, turns)
    choose(queue(A, 100) + queue(B, 1), {"studio": 2}, turns)
    assert B not in turns.deficits


def test_a_profile_without_room_does_not_hold_up_another() -> None:
    waiting = queue(A, 2, profile="sdxl-realcustom") + queue(A, 2)
    assert {item.profile for item in choose(waiting, {"studio": 4}, Turns())} == {"studio"}


@pytest.mark.parametrize("slots", [1, 2, 4, 8])
def test_a_newcomer_catches_up_with_what_is_in_flight(slots: int) -> None:
    """A worker holds up to twice its slots, of a flood that is alone one more than its slots, and draws them in the
    order they came. What is in flight nobody takes back; from then on the newcomer's four are even with it."""
    turns, flying, drawn = Turns(last=A), queue(A, slots + 1), list[uuid.UUID]()
    left = queue(A, 16) + queue(B, 4)
    while Counter(drawn)[B] < 4:
        free, alone = {"studio": 2 * slots - len(flying)}, {"studio": slots + 1 - len(flying)}
        for item in choose(left, shared(free, alone, left, steps_of(flying)), turns, steps_of(flying)):
            left.remove(item)
            flying.append(item)
        drawn.append(flying.pop(0).tenant_id)
    assert Counter(drawn)[A] <= max(slots + 1, 4)


def test_whoever_is_alone_leaves_places_for_the_next_and_two_fill_them_all() -> None:
    free, alone = {"studio": 8, "sd15": 2}, {"studio": 5}
    assert shared(free, alone, queue(A, 20), ()) == {"studio": 5, "sd15": 0}
    assert shared(free, alone, queue(A, 20) + queue(B, 1), ()) == {"studio": 8, "sd15": 0}
    assert shared(free, alone, queue(A, 20), [(B, "studio")])["studio"] == 8
    assert shared(free, alone, queue(A, 20), [(B, "sd15")])["studio"] == 5


def steps_of(flying: list[Waiting]) -> dict[tuple[uuid.UUID, str], int]:
    found = Counter[tuple[uuid.UUID, str]]()
    for item in flying:
        found[item.tenant_id, item.profile] += item.cost
    return dict(found)


def test_what_flies_for_another_model_gives_nobody_a_head_start() -> None:
    turns = Turns()
    choose(queue(A, 5) + queue(B, 5), {"studio": 1}, turns, {(C, "sdxl-realcustom"): 5000})
    assert max(turns.deficits.values()) <= 25


@pytest.mark.parametrize("burst", [1, 2, 4])
def test_whoever_comes_again_and_again_gets_no_more_than_half(burst: int) -> None:
    """A company that asks for a few, and for a few more as soon as those are drawn, beside a flood."""
    turns, flying, left, drawn = Turns(), queue(A, 2), queue(A, 500), list[uuid.UUID]()
    for _ in range(200):
        if B not in {item.tenant_id for item in left + flying}:
            left += queue(B, burst)
        drawn.append(flying.pop(0).tenant_id)
        for item in choose(left, {"studio": 1}, turns, steps_of(flying)):
            left.remove(item)
            flying.append(item)
    assert Counter(drawn)[B] <= 101


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 200), st.sampled_from(["studio", "sd15"])), max_size=60),
    st.dictionaries(st.sampled_from(["studio", "sd15"]), st.integers(0, 10)),
)
def test_all_room_is_used_and_never_more(asked: list[tuple[int, int, str]], free: dict[str, int]) -> None:
    waiting = [Waiting(uuid.UUID(int=t), uuid.uuid4(), profile, cost) for t, cost, profile in asked]
    chosen = choose(waiting, free, Turns())
    assert len({item.generation_id for item in chosen}) == len(chosen)
    for profile in ("studio", "sd15"):
        wanted = sum(item.profile == profile for item in waiting)
        assert sum(item.profile == profile for item in chosen) == min(wanted, free.get(profile, 0))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 200), min_size=2, max_size=5), st.integers(1, 4))
def test_backlogged_tenants_never_drift_apart(costs: list[int], room: int) -> None:
    """The bound of deficit round robin: one quantum and one picture, whatever the pictures cost."""
    tenants = [uuid.UUID(int=n + 1) for n in range(len(costs))]
    waiting = [item for tenant, cost in zip(tenants, costs, strict=True) for item in queue(tenant, 300, cost=cost)]
    steps = Counter[uuid.UUID]()
    for item in one_by_one(waiting, 120, room):
        steps[item.tenant_id] += item.cost
    served = [steps[tenant] for tenant in tenants]
    assert max(served) - min(served) <= 2 * (min(costs) + max(costs))
