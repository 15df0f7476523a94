"""A picture drawn from several references stands, as a reference, under the rights of every one: at every gate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from imprimatur.generations import gate, services
from imprimatur.generations.models import Output
from imprimatur.library import services as library
from imprimatur.library.facts import of_reference
from imprimatur.library.models import FurtherOrigin, ReferenceImage
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.errors import Conflict, InvalidInput, RightsRefused
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import reach

from governance.policy import Permitted
from tests.factories import World
from tests.imprimatur.drawn import USE, approved_version, uploaded, worked
from tests.imprimatur.generations.asked import ask, ask_two, likeness
from tests.imprimatur.withdrawal.derived import derived_reference

pytestmark = pytest.mark.django_db


def made_of(world: World, first: ReferenceImage, second: ReferenceImage, **declared: Any) -> ReferenceImage:
    """A picture of both, as a reference."""
    (row,) = ask_two(world, first, second)
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
        output = Output.objects.get(generation=row)
    return derived_reference(world, output, **({"shows_person": False, "own_work": True} | declared))


def answer(world: World, reference: ReferenceImage) -> list[str]:
    """The rules that refuse a picture from it; none where it may be drawn."""
    with tenant_scope(world.aozora.id):
        fresh = ReferenceImage.objects.get(pk=reference.pk)
        found = gate.decision(
            world.actor(world.alice), action="generate", references=[fresh], version=approved_version(world), use=USE
        )
        return [] if isinstance(found, Permitted) else sorted(found.rule_ids)


def holds(world: World, reference: ReferenceImage) -> bool:
    """What the database says by itself of a release."""
    with tenant_scope(world.aozora.id), connection.cursor() as cursor:
        cursor.execute("SELECT releases_rights_hold(%s, %s, false)", [reference.pk, timezone.now()])
        return bool(cursor.fetchone()[0])


def revoked(world: World, record: ConsentRecord) -> None:
    with tenant_scope(world.aozora.id):
        rights.revoke(world.actor(world.gordon), record)


def test_it_inherits_what_either_shows_and_asks_for_both_rights(world: World) -> None:
    (hanako, one), (taro, other) = likeness(world), likeness(world, word="mug")
    child = made_of(world, hanako, taro)
    with tenant_scope(world.aozora.id):
        assert {origin.pk for origin in child.origins} == {hanako.pk, taro.pk}
        assert (child.shows_person, child.own_work) == (True, False)
        facts = of_reference(child)
    assert {fact.digest for fact in facts} == {hanako.pixel_sha256, taro.pixel_sha256}
    assert (answer(world, child), holds(world, child)) == ([], True)
    for record in (one, other):
        with tenant_scope(world.aozora.id):
            assert child in reach.references(record)


@pytest.mark.parametrize("which", [0, 1])
def test_without_the_right_to_either_nothing_is_drawn_or_released(world: World, which: int) -> None:
    pairs = [likeness(world), likeness(world, word="mug")]
    child = made_of(world, pairs[0][0], pairs[1][0])
    revoked(world, pairs[which][1])
    assert answer(world, child)
    assert not holds(world, child)
    with pytest.raises(RightsRefused):
        ask(world, reference=child)


def test_a_person_of_one_root_needs_no_second_consent_because_the_other_shows_nobody(world: World) -> None:
    hanako, _record = likeness(world)
    with tenant_scope(world.aozora.id):
        mug = uploaded(world, world.alice, word="mug")
    child = made_of(world, hanako, mug)
    assert (answer(world, child), holds(world, child)) == ([], True)


def test_a_person_who_was_declared_beside_needs_a_consent_of_their_own(world: World) -> None:
    with tenant_scope(world.aozora.id):
        bottle, mug = uploaded(world, world.alice), uploaded(world, world.alice, word="mug")
    child = made_of(world, bottle, mug, shows_person=True)
    assert answer(world, child) == ["likeness.missing"]
    assert not holds(world, child)


def test_another_branchs_person_does_not_excuse_a_person_on_this_one(world: World) -> None:
    hanako, _record = likeness(world)
    with tenant_scope(world.aozora.id):
        bottle, cup = (uploaded(world, world.alice, word=word) for word in ("bottle", "cup"))
    (row,) = ask(world, reference=bottle)
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
        output = Output.objects.get(generation=row)
    beside = derived_reference(world, output, shows_person=False, own_work=True)
    with tenant_scope(world.aozora.id):
        mug = uploaded(world, world.alice, word="mug")
        ReferenceImage.objects.filter(pk=mug.pk).update(derived_from=hanako, source="generated", shows_person=True)
        FurtherOrigin.objects.create(tenant_id=mug.tenant_id, reference=mug, origin=beside)
    assert (answer(world, mug), holds(world, mug)) == ([], True)
    with tenant_scope(world.aozora.id):
        ReferenceImage.objects.filter(pk=beside.pk).update(shows_person=True)
    assert answer(world, mug) == ["likeness.missing"]
    assert not holds(world, mug)
    assert cup.derived_from is None


def test_marks_of_both_are_inherited_and_neither_is_shed(world: World) -> None:
    with tenant_scope(world.aozora.id):
        bottle, mug = uploaded(world, world.alice), uploaded(world, world.alice, word="mug")
        child = uploaded(world, world.alice, word="cup")
        ReferenceImage.objects.filter(pk=child.pk).update(derived_from=bottle, source="generated")
        FurtherOrigin.objects.create(tenant_id=child.tenant_id, reference=child, origin=mug)
        ReferenceImage.objects.filter(pk=mug.pk).update(declared_marks=["FAN"])
        with pytest.raises(Conflict) as refused:
            library.redeclare(
                world.actor(world.gordon),
                ReferenceImage.objects.get(pk=child.pk),
                shows_person=False,
                declared_marks=[],
                own_work=True,
            )
    assert refused.value.code == "inherited_rights"
    assert answer(world, child) == ["trademark.missing"]
    assert not holds(world, child)


def test_the_receipt_and_the_trail_name_every_root(world: World) -> None:
    (hanako, one), (taro, other) = likeness(world), likeness(world, word="mug")
    child = made_of(world, hanako, taro)
    (row,) = ask(world, reference=child)
    assert {line["record"] for line in row.consent_receipt["records"]} == {one.public_id, other.public_id}
    assert set(row.consent_receipt["references"]) == {hanako.pixel_sha256, taro.pixel_sha256}
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
    alice = world.client(world.alice)
    told = alice.get(f"/api/v1/references/{child.public_id}").json()
    assert set(told["origins"]) == {hanako.public_id, taro.public_id}
    page = alice.get(f"/references/{child.public_id}").content.decode()
    assert all(f'href="/references/{root.public_id}"' in page for root in (hanako, taro))


def test_what_was_drawn_elsewhere_in_part_is_not_taken_in(world: World) -> None:
    with tenant_scope(world.aozora.id):
        bottle, mug = uploaded(world, world.alice), uploaded(world, world.alice, word="mug")
    (row,) = ask_two(world, bottle, mug)
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
        output = Output.objects.get(generation=row)
    with tenant_scope(world.northwind.id):
        actor = world.actor(world.charlie)
        subject = library.add_subject(actor, library.add_brand(actor, "Northwind"), "Mug", "product", "mug")
    with tenant_scope(world.aozora.id):
        from imprimatur.generations import selectors

        data, _mime = selectors.content(output)
    facts = {"source": "generated", "shows_person": False, "declared_marks": [], "own_work": True}
    with tenant_scope(world.northwind.id), pytest.raises(InvalidInput) as refused:
        library.take_in(world.actor(world.charlie), subject, data, **facts)
    assert refused.value.code == "upload_foreign_output"


def test_a_consent_drawn_up_later_for_one_root_counts_for_it_alone(world: World) -> None:
    hanako, record = likeness(world)
    with tenant_scope(world.aozora.id):
        mug = uploaded(world, world.alice, word="mug")
    child = made_of(world, hanako, mug)
    (row,) = ask(world, reference=child)
    assert mug.pixel_sha256 in row.consent_receipt["unrecorded"]
    assert hanako.pixel_sha256 not in row.consent_receipt["unrecorded"]
    assert [line["record"] for line in row.consent_receipt["records"]] == [record.public_id]
    assert timezone.now() - row.created_at < timedelta(days=1)
