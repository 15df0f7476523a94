"""Two things at once: whichever comes first, nothing made under a revoked record is left in sight."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from django.db import connections
from imprimatur.generations import services as generations
from imprimatur.generations.models import Generation, Output
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.rights import services as rights
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import cascade

from tests.factories import World
from tests.imprimatur.drawn import USE, worked
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import bring_about, finished, now_of, revoke, shelf, withdrawals

pytestmark = pytest.mark.usefixtures("told")


class Elsewhere(threading.Thread):
    """Another connection's work; `result` is what it returned or raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.result: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:
            self.result = error
        finally:
            connections.close_all()


def test_a_release_that_is_being_made_is_withdrawn_with_the_rest(committed_world: World) -> None:
    """The rights were asked before the revocation, the release commits after it was begun."""
    world = committed_world
    made = shelf(world)
    asked, go_on = threading.Event(), threading.Event()
    stamp = releases.stamp_release

    def slowly(*args: Any, **kwargs: Any) -> Any:
        asked.set()
        assert go_on.wait(30)
        return stamp(*args, **kwargs)

    def release() -> Release:
        with tenant_scope(world.aozora.id):
            return releases.release(world.actor(world.alice), now_of(world, made.approved), USE)

    with mock.patch.object(releases, "stamp_release", slowly):
        releasing = Elsewhere(release)
        assert asked.wait(60)
        revoking = Elsewhere(lambda: revoke(world, made.record))
        revoking.join(1)
        assert revoking.is_alive()  # it waits for whoever relies on the record
        go_on.set()
        releasing.join(60)
        revoking.join(60)
    assert isinstance(releasing.result, Release), releasing.result
    bring_about()
    released = now_of(world, releasing.result)
    assert released.withdrawn_at is not None
    assert now_of(world, made.approved).quarantined_at is not None


def test_a_report_that_is_being_recorded_is_found(committed_world: World) -> None:
    world = committed_world
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        report = worked(row)
    asked, go_on = threading.Event(), threading.Event()
    from imprimatur.generations import incoming

    check = incoming.verify

    def slowly(*args: Any) -> Any:
        asked.set()
        assert go_on.wait(30)
        return check(*args)

    with mock.patch.object(incoming, "verify", slowly):
        recording = Elsewhere(lambda: generations.record_report(report))
        assert asked.wait(60)
        revoking = Elsewhere(lambda: revoke(world, record))
        revoking.join(1)
        assert revoking.is_alive()
        go_on.set()
        recording.join(60)
        revoking.join(60)
    assert recording.result is True
    bring_about()
    with tenant_scope(world.aozora.id):
        assert Output.objects.get(generation=row).quarantined_at is not None


def test_two_revocations_at_once(committed_world: World) -> None:
    """Two people's pictures, and one picture that relies on both a person and a mark, are each reached once."""
    world = committed_world
    first, second = shelf(world), shelf(world)
    revokers = [Elsewhere(lambda made=made: revoke(world, made.record)) for made in (first, second)]
    for revoker in revokers:
        revoker.join(60)
        assert not isinstance(revoker.result, Exception), revoker.result
    workers = [
        Elsewhere(lambda row=row: cascade.work_off(world.aozora.id, row.pk)) for row in withdrawals(world) for _ in "ab"
    ]
    for worker in workers:
        worker.join(120)
        assert not isinstance(worker.result, Exception), worker.result
    assert [(row.step, row.quarantined, row.withdrawn) for row in withdrawals(world)] == [("done", 3, 1)] * 2
    with tenant_scope(world.aozora.id):
        assert not Output.objects.filter(quarantined_at__isnull=True).exists()


def test_the_same_record_revoked_twice_is_revoked_once(committed_world: World) -> None:
    world = committed_world
    _reference, record = likeness(world)

    def again() -> Any:
        with tenant_scope(world.aozora.id):
            return rights.revoke(world.actor(world.gordon), record, "twice")

    both = [Elsewhere(again), Elsewhere(again)]
    for one in both:
        one.join(60)
    assert sum(isinstance(one.result, Exception) for one in both) == 1
    assert len(withdrawals(world)) == 1


def test_a_picture_asked_for_meanwhile_is_refused_or_reached(committed_world: World) -> None:
    world = committed_world
    reference, record = likeness(world)
    rows = ask(world, reference=reference, count=3)
    drawn = finished(world, rows[0])
    revoke(world, record)
    bring_about()
    with tenant_scope(world.aozora.id):
        states = set(Generation.objects.filter(pk__in=[row.pk for row in rows[1:]]).values_list("state", flat=True))
    assert states == {"refused"}
    assert now_of(world, drawn).quarantined_at is not None
