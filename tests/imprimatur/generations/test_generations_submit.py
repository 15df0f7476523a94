"""Asking for pictures: all of them or none, with the consents as they stand at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from imprimatur.audit.models import AuditEvent
from imprimatur.generations import services
from imprimatur.generations.models import Generation
from imprimatur.prompts import services as prompts
from imprimatur.rights import services as rights
from imprimatur.tenants.errors import InvalidInput, NotPermitted, RightsRefused
from imprimatur.tenants.scope import tenant_scope

from governance.consent import ConsentTerms
from tests.factories import World
from tests.imprimatur.drawn import USE, approved_version, uploaded
from tests.imprimatur.generations.asked import ask, likeness


def test_pictures_asked_for_together_share_a_batch_and_differ_in_their_seeds(world: World) -> None:
    rows = ask(world, count=3, seed=11)
    assert len({row.batch for row in rows}) == 1
    assert [row.spec["seed"] for row in rows] == [11, 12, 13]
    assert {row.state for row in rows} == {"queued"}
    assert {row.requested_by for row in rows} == {world.alice}
    with tenant_scope(world.aozora.id):
        events = AuditEvent.objects.filter(event="generation.requested").values_list("subject", flat=True)
        assert sorted(events) == sorted(row.public_id for row in rows)


def test_the_prompt_is_the_templates_with_the_subjects_word(world: World) -> None:
    (row,) = ask(world)
    assert (row.spec["prompt"], row.spec["word"]) == ("a bottle on the beach", "bottle")
    assert row.spec_digest
    assert row.use == USE


def test_dials_reach_the_spec(world: World) -> None:
    (row,) = ask(world, dials={"quantity": 0.5, "scope": 0.4, "steps": 8, "guidance_scale": 3})
    assert (row.spec["quantity"], row.spec["mask"]["scope"], row.spec["steps"]) == (0.5, 0.4, 8)
    assert (row.spec["guidance_scale"], row.spec["mask"]["stop_step"]) == (3, 3)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 17}, "count"),
        ({"seed": -1}, "seed"),
        ({"dials": {"steps": 0}}, "dials.steps"),
        ({"dials": {"scope": "wide"}}, "dials.scope"),
        ({"dials": {"sharpness": 1}}, "dials.sharpness"),
        ({"use": {"place": "JP"}}, "use.place"),
        ({"dials": {"quantity": float("nan")}}, "dials.quantity"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(world: World, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(world, **wrong)
    assert [error["field"] for error in refused.value.errors] == [field]
    with tenant_scope(world.aozora.id):
        assert not Generation.objects.exists()


def test_a_reviewer_cannot_ask_for_pictures(world: World) -> None:
    with pytest.raises(NotPermitted):
        ask(world, asker=world.rita)


def test_a_key_asks_in_its_makers_name(world: World) -> None:
    key = world.key_actor()
    with tenant_scope(world.aozora.id):
        (row,) = services.submit(
            key,
            reference=uploaded(world, world.alice),
            version=approved_version(world),
            variables={"place": "on the beach"},
            use=USE,
        )
        assert row.requested_by == key.user
        assert row.requested_with == key.api_key


def test_without_a_right_nothing_is_queued_and_every_reason_is_told(world: World) -> None:
    with pytest.raises(RightsRefused) as refused:
        ask(world, shows_person=True, own_work=False)
    assert [reason["rule_id"] for reason in refused.value.reasons] == ["likeness.missing"]
    with tenant_scope(world.aozora.id):
        assert not Generation.objects.exists()


def test_a_template_that_is_not_approved_any_more_is_refused(world: World) -> None:
    with tenant_scope(world.aozora.id):
        reference, version = uploaded(world, world.alice), approved_version(world)
        version = prompts.retire(world.actor(world.rita), version)
        with pytest.raises(RightsRefused) as refused:
            services.submit(
                world.actor(world.alice),
                reference=reference,
                version=version,
                variables={"place": "on the beach"},
                use=USE,
            )
    assert "template.not_approved" in [reason["rule_id"] for reason in refused.value.reasons]


def test_the_consent_receipt_says_what_was_relied_upon_and_stays(world: World) -> None:
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    (relied,) = row.consent_receipt["records"]
    assert relied["record"] == record.public_id
    assert relied["terms_digest"] == record.terms_digest
    assert len(relied["commitment"]) == 64
    assert row.consent_receipt["use"] == USE
    with tenant_scope(world.aozora.id):
        rights.revoke(world.actor(world.gordon), record, "withdrawn by the person")
        assert Generation.objects.get(pk=row.pk).consent_receipt == row.consent_receipt


def test_a_consents_cap_counts_pictures_in_flight(world: World) -> None:
    reference, _ = likeness(world, output_cap=3)
    ask(world, reference=reference, count=2)
    with pytest.raises(RightsRefused) as refused:
        ask(world, reference=reference, count=2)
    assert [reason["rule_id"] for reason in refused.value.reasons] == ["consent.cap"]
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
    ask(world, reference=reference)


def test_an_expired_consent_is_refused(world: World) -> None:
    now = timezone.now()
    reference, _ = likeness(world, valid_from=now - timedelta(days=9), valid_until=now - timedelta(days=1))
    with pytest.raises(RightsRefused) as refused:
        ask(world, reference=reference)
    assert [reason["rule_id"] for reason in refused.value.reasons] == ["terms.expired_on"]


def test_another_companys_pictures_do_not_exist_here(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.northwind.id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM generations_generation WHERE id = %s", [row.id])
        assert cursor.fetchone() == (0,)


def test_cancel_is_at_once_and_repeating_it_changes_nothing(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        first = services.cancel(world.actor(world.alice), row)
        again = services.cancel(world.actor(world.alice), row)
        assert (first.state, again.state) == ("canceled", "canceled")
        assert first.version == again.version
        assert AuditEvent.objects.filter(event="generation.canceled").count() == 1


def test_a_canceled_picture_can_be_tried_again(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
        again = services.retry(world.actor(world.alice), row)
        assert (again.state, again.finished_at, again.lost_attempts) == ("queued", None, 0)


def test_trying_again_asks_for_the_rights_again(world: World) -> None:
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
        rights.revoke(world.actor(world.gordon), record, "withdrawn by the person")
        with pytest.raises(RightsRefused):
            services.retry(world.actor(world.alice), row)
        assert Generation.objects.get(pk=row.pk).state == "canceled"


def test_a_picture_stands_on_the_records_it_was_asked_under(world: World) -> None:
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        manager, terms = world.actor(world.gordon), ConsentTerms.from_json(record.terms)
        services.cancel(world.actor(world.alice), row)
        capped = replace(terms, output_cap=1)
        author = world.actor(world.alice)
        second = rights.draft_consent(author, title="Second", kind="likeness", terms=capped, evidence=b"%PDF signed")
        rights.verify_record(manager, second)
        rights.revoke(manager, record)
        with pytest.raises(RightsRefused) as refused:
            services.retry(world.actor(world.alice), row)
    assert [reason["rule_id"] for reason in refused.value.reasons] == ["terms.revoked"]
    (anew,) = ask(world, reference=reference)
    assert [line["record"] for line in anew.consent_receipt["records"]] == [second.public_id]


def test_the_system_itself_asks_for_no_pictures(world: World) -> None:
    nobody = replace(world.actor(world.alice), user=None)
    with tenant_scope(world.aozora.id), pytest.raises(NotPermitted):
        services.submit(
            nobody, reference=uploaded(world, world.alice), version=approved_version(world), variables={}, use=USE
        )
