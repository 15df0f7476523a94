"""From the queue to the broker and back: a few orders in flight, fair, and nothing lost when a part is away."""

from __future__ import annotations

import base64
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from imprimatur import keys, objects
from imprimatur.generations import orders, services
from imprimatur.generations.dispatch import dispatch, free_places
from imprimatur.generations.fairness import Turns
from imprimatur.generations.models import Generation, WorkerSeen
from imprimatur.generations.pictures import REPORT_NAME, prefix
from imprimatur.generations.reaper import reap
from imprimatur.prompts import services as prompts
from imprimatur.rights import services as rights
from imprimatur.tenants.actor import actor_for
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from governance.permit import verify_permit
from gpu_worker.messages import ORDERS_PER_SLOT, RenderOrder, RenderReport, WorkerHello, render_queue
from tests.factories import World, member
from tests.imprimatur.drawn import USE, uploaded, worked
from tests.imprimatur.generations.asked import ask, dispatched, likeness, now_of

MESSAGES = Path(settings.BROKER_FOLDER) / "messages"


@pytest.fixture(autouse=True)
def empty_broker() -> Iterator[None]:
    """No message of another test."""
    shutil.rmtree(settings.BROKER_FOLDER, ignore_errors=True)
    yield
    shutil.rmtree(settings.BROKER_FOLDER, ignore_errors=True)


def hello(slots: int = 1, **changes: Any) -> None:
    services.record_hello(WorkerHello(**({"worker": "one", "profiles": ["studio"], "slots": slots} | changes)))


def sent() -> list[RenderOrder]:
    """Orders in the broker, oldest first."""
    found = []
    for path in sorted(MESSAGES.glob(f"[!.]*.{render_queue('studio')}.msg")):
        body = json.loads(base64.b64decode(json.loads(path.read_text())["body"]))
        found.append(RenderOrder.from_json(body[0][0]))
    return found


def test_only_a_few_orders_are_in_flight_for_each_slot(world: World) -> None:
    rows = ask(world, count=6)
    hello()
    assert dispatch(Turns()) == ORDERS_PER_SLOT
    assert dispatch(Turns()) == 0
    assert [order.generation_id for order in sent()] == [row.public_id for row in rows[:ORDERS_PER_SLOT]]
    hello(slots=2)
    assert dispatch(Turns()) == 1  # one more than it draws at once: the last place is for whoever comes next


def test_the_last_places_are_for_whoever_comes_next(world: World) -> None:
    ask(world, count=16)
    hello(slots=4)
    assert dispatch(Turns()) == 5
    single = northwinds_picture(world)
    assert dispatch(Turns()) == 3
    assert single.public_id in [order.generation_id for order in sent()[5:]]
    assert dispatch(Turns()) == 0


def test_an_order_carries_a_fresh_permit_for_exactly_this_attempt(world: World) -> None:
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    hello()
    dispatch(Turns())
    (order,) = sent()
    permit = verify_permit(
        order.permit,
        keys.permit_public_key(),
        now=timezone.now(),
        generation_id=row.public_id,
        attempt=1,
        spec_digest=row.spec_digest,
    )
    assert permit.terms_digests == (record.terms_digest,)
    assert permit.reference_digests == (reference.sha256,)
    assert order.manifest["consents"][0]["id"] == record.public_id
    assert len(order.manifest["audit_head"]) == 64
    after = now_of(world, row)
    assert (after.permit_id, after.attempt_secret) == (permit.id, order.attempt_secret)
    assert after.lease_until > timezone.now()  # type: ignore[operator]


def test_without_a_living_worker_nothing_is_sent(world: World) -> None:
    ask(world)
    assert dispatch(Turns()) == 0
    hello()
    WorkerSeen.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert dispatch(Turns()) == 0
    hello(profiles=["sdxl-realcustom"])
    assert dispatch(Turns()) == 0
    assert sent() == []


def northwinds_picture(world: World) -> Generation:
    """Charlie's company asks for one, too."""
    nora: User = member(world.northwind, "nora", [Role.REVIEWER], world.password)
    with tenant_scope(world.northwind.id):
        charlie = world.actor(world.charlie)
        version = prompts.create_template(
            charlie, name_en="Plain", name_ja="", text="a {subject}", variables=[], profile="studio"
        )
        prompts.submit(charlie, version)
        approved = prompts.approve(actor_for(nora, world.northwind.id), version)
        (row,) = services.submit(
            charlie, reference=uploaded(world, world.charlie), version=approved, variables={}, use=USE
        )
        return row


