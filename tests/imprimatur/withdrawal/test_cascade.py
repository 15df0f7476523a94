"""No withdrawal without effect: what a right no longer covers is gone, what it covers again is back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.selectors import verify as verify_trail
from imprimatur.generations import orders, quarantine, selectors
from imprimatur.generations import services as generations
from imprimatur.generations.models import GenerationState, Output
from imprimatur.generations.quarantine import Quarantined
from imprimatur.releases import services as releases
from imprimatur.releases.errors import Withdrawn
from imprimatur.releases.models import Release
from imprimatur.review import selectors as review
from imprimatur.review.models import Decision
from imprimatur.rights import selectors as right_selectors
from imprimatur.rights import services as rights
from imprimatur.tenants.errors import Conflict, NotPermitted
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import cascade, steps
from imprimatur.withdrawal.models import Reached, Step, Withdrawal

from tests.factories import World
from tests.imprimatur.drawn import worked
from tests.imprimatur.generations.asked import ask, dispatched, likeness
from tests.imprimatur.withdrawal.made import (
    Shelf,
    bring_about,
    finished,
    now_of,
    revoke,
    shelf,
    withdrawals,
)


def events(world: World, kind: str) -> list[str]:
    with tenant_scope(world.aozora.id):
        rows = AuditEvent.objects.filter(tenant_id=world.aozora.id, event=kind)
        return list(rows.order_by("seq").values_list("subject", flat=True))


def test_a_revocation_reaches_every_stage(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    (row,) = withdrawals(world)
    assert (row.step, row.cause, row.why) == ("done", "revoked", "The person asked for it")
    assert row.actor == f"user:{world.gordon.pk}"
    assert (row.refused, row.quarantined, row.withdrawn) == (1, 3, 1)
    refused = now_of(world, made.queued)
    assert refused.state == "refused"
    assert [reason["rule_id"] for reason in refused.reasons] == ["terms.revoked"]
    with tenant_scope(world.aozora.id):
        states = {o.pk: review.state_of(o) for o in review.outputs(world.actor(world.rita))}
    assert states[made.pending.pk] == states[made.approved.pk] == "quarantined"
    assert states[made.released.output_id] == "withdrawn"
    assert told == [(str(world.aozora.id), [made.reference.sha256])]


def test_nobody_is_shown_a_pixel_any_more(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        output = selectors.get_output(made.pending.public_id)
        with pytest.raises(Quarantined) as gone:
            selectors.content(output)
        assert gone.value.status == 423
        with pytest.raises(Quarantined):
            selectors.mask_strip(output)
        with pytest.raises(Withdrawn) as withdrawn:
            releases.content(Release.objects.get(pk=made.released.pk))
        assert withdrawn.value.status == 410
        assert str(timezone.localdate().year) in str(withdrawn.value)


def test_only_a_rights_manager_looks_at_the_evidence_and_is_recorded(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        output = now_of(world, made.pending)
        for person in (world.alice, world.rita, world.olive):
            with pytest.raises(NotPermitted):
                quarantine.evidence(world.actor(person), output)
        data, mime = quarantine.evidence(world.actor(world.gordon), output)
    assert mime == "image/png" and data.startswith(b"\x89PNG")
    assert events(world, "output.inspected") == [made.pending.public_id]


def test_doing_it_twice_changes_nothing(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    (row,) = withdrawals(world)
    with tenant_scope(world.aozora.id):
        before = list(Output.objects.order_by("pk").values_list("pk", "quarantined_at", "quarantine_reason"))
        row.step, row.cursor, row.next_at = Step.STOPPING, None, timezone.now()
        row.save()
    trail_before = events(world, "output.quarantined")
    bring_about()
    with tenant_scope(world.aozora.id):
        assert list(Output.objects.order_by("pk").values_list("pk", "quarantined_at", "quarantine_reason")) == before
        assert Reached.objects.count() == 3
        assert verify_trail(world.aozora.id).intact
    assert events(world, "output.quarantined") == trail_before
    assert len(events(world, "release.withdrawn")) == 1
    (again,) = withdrawals(world)
    assert (again.quarantined, again.withdrawn, again.refused) == (3, 1, 1)


def test_cut_off_after_any_step_it_goes_on(world: World, made: Shelf, told: list, monkeypatch) -> None:
    """Batches of one, and after every transaction another process takes over."""
    monkeypatch.setattr(steps, "BATCH", 1)
    revoke(world, made.record)
    (row,) = withdrawals(world)
    seen = []
    while cascade.advance(world.aozora.id, row.pk, timezone.now()):
        with tenant_scope(world.aozora.id):
            seen.append(Output.objects.filter(quarantined_at__isnull=False).count())
    assert {1, 2, 3} <= set(seen) and seen == sorted(seen)
    (done,) = withdrawals(world)
    assert (done.step, done.quarantined, done.refused) == ("done", 3, 1)


def test_a_step_that_fails_is_tried_again_and_says_why(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    with mock.patch.object(steps, "judge", side_effect=RuntimeError("the lamp went out")):
        assert cascade.pull()
    (row,) = withdrawals(world)
    assert row.trouble == "RuntimeError: the lamp went out"
    assert row.next_at > timezone.now()
    assert row.step == "judging"
    later = timezone.now() + cascade.RETRY
    while cascade.advance(world.aozora.id, row.pk, later):
        pass
    (row,) = withdrawals(world)
    assert (row.quarantined, row.trouble) == (3, "")


def test_without_a_broker_pictures_are_gone_all_the_same(world: World, made: Shelf, monkeypatch) -> None:
    monkeypatch.setattr(orders, "forget", lambda *_: False)
    revoke(world, made.record)
    bring_about()
    (row,) = withdrawals(world)
    assert (row.quarantined, row.step, row.forgotten_at) == (3, "notifying", None)
    assert row.reached_at is not None
    monkeypatch.setattr(orders, "forget", lambda *_: True)
    cascade.advance(world.aozora.id, row.pk, timezone.now() + cascade.RETRY)
    (row,) = withdrawals(world)
    assert row.step == "done" and row.forgotten_at is not None


def test_another_persons_pictures_are_left_alone(world: World, made: Shelf, told: list) -> None:
    other, _record = likeness(world)
    (row,) = ask(world, reference=other)
    theirs = finished(world, row)
    revoke(world, made.record)
    bring_about()
    assert now_of(world, theirs).quarantined_at is None


def test_another_record_does_not_save_what_a_revoked_one_made(world: World, made: Shelf, told: list) -> None:
    """The manifest names the record that was revoked."""
    with tenant_scope(world.aozora.id):
        terms = right_selectors.terms_of(made.record)
        author, manager = world.actor(world.alice), world.actor(world.gordon)
        second = rights.draft_consent(author, title="Again", kind="likeness", terms=terms, evidence=b"%PDF more")
        rights.verify_record(manager, second)
    revoke(world, made.record)
    bring_about()
    assert now_of(world, made.pending).quarantined_at is not None


def test_narrowing_reaches_only_what_the_new_terms_do_not_cover(world: World, told: list) -> None:
    made = shelf(world, channels=frozenset({"web", "print"}))
    (row,) = ask(world, reference=made.reference, use={"channel": "print", "territory": "JP", "purpose": "advertising"})
    printed = finished(world, row)
    with tenant_scope(world.aozora.id):
        smaller = replace(right_selectors.terms_of(made.record), channels=frozenset({"web"}))
        rights.narrow(world.actor(world.gordon), made.record, smaller, "No print any more")
    bring_about()
    (done,) = withdrawals(world)
    assert (done.cause, done.quarantined) == ("changed", 1)
    assert now_of(world, printed).quarantined_at is not None
    assert quarantine.fallen_rules(now_of(world, printed)) != []
    for output in (made.pending, made.approved, made.released.output):
        assert now_of(world, output).quarantined_at is None
    assert now_of(world, made.queued).state == "queued"


def test_a_lapsed_right_takes_its_pictures_along_and_a_new_one_brings_them_back(world: World, told: list) -> None:
    soon = timezone.now() + timedelta(days=2)
    made = shelf(world, valid_until=soon)
    later = soon + timedelta(seconds=1)
    with tenant_scope(world.aozora.id), mock.patch("django.utils.timezone.now", return_value=later):
        rights.expire_due(world.actor(world.gordon), later)
    with mock.patch("django.utils.timezone.now", return_value=later + timedelta(minutes=1)):
        bring_about()
    (lapsed,) = withdrawals(world)
    assert (lapsed.cause, lapsed.quarantined, lapsed.withdrawn) == ("expired", 3, 0)
    with tenant_scope(world.aozora.id):
        with pytest.raises(Withdrawn):
            releases.content(Release.objects.get(pk=made.released.pk))
        terms = replace(right_selectors.terms_of(made.record), valid_until=later + timedelta(days=100))
        author, manager = world.actor(world.alice), world.actor(world.gordon)
        second = rights.draft_consent(author, title="Renewed", kind="likeness", terms=terms, evidence=b"%PDF new")
        rights.verify_record(manager, second)
    bring_about()
    for output in (made.pending, made.approved, made.released.output):
        assert now_of(world, output).quarantined_at is None
    with tenant_scope(world.aozora.id):
        assert releases.content(Release.objects.get(pk=made.released.pk))[0]
    assert len(events(world, "output.reinstated")) == 3


def test_what_is_out_is_sold_off_and_then_it_is_over(world: World, told: list) -> None:
    end = timezone.now() + timedelta(days=2)
    made = shelf(world, valid_until=end, sell_off_days=5)
    over, sold = end + timedelta(hours=1), end + timedelta(days=5, hours=1)
    with tenant_scope(world.aozora.id), mock.patch("django.utils.timezone.now", return_value=over):
        rights.expire_due(world.actor(world.gordon), over)
    with mock.patch("django.utils.timezone.now", return_value=over + timedelta(minutes=1)):
        bring_about()
    (row,) = withdrawals(world)
    assert (row.step, row.quarantined) == ("done", 2)
    assert now_of(world, made.released.output).quarantined_at is None
    for hours in range(1, 24 * 5, 12):  # it is looked at meanwhile, and nothing more happens
        with mock.patch("django.utils.timezone.now", return_value=over + timedelta(hours=hours)):
            bring_about()
    assert now_of(world, made.released.output).quarantined_at is None
    with mock.patch("django.utils.timezone.now", return_value=sold):
        bring_about()
    assert now_of(world, made.released.output).quarantined_at is not None
    (row,) = withdrawals(world)
    assert (row.step, row.quarantined, row.withdrawn) == ("done", 3, 0)


def test_a_suspension_is_lifted_by_the_same_job_a_revocation_never(world: World, made: Shelf, told: list) -> None:
    manager = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        rights.suspend(manager, made.record)
    bring_about()
    assert now_of(world, made.approved).quarantined_at is not None
    with tenant_scope(world.aozora.id):
        rights.resume(manager, made.record)
    bring_about()
    assert now_of(world, made.approved).quarantined_at is None
    assert now_of(world, made.approved).quarantine_reason == ""
    assert [w.cause for w in withdrawals(world)] == ["suspended", "restored"]
    revoke(world, made.record)
    bring_about()
    _other, record = likeness(world)
    with tenant_scope(world.aozora.id):
        rights.suspend(manager, record)
        rights.resume(manager, record)
    bring_about()
    assert now_of(world, made.approved).quarantined_at is not None


def test_a_quarantine_of_another_kind_is_not_lifted(world: World, made: Shelf, told: list) -> None:
    with tenant_scope(world.aozora.id):
        Output.objects.filter(pk=made.pending.pk).update(quarantined_at=timezone.now(), quarantine_reason="screening")
        rights.suspend(world.actor(world.gordon), made.record)
        rights.resume(world.actor(world.gordon), made.record)
    bring_about()
    assert now_of(world, made.pending).quarantine_reason == "screening"


def test_what_was_made_of_a_picture_of_ours_falls_with_its_root(world: World, made: Shelf, told: list) -> None:
    from tests.imprimatur.withdrawal.derived import derived_reference

    child = derived_reference(world, made.approved)
    (row,) = ask(world, reference=child)
    grandchild = finished(world, row)
    revoke(world, made.record)
    bring_about()
    assert now_of(world, grandchild).quarantined_at is not None
    assert now_of(world, child).quarantined_at is not None
    (done,) = withdrawals(world)
    assert done.references == 1
    assert set(events(world, "reference.quarantined")) == {child.public_id, made.reference.public_id}


def test_a_report_that_arrives_afterwards_is_refused_and_its_files_are_gone(
    world: World, made: Shelf, told: list
) -> None:
    from imprimatur import objects

    (row,) = ask(world, reference=made.reference)
    with tenant_scope(world.aozora.id):
        report = worked(row)  # the worker has drawn it
        assert now_of(world, row).dispatched_at is not None
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        assert not generations.record_report(report)
    assert now_of(world, row).state == GenerationState.REFUSED
    assert report.output is not None and not objects.exists(report.output.key)
    with tenant_scope(world.aozora.id):
        assert not Output.objects.filter(generation=row).exists()


def test_a_running_picture_is_dropped_by_its_worker(world: World, made: Shelf, told: list) -> None:
    (row,) = ask(world, reference=made.reference)
    order = dispatched(world, row)
    with mock.patch("imprimatur.generations.notify.ask_to_drop") as drop:
        revoke(world, made.record)
        bring_about()
    drop.assert_any_call(row.public_id, order.attempt)


def test_what_slips_through_is_found_on_looking_again(world: World, made: Shelf, told: list) -> None:
    """As if another transaction had been writing the picture when the record fell."""
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        Output.objects.filter(pk=made.pending.pk).update(quarantined_at=None, quarantine_reason="")
    (row,) = withdrawals(world)
    later = row.next_at
    while cascade.advance(world.aozora.id, row.pk, later):
        pass
    assert now_of(world, made.pending).quarantined_at is not None
    (row,) = withdrawals(world)
    assert not cascade.advance(world.aozora.id, row.pk, row.watch_until)


def test_a_record_that_ended_before_there_were_withdrawals_is_found(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    with tenant_scope(world.aozora.id):
        Withdrawal.objects.all().delete()
    assert cascade.open_missing() == 1
    assert cascade.open_missing() == 0
    bring_about()
    assert now_of(world, made.approved).quarantined_at is not None


def test_the_row_is_made_with_the_change_or_not_at_all(world: World, made: Shelf) -> None:
    with pytest.raises(ZeroDivisionError), tenant_scope(world.aozora.id), transaction.atomic():
        rights.revoke(world.actor(world.gordon), made.record, "on second thoughts")
        raise ZeroDivisionError
    assert withdrawals(world) == []


def test_the_database_refuses_a_decision_or_a_release(world: World, made: Shelf, told: list) -> None:
    with tenant_scope(world.aozora.id):
        (row,) = ask(world, reference=made.reference)
    output = finished(world, row)
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        shared = {"tenant_id": world.aozora.id, "output": output}
        with pytest.raises(DatabaseError, match="quarantined"), transaction.atomic():
            Decision.objects.create(reviewer=world.rita, verdict="approve", **shared)
        with pytest.raises(DatabaseError, match="quarantined"), transaction.atomic():
            Release.objects.create(
                output=now_of(world, made.approved), released_by=world.alice, tenant_id=world.aozora.id, use={}
            )
        with pytest.raises(Conflict, match="quarantined"):
            releases.release(world.actor(world.alice), now_of(world, made.approved))


def test_it_counts_as_open_nowhere(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    rita = world.actor(world.rita)
    with tenant_scope(world.aozora.id):
        assert not review.queue(rita).exists()
        assert not review.undecided(rita).exists()
        assert not review.approved(rita).exists()


def test_every_change_stands_in_the_trail(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    (row,) = withdrawals(world)
    assert len(events(world, "output.quarantined")) == 3
    assert events(world, "release.withdrawn") == [made.released.public_id]
    assert events(world, "withdrawal.opened") == events(world, "withdrawal.completed") == [row.public_id]
    assert events(world, "generation.refused") == [made.queued.public_id]
    with tenant_scope(world.aozora.id):
        done = AuditEvent.objects.get(event="withdrawal.completed")
        assert json.loads(done.payload)["quarantined"] == 3
        assert "person asked" not in "".join(AuditEvent.objects.values_list("payload", flat=True))
        assert verify_trail(world.aozora.id).intact
