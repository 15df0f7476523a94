"""Two subjects in one picture: asked for, refused, ordered, drawn and recorded, with the rights of each."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from imprimatur import keys, objects
from imprimatur.generations import cast, redrawing, services
from imprimatur.generations.cast import CastMember
from imprimatur.generations.models import DrawnFrom, Generation, Output
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.rights import services as rights
from imprimatur.tenants.errors import InvalidInput, NotFound, RightsRefused
from imprimatur.tenants.scope import tenant_scope
from PIL import Image

from generation.preparing import MAX_REFERENCES
from generation.spec import GenerationSpec
from governance.permit import read_permit
from governance.provenance import read
from tests.factories import World
from tests.imprimatur.drawn import USE, another_view, approved_version, uploaded, worked
from tests.imprimatur.generations.asked import BESIDE, RIGHT, ask, ask_two, dispatched, likeness, now_of


def rules(refused: pytest.ExceptionInfo[RightsRefused]) -> list[str]:
    return [reason["rule_id"] for reason in refused.value.reasons]


def submit(world: World, first: CastMember, *others: CastMember, text: str = BESIDE) -> list[Generation]:
    return services.submit(
        world.actor(world.alice),
        reference=first.reference,
        views=first.views,
        box=first.box,
        others=others,
        version=approved_version(world, text),
        variables={"place": "on the beach"},
        use=USE,
    )


def names(references: Sequence[ReferenceImage]) -> list[Any]:
    return [reference.pk for reference in references]


def test_every_subject_reaches_spec_rows_order_and_permit(world: World) -> None:
    with tenant_scope(world.aozora.id):
        front, mug = uploaded(world, world.alice), uploaded(world, world.alice, word="mug")
        side = another_view(world, front)
        (row,) = submit(world, CastMember(reference=front, views=(side,)), CastMember(reference=mug, box=RIGHT))
        asked = [front, side, mug]
        assert names(row.references) == names(asked)
        assert row.spec["prompt"] == "a bottle beside a mug on the beach"
    spec = GenerationSpec.from_json(row.spec)
    assert [s.word for s in spec.subjects] == ["bottle", "mug"]
    assert [s.reference_digests for s in spec.subjects] == [(front.sha256, side.sha256), (mug.sha256,)]
    assert [s.box for s in spec.subjects] == [None, RIGHT]
    order = dispatched(world, row)
    assert [stored.sha256 for stored in order.references] == [reference.sha256 for reference in asked]
    permit = read_permit(order.permit, keys.permit_private_key().public_key())
    assert permit.reference_digests == tuple(reference.sha256 for reference in asked)


def test_the_stamped_picture_names_every_reference(world: World) -> None:
    (row,) = ask_two(world)
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
        output = Output.objects.get(generation=row)
        report = read(objects.get(output.object_key, output.sha256), output.mime, keys.trust_anchors())
    assert [(i.relationship, i.state) for i in report.ingredients] == [("inputTo", "trusted")] * 2


def test_the_second_subjects_missing_consent_refuses_the_picture(world: World) -> None:
    with tenant_scope(world.aozora.id):
        person = uploaded(world, world.alice, word="mug", shows_person=True, own_work=False)
    with pytest.raises(RightsRefused) as refused:
        ask_two(world, second=person)
    assert rules(refused) == ["likeness.missing"]
    assert person.subject.name in refused.value.reasons[0]["sentence"]
    with tenant_scope(world.aozora.id):
        assert not Generation.objects.exists()
        assert not DrawnFrom.objects.exists()


def test_a_further_views_missing_consent_refuses_the_picture(world: World) -> None:
    reference, _ = likeness(world)
    with tenant_scope(world.aozora.id):
        other = another_view(world, reference, shows_person=True, own_work=False)
        with pytest.raises(RightsRefused) as refused:
            submit(world, CastMember(reference=reference, views=(other,)), text="a {subject} {place}")
    assert rules(refused) == ["likeness.missing"]


def test_the_receipt_names_the_records_of_both_and_each_cap_is_counted(world: World) -> None:
    first, one = likeness(world)
    second, other = likeness(world, word="mug", output_cap=2)
    (row,) = ask_two(world, first, second)
    assert {line["record"] for line in row.consent_receipt["records"]} == {one.public_id, other.public_id}
    assert row.consent_receipt["references"] == [first.pixel_sha256, second.pixel_sha256]
    ask_two(world, second=second)
    with pytest.raises(RightsRefused) as refused:
        ask_two(world, first, second)
    assert rules(refused) == ["consent.cap"]
    ask(world, reference=first)


def test_a_right_of_the_second_that_falls_away_stops_dispatch_and_report(world: World) -> None:
    first, _ = likeness(world)
    second, record = likeness(world, word="mug")
    waiting, drawing = ask_two(world, first, second, count=2)
    with tenant_scope(world.aozora.id):
        report = worked(drawing)
        rights.revoke(world.actor(world.gordon), record, "asked for")
        assert services.record_report(report)
    assert now_of(world, drawing).state == "refused"
    with pytest.raises(RightsRefused) as refused:
        dispatched(world, waiting)
    assert rules(refused) == ["terms.revoked"]


def test_own_work_beside_a_person_stands_on_what_was_asked(world: World) -> None:
    person, record = likeness(world, word="mug")
    (row,) = ask_two(world, second=person)
    with tenant_scope(world.aozora.id):
        own = row.references[0]
    assert row.consent_receipt["unrecorded"] == [own.pixel_sha256]
    assert [line["record"] for line in row.consent_receipt["records"]] == [record.public_id]
    assert row.consent_receipt["own_work"] is False
    assert dispatched(world, row).attempt == 1


def test_another_companys_reference_is_not_found(world: World) -> None:
    with tenant_scope(world.northwind.id):
        foreign = _northwinds(world)
    with pytest.raises(NotFound):
        ask_two(world, second=foreign)
    with pytest.raises(NotFound):
        ask_two(world, first=foreign)
    (row,) = ask_two(world)
    with tenant_scope(world.aozora.id):
        assert not ReferenceImage.objects.filter(pk=foreign.pk).exists()
        with pytest.raises(DatabaseError, match="references of its own company"), transaction.atomic():
            DrawnFrom.objects.create(tenant_id=row.tenant_id, generation=row, reference=foreign, subject=2, view=0)
    with tenant_scope(world.northwind.id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM generations_drawnfrom WHERE generation_id = %s", [row.pk])
        assert cursor.fetchone() == (0,)


def test_what_a_picture_is_drawn_from_is_never_edited(world: World) -> None:
    (row,) = ask_two(world)
    with tenant_scope(world.aozora.id):
        second = DrawnFrom.objects.get(generation=row, subject=1)
        for change in (second.delete, lambda: DrawnFrom.objects.filter(pk=second.pk).update(view=3)):
            with pytest.raises(DatabaseError, match="stays as it was asked for"), transaction.atomic():
                change()


def test_no_attempt_begins_with_a_subject_that_nobody_asked_the_rights_for(world: World) -> None:
    (asked,) = ask_two(world)
    with tenant_scope(world.aozora.id):
        fields = ("tenant_id", "batch", "subject_reference_id", "template_version_id", "use", "consent_receipt")
        copied = {name: getattr(asked, name) for name in (*fields, "spec", "spec_digest", "requested_by_id")}
        smuggled = Generation.objects.create(**copied)
        assert len(smuggled.references) == 1
    with pytest.raises(DatabaseError, match="exactly the references that its spec names"):
        dispatched(world, smuggled)


@pytest.mark.parametrize(
    ("text", "words", "field"),
    [
        ("a {subject} {place}", ["bottle", "mug"], "subjects"),
        (BESIDE, ["bottle"], "subjects"),
        (BESIDE, ["bottle", "bottle"], "subject"),
    ],
)
def test_words_and_template_must_go_together(world: World, text: str, words: list[str], field: str) -> None:
    with tenant_scope(world.aozora.id):
        members = [CastMember(reference=uploaded(world, world.alice, word=word)) for word in words]
        with pytest.raises(InvalidInput) as refused:
            submit(world, *members, text=text)
        assert [error["field"] for error in refused.value.errors] == [field]
        assert not Generation.objects.exists()


def test_subjects_and_views_that_do_not_go_together_are_named(world: World) -> None:
    with tenant_scope(world.aozora.id):
        bottle, mug = uploaded(world, world.alice), uploaded(world, world.alice, word="mug")
        wrong = {
            "views": CastMember(reference=bottle, views=(mug,)),
            "others.0.views": CastMember(reference=mug, views=(mug,)),
            "others.0.reference": CastMember(reference=bottle),
        }
        right = CastMember(reference=bottle)
        for field, member in wrong.items():
            members = [member, CastMember(reference=mug)] if field == "views" else [right, member]
            with pytest.raises(InvalidInput) as refused:
                submit(world, *members)
            assert [error["field"] for error in refused.value.errors] == [field]


def test_a_picture_takes_as_many_views_as_the_model_does() -> None:
    assert cast.MAX_VIEWS == MAX_REFERENCES


def test_trying_again_and_drawing_again_keep_every_subject(world: World) -> None:
    (row,) = ask_two(world)
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
        services.retry(world.actor(world.alice), row)
        assert services.record_report(worked(row))
        fresh = redrawing.redraw(Output.objects.get(generation=row))
        assert names(fresh.references) == names(row.references)
    assert dispatched(world, fresh).attempt == 1


def test_a_picture_of_two_stands_as_a_reference_under_the_rights_of_both(world: World) -> None:
    (row,) = ask_two(world)
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
        output = Output.objects.get(generation=row)
        signed = objects.get(output.object_key, output.sha256)
        bare = io.BytesIO()
        Image.open(io.BytesIO(signed)).convert("RGB").save(bare, "PNG")
        facts = {"source": "photograph", "shows_person": False, "declared_marks": [], "own_work": True}
        subjects = [reference.subject for reference in row.references]
        for subject, data in zip(subjects, (signed, bare.getvalue()), strict=True):
            taken = library.take_in(world.actor(world.alice), subject, data, **facts)
            assert {origin.pk for origin in taken.origins} == {reference.pk for reference in row.references}
            assert taken.rights_roots == taken.origins
            assert taken.source == "generated"


def _northwinds(world: World) -> ReferenceImage:
    actor = world.actor(world.charlie)
    subject = library.add_subject(actor, library.add_brand(actor, "Northwind"), "Mug", "product", "mug")
    facts = {"source": "drawing", "shows_person": False, "declared_marks": [], "own_work": True}
    buffer = io.BytesIO()
    Image.effect_noise((512, 512), 60).convert("RGB").save(buffer, "PNG")
    return library.take_in(actor, subject, buffer.getvalue(), **facts)