def test_another_companys_single_picture_does_not_wait_for_a_flood(world: World) -> None:
    ask(world, count=16)
    single = northwinds_picture(world)
    hello()
    dispatch(Turns())
    assert Counter(order.tenant_id for order in sent()) == {str(world.aozora.id): 1, str(world.northwind.id): 1}
    assert single.public_id in [order.generation_id for order in sent()]


def test_a_broker_that_is_away_costs_nothing_but_time(world: World) -> None:
    (row,) = ask(world)
    hello()
    Path(settings.BROKER_FOLDER).write_text("a file where the folder would be")
    try:
        assert dispatch(Turns()) == 0
    finally:
        Path(settings.BROKER_FOLDER).unlink()
    waiting = now_of(world, row)
    assert (waiting.state, waiting.dispatched_at, waiting.lost_attempts) == ("queued", None, 0)
    assert dispatch(Turns()) == 1


def test_a_right_that_fell_away_before_dispatch_refuses_and_sends_nothing(world: World) -> None:
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        rights.suspend(world.actor(world.gordon), record)
    hello()
    assert dispatch(Turns()) == 0
    refused = now_of(world, row)
    assert (refused.state, [r["rule_id"] for r in refused.reasons]) == ("refused", ["terms.suspended"])
    assert sent() == []


def test_orders_in_flight_are_counted_until_they_end(world: World) -> None:
    (row,) = ask(world)
    hello()
    dispatched(world, row)
    assert free_places(timezone.now()) == {"studio": ORDERS_PER_SLOT - 1}
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
    assert free_places(timezone.now()) == {"studio": ORDERS_PER_SLOT}


def lapse(world: World, row: Generation) -> None:
    with tenant_scope(world.aozora.id):
        Generation.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def leave_beside(row: Generation, report: RenderReport, attempt: int = 1) -> None:
    objects.put(prefix(row, attempt) + REPORT_NAME, json.dumps(report.to_json()).encode())


def test_a_lease_that_runs_out_makes_a_new_attempt(world: World) -> None:
    (row,) = ask(world)
    dispatched(world, row)
    assert reap() == 0
    lapse(world, row)
    assert reap() == 1
    after = now_of(world, row)
    assert (after.state, after.lost_attempts, after.lease_until) == ("queued", 1, None)
    assert dispatched(world, row).attempt == 2


def test_three_lost_attempts_fail_with_what_to_do(world: World) -> None:
    (row,) = ask(world)
    for _ in range(3):
        dispatched(world, row)
        lapse(world, row)
        reap()
    assert (now_of(world, row).state, now_of(world, row).error_code) == ("failed", "worker_lost")


def test_the_report_beside_the_picture_is_taken_instead_of_drawing_again(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        report = worked(row)
    leave_beside(row, report)
    lapse(world, row)
    reap()
    after = now_of(world, row)
    assert (after.state, after.attempt, after.lost_attempts) == ("ready", 1, 0)


@pytest.mark.parametrize("left", ["forged", "garbled", "of an older attempt"])
def test_a_report_that_proves_nothing_is_not_taken(world: World, left: str) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        report = worked(row)
    if left == "garbled":
        objects.put(prefix(row, 1) + REPORT_NAME, b"{half a rep")
    elif left == "forged":
        leave_beside(row, RenderReport.from_json(report.to_json() | {"attempt_secret": "guessed"}))
    else:
        leave_beside(row, RenderReport.from_json(report.to_json() | {"attempt": 0}))
    lapse(world, row)
    reap()
    assert (now_of(world, row).state, now_of(world, row).lost_attempts) == ("queued", 1)


def test_a_row_that_cannot_be_dispatched_fails_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = ask(world, count=2)
    real = orders.begin_attempt

    def begin(row: Generation, *rest: Any) -> RenderOrder:
        if row.pk == broken.pk:
            raise ValueError("terms that nobody can read")
        return real(row, *rest)

    monkeypatch.setattr(orders, "begin_attempt", begin)
    hello()
    assert dispatch(Turns()) == 1
    assert [order.generation_id for order in sent()] == [whole.public_id]
    assert (now_of(world, broken).state, now_of(world, broken).error_code) == ("failed", "dispatch_failed")
