"""Everything is told once it is taken, in its order, signed, and nobody's trouble is another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.services import record
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import deliveries, secrets, services
from imprimatur.webhooks.addresses import PRIVATE
from imprimatur.webhooks.deliveries import MOST_FAILURES, deliver_next, due, take_turn, wait_after
from imprimatur.webhooks.models import Endpoint, Stopped, Trouble
from imprimatur.webhooks.sending import NotTaken

from tests.factories import World
from tests.imprimatur.webhooks.receiver import Receiver, is_signed, receiver


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(PRIVATE, "localhost")
    with receiver() as place:
        yield place


def endpoint(world: World, place: Receiver, *events: str) -> Endpoint:
    with tenant_scope(world.aozora.id):
        return services.add(world.actor(world.olive), place.url, events)


def happen(world: World, *kinds: str) -> None:
    with tenant_scope(world.aozora.id):
        for number, kind in enumerate(kinds):
            record(world.aozora.id, "user:1", kind, f"gen_{number}", {"n": number})


def now_of(world: World, row: Endpoint) -> Endpoint:
    with tenant_scope(world.aozora.id):
        return Endpoint.objects.get(pk=row.pk)


def make_due(world: World, row: Endpoint) -> None:
    with tenant_scope(world.aozora.id):
        Endpoint.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(seconds=1))


def tell(world: World, row: Endpoint) -> int:
    return take_turn(world.aozora.id, row.pk)


def test_what_happens_is_told_in_order_and_once(world: World, place: Receiver) -> None:
    row = endpoint(world, place)
    happen(world, "generation.requested", "generation.ready", "release.published")
    assert due() == [(world.aozora.id, row.pk)]
    tell(world, row)
    assert [told["type"] for told in place.told] == [
        "webhook.added",
        "generation.requested",
        "generation.ready",
        "release.published",
    ]
    assert [told["seq"] for told in place.told] == sorted(told["seq"] for told in place.told)
    assert place.told[1]["data"] == {"n": 0, "subject": "gen_0"}
    assert len({told["id"] for told in place.told}) == 4
    assert tell(world, row) == 0
    assert due() == []


def test_a_delivery_is_signed_with_the_secret_that_was_shown(world: World, place: Receiver) -> None:
    row = endpoint(world, place)
    tell(world, row)
    ((headers, body),) = place.got
    assert is_signed(headers, body, secrets.shown(row))
    assert not is_signed(headers, body + b" ", secrets.shown(row))
    other = Endpoint(pk=world.aozora.id, secret_version=1)
    assert not is_signed(headers, body, secrets.shown(other))


def test_only_kinds_that_are_wanted_are_told(world: World, place: Receiver) -> None:
    row = endpoint(world, place, "release.*", "generation.ready")
    happen(
        world, "generation.requested", "generation.ready", "release.published", "releases.other", "release.withdrawn"
    )
    tell(world, row)
    assert [told["type"] for told in place.told] == ["generation.ready", "release.published", "release.withdrawn"]
    assert due() == []


def test_a_long_stretch_that_nobody_wants_is_passed_over(
    world: World, place: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "SCANNED", 2)
    row = endpoint(world, place, "release.published")
    happen(world, *["generation.ready"] * 5, "release.published")
    for _ in range(10):
        tell(world, row)
    assert [told["type"] for told in place.told] == ["release.published"]


def test_what_was_not_taken_is_tried_again_under_its_id_and_holds_up_what_comes_later(
    world: World, place: Receiver
) -> None:
    row = endpoint(world, place, "generation.*")
    happen(world, "generation.requested", "generation.ready")
    place.answers = [500, 503]
    assert tell(world, row) == 0
    assert tell(world, row) == 0  # not due yet
    assert len(place.got) == 1
    failed = now_of(world, row)
    assert (failed.failures, failed.trouble) == (1, "answered 500")
    assert due() == []
    for _ in range(2):
        make_due(world, row)
        tell(world, row)
    assert [told["type"] for told in place.told] == ["generation.requested"] * 3 + ["generation.ready"]
    assert len({told["id"] for told in place.told[:3]}) == 1
    assert (now_of(world, row).failures, now_of(world, row).trouble) == (0, "")


def test_the_waits_are_doubled_up_to_six_hours_and_add_up_to_days() -> None:
    waits = [wait_after(failures) for failures in range(MOST_FAILURES)]
    assert waits[:4] == [timedelta(seconds=s) for s in (5, 10, 20, 40)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(hours=6)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)
    assert wait_after(30_000) == timedelta(hours=6)


def fail(world: World, row: Endpoint, times: int, status: int = 500) -> None:
    def send(*_: Any) -> int:
        raise NotTaken(f"answered {status}", Trouble.GONE if status == 410 else Trouble.ANSWER, status)

    for _ in range(times):
        make_due(world, row)
        assert not deliver_next(world.aozora.id, row.pk, send)


@pytest.mark.parametrize(("times", "status", "why"), [(MOST_FAILURES, 500, Stopped.FAILURES), (1, 410, Stopped.GONE)])
def test_whoever_never_takes_anything_is_told_no_more_until_somebody_says_so(
    world: World, place: Receiver, times: int, status: int, why: str
) -> None:
    row = endpoint(world, place, "generation.*")
    happen(world, "generation.ready")
    fail(world, row, times - 1, status)
    assert now_of(world, row).disabled_at is None
    fail(world, row, 1, status)
    assert (now_of(world, row).disabled_at is not None, now_of(world, row).disabled_because) == (True, why)
    with tenant_scope(world.aozora.id):
        assert AuditEvent.objects.get(event="webhook.disabled").subject == row.public_id
    make_due(world, row)
    assert due() == []
    assert tell(world, row) == 0
    with tenant_scope(world.aozora.id):
        services.resume(world.actor(world.olive), row)
    assert tell(world, row) == 1
    assert [told["type"] for told in place.told] == ["generation.ready"]


def test_a_process_that_dies_while_it_sends_sends_again_later(world: World, place: Receiver) -> None:
    row = endpoint(world, place, "generation.*")
    happen(world, "generation.ready")

    def die(*_: Any) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_next(world.aozora.id, row.pk, die)
    assert due() == []  # somebody is believed to be sending it
    make_due(world, row)
    assert tell(world, row) == 1
    assert [told["type"] for told in place.told] == ["generation.ready"]


def test_nobody_sends_what_another_is_sending(world: World, place: Receiver) -> None:
    row = endpoint(world, place, "generation.*")
    happen(world, "generation.ready")

    def meanwhile(*_: Any) -> int:
        assert not deliver_next(world.aozora.id, row.pk)
        return 200

    assert deliver_next(world.aozora.id, row.pk, meanwhile)
    assert place.got == []


def test_what_comes_back_late_moves_nothing_back(world: World, place: Receiver) -> None:
    """A process that was paused while it sent: another has told the event and the next one meanwhile."""
    row = endpoint(world, place, "generation.*")
    happen(world, "generation.requested", "generation.ready")

    def paused(*_: Any) -> int:
        make_due(world, row)
        assert tell(world, row) == 2
        raise NotTaken("too late", Trouble.SLOW)

    deliver_next(world.aozora.id, row.pk, paused)
    after = now_of(world, row)
    assert (after.failures, after.trouble) == (0, "")
    assert due() == []
    assert [told["type"] for told in place.told] == ["generation.requested", "generation.ready"]


def test_a_changed_secret_signs_at_once_and_the_former_one_for_a_day_more(world: World, place: Receiver) -> None:
    row = endpoint(world, place, "generation.*")
    former = secrets.shown(row)
    with tenant_scope(world.aozora.id):
        newer = secrets.shown(services.rotate(world.actor(world.olive), row))
    happen(world, "generation.ready")
    tell(world, row)
    assert is_signed(*place.got[0], newer)
    assert is_signed(*place.got[0], former)
    with tenant_scope(world.aozora.id):
        Endpoint.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    happen(world, "generation.ready")
    tell(world, row)
    assert is_signed(*place.got[1], newer)
    assert not is_signed(*place.got[1], former)


def test_no_secret_lies_in_the_database(world: World, place: Receiver) -> None:
    row = endpoint(world, place)
    shown = secrets.shown(row).removeprefix("whsec_")
    assert all(shown not in str(value) for value in vars(now_of(world, row)).values())


def test_another_companys_events_are_not_told(world: World, place: Receiver) -> None:
    row = endpoint(world, place)
    with tenant_scope(world.northwind.id):
        record(world.northwind.id, "user:1", "release.published", "rel_1")
    tell(world, row)
    assert [told["type"] for told in place.told] == ["webhook.added"]
    assert take_turn(world.northwind.id, row.pk) == 0
