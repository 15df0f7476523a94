"""Leases go by the database's clock: a control worker whose own is wrong takes no picture from a worker that lives."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from imprimatur.generations import life, services
from imprimatur.generations.clock import database_now
from imprimatur.generations.dispatch import free_places
from imprimatur.generations.models import Generation, WorkerSeen
from imprimatur.generations.reaper import reap
from imprimatur.tenants.scope import tenant_scope

from gpu_worker.messages import ORDERS_PER_SLOT, WorkerHello
from tests.factories import World
from tests.imprimatur.generations.asked import ask, dispatched, now_of, progress

WRONG = [timedelta(hours=3), -timedelta(hours=3)]


def set_own_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """This process' clock, as everything of Django's reads it."""
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + by)


def set_lease(world: World, row: Generation, until: datetime) -> None:
    with tenant_scope(world.aozora.id):
        Generation.objects.filter(pk=row.pk).update(lease_until=until)


@pytest.mark.parametrize("by", WRONG)
def test_a_leader_whose_clock_is_wrong_reaps_what_is_over_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    alive, gone = ask(world, count=2)
    for row in (alive, gone):
        dispatched(world, row)
    set_own_clock(monkeypatch, by)
    set_lease(world, gone, database_now() - timedelta(seconds=1))
    assert reap() == 1
    assert now_of(world, alive).lost_attempts == 0
    assert now_of(world, gone).lost_attempts == 1


@pytest.mark.parametrize("by", WRONG)
def test_whoever_takes_in_a_sign_of_life_grants_the_same_lease(
    world: World, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    (row,) = ask(world)
    order = dispatched(world, row)
    set_own_clock(monkeypatch, by)
    assert services.record_progress(progress(order, "heartbeat"))
    left = now_of(world, row).lease_until - database_now()  # type: ignore[operator]
    assert timedelta() < left <= life.LEASE


@pytest.mark.parametrize("by", WRONG)
def test_a_workers_hello_is_as_new_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    set_own_clock(monkeypatch, by)
    services.record_hello(WorkerHello(worker="one", profiles=["studio"], slots=1))
    assert free_places(database_now()) == {"studio": ORDERS_PER_SLOT}


def test_a_worker_seen_in_the_future_is_not_believed(world: World) -> None:
    """The database's clock was set back after its last hello; if it lives, it says the next one in a moment."""
    services.record_hello(WorkerHello(worker="one", profiles=["studio"], slots=1))
    WorkerSeen.objects.update(seen_at=database_now() + timedelta(hours=3))
    assert free_places(database_now()) == {}


def test_a_lease_from_before_the_clock_was_set_back_begins_anew(world: World) -> None:
    (row,) = ask(world)
    dispatched(world, row)
    set_lease(world, row, database_now() + timedelta(hours=3))
    assert reap() == 0
    after = now_of(world, row)
    assert after.lease_until - database_now() <= life.LEASE  # type: ignore[operator]
    assert (after.attempt, after.lost_attempts) == (1, 0)
