"""What workers say: doubled, late, out of order, forged. The fence is attempt and secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone, translation
from imprimatur import objects
from imprimatur.audit.models import AuditEvent
from imprimatur.generations import failures, services
from imprimatur.generations.life import MAX_ATTEMPTS
from imprimatur.generations.models import Generation, GenerationState, Output, WorkerSeen
from imprimatur.rights import services as rights
from imprimatur.tenants.scope import tenant_scope

from gpu_worker.messages import RenderReport, WorkerHello
from tests.factories import World
from tests.imprimatur.drawn import worked
from tests.imprimatur.generations.asked import ask, dispatched, ended, likeness, now_of, progress


def finished(world: World, row: Generation) -> RenderReport:
    """The report of a worker that drew, stamped and stored the picture."""
    with tenant_scope(world.aozora.id):
        return worked(row)


def test_progress_moves_the_row_and_extends_its_lease(world: World) -> None:
    (row,) = ask(world)
    order = dispatched(world, row)
    before = now_of(world, row).lease_until
    assert services.record_progress(progress(order))
    assert services.record_progress(progress(order, "drawing", 3))
    after = now_of(world, row)
    assert (after.state, after.step, after.worker) == ("drawing", 3, "tests")
    assert after.lease_until > before  # type: ignore[operator]
    assert after.first_progress_at is not None


def test_late_progress_never_moves_a_row_back(world: World) -> None:
    (row,) = ask(world)
    order = dispatched(world, row)
    services.record_progress(progress(order, "drawing", 7))
    for late in (progress(order, "accepted"), progress(order, "preparing"), progress(order, "drawing", 2)):
        assert services.record_progress(late)
    after = now_of(world, row)
    assert (after.state, after.step) == ("drawing", 7)


def test_a_heartbeat_extends_the_lease_and_changes_nothing_to_see(world: World) -> None:
    (row,) = ask(world)
    order = dispatched(world, row)
    version = now_of(world, row).version
    assert services.record_progress(progress(order, "heartbeat"))
    assert now_of(world, row).version == version


@pytest.mark.parametrize(
    "change", [{"attempt": 0}, {"attempt": 2}, {"attempt_secret": "guessed"}, {"attempt_secret": ""}]
)
def test_progress_of_another_attempt_is_ignored(world: World, change: dict[str, object]) -> None:
    (row,) = ask(world)
    order = dispatched(world, row)
    assert not services.record_progress(replace(progress(order), **change))
    assert now_of(world, row).state == "queued"


def test_an_empty_secret_is_no_secret_while_nothing_was_sent(world: World) -> None:
    (row,) = ask(world)
    order = replace(dispatched(world, row), attempt=0, attempt_secret="")
    (fresh,) = ask(world)
    assert not services.record_report(ended(replace(order, generation_id=fresh.public_id), "failed"))
    assert now_of(world, fresh).state == "queued"


def test_a_report_makes_the_picture(world: World) -> None:
    (row,) = ask(world)
    report = finished(world, row)
    assert services.record_report(report)
    with tenant_scope(world.aozora.id):
        output = Output.objects.get(generation=row)
        assert output.permit_id == report.permit_id
        assert AuditEvent.objects.filter(event="generation.ready", subject=row.public_id).count() == 1
    after = now_of(world, row)
    assert (after.state, after.lease_until, after.attempt_secret) == ("ready", None, "")


def test_a_doubled_report_is_recorded_once(world: World) -> None:
    (row,) = ask(world)
    report = finished(world, row)
    assert services.record_report(report)
    assert not services.record_report(report)
    with tenant_scope(world.aozora.id):
        assert Output.objects.count() == 1
    assert report.output is not None
    assert objects.exists(report.output.key)


def test_the_report_of_an_old_attempt_is_ignored(world: World) -> None:
    (row,) = ask(world)
    old = finished(world, row)
    services.record_report(ended_of(old, "failed", "worker_stopping"))
    newer = dispatched(world, row)
    assert newer.attempt == 2
    assert not services.record_report(old)
    assert now_of(world, row).state == "queued"
    assert old.output is not None
    assert not objects.exists(old.output.key)
    assert services.record_report(ended(newer, "failed", "not_finite"))


def ended_of(report: RenderReport, outcome: str, code: str) -> RenderReport:
    return replace(report, outcome=outcome, error_code=code, output=None, mask_strip=None)  # type: ignore[arg-type]


def test_a_report_after_a_cancel_is_ignored(world: World) -> None:
    (row,) = ask(world)
    report = finished(world, row)
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
    assert report.output is not None
    assert objects.exists(report.output.key)
    assert not services.record_report(report)
    assert now_of(world, row).state == "canceled"
    assert not objects.exists(report.output.key), "nothing of a canceled picture is kept"


def test_a_forged_report_is_ignored(world: World) -> None:
    (row,) = ask(world)
    report = finished(world, row)
    assert not services.record_report(replace(report, attempt_secret="f" * 64))
    assert not services.record_report(replace(report, generation_id="gen_nonsense"))
    assert now_of(world, row).state == "queued"


@pytest.mark.parametrize("wrong", ["permit", "digest", "key", "pixels", "missing", "unsigned"])
def test_a_picture_that_is_not_the_reported_one_is_not_taken(world: World, wrong: str) -> None:
    (row,) = ask(world)
    report = finished(world, row)
    assert report.output is not None
    if wrong == "permit":
        report = replace(report, permit_id="another")
    elif wrong == "digest":
        report = replace(report, output=replace(report.output, sha256="0" * 64))
    elif wrong == "key":
        report = replace(report, output=replace(report.output, key=f"tenants/{world.northwind.id}/outputs/x/1/o.png"))
    elif wrong == "pixels":
        report = replace(report, pixel_digest="0" * 64)
    elif wrong == "missing":
        objects.delete(report.output.key)
    else:
        bare = b"\x89PNG no manifest"
        report = replace(report, output=replace(report.output, sha256=objects.put(report.output.key, bare)))
    assert services.record_report(report)
    after = now_of(world, row)
    assert (after.state, after.lost_attempts, after.attempt_secret) == ("queued", 1, "")
    with tenant_scope(world.aozora.id):
        assert not Output.objects.exists()


def test_a_consent_revoked_while_the_picture_was_drawn_refuses_it_and_deletes_the_file(world: World) -> None:
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    report = finished(world, row)
    with tenant_scope(world.aozora.id):
        rights.revoke(world.actor(world.gordon), record, "withdrawn by the person")
    assert services.record_report(report)
    after = now_of(world, row)
    assert (after.state, after.error_code) == ("refused", "rights_refused")
    assert [reason["rule_id"] for reason in after.reasons] == ["terms.revoked"]
    assert report.output is not None
    assert not objects.exists(report.output.key)
    with translation.override("ja"):
        assert failures.sentence(after) == after.reasons[0]["sentence_ja"]


@pytest.mark.parametrize(("outcome", "code"), [("refused", "permit_expired"), ("failed", "signer_away")])
def test_what_is_no_fault_of_the_order_makes_a_new_attempt_three_times_and_then_says_what_to_do(
    world: World, outcome: str, code: str
) -> None:
    (row,) = ask(world)
    for number in range(1, MAX_ATTEMPTS + 1):
        order = dispatched(world, row)
        assert order.attempt == number
        assert services.record_report(ended(order, outcome, code))
    after = now_of(world, row)
    assert (after.state, after.error_code) == ("failed", code)
    assert "Try again" in failures.sentence(after)


@pytest.mark.parametrize("code", sorted(failures.SENTENCES))
def test_every_failure_says_what_to_do(code: str) -> None:
    row = Generation(state=GenerationState.FAILED, error_code=code)
    with translation.override("en"):
        said = failures.sentence(row).casefold()
    assert any(word in said for word in ("again", "ask", "correct", "change", "try"))


def test_hellos_are_remembered(world: World) -> None:
    hello = WorkerHello(worker="one", profiles=["studio"], slots=1)
    services.record_hello(hello)
    services.record_hello(replace(hello, slots=2, device="cuda"))
    (seen,) = WorkerSeen.objects.all()
    assert (seen.slots, seen.device, seen.profiles) == (2, "cuda", ["studio"])
    assert timezone.now() - seen.seen_at < timedelta(minutes=1)
