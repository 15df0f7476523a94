"""Correcting what was declared at upload: anybody who uploads may demand more rights, a rights manager fewer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from imprimatur.audit.selectors import events
from imprimatur.library import selectors, services
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.actor import Actor, actor_for_key
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.drawn import picture, uploaded

NOTHING: dict[str, Any] = {"shows_person": False, "declared_marks": [], "own_work": False}
ALL: dict[str, Any] = {"shows_person": True, "declared_marks": ["AOZORA"], "own_work": False}


@pytest.fixture
def alice(world: World) -> Iterator[Actor]:
    """A creator of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.alice)


def test_a_creator_demands_more(world: World, alice: Actor) -> None:
    reference = uploaded(world, world.alice)
    changed = services.redeclare(alice, reference, **ALL)
    assert (changed.shows_person, changed.declared_marks, changed.own_work) == (True, ["AOZORA"], False)
    event = events(alice.tenant_id, event="reference.redeclared").get()
    assert event.subject == reference.public_id
    assert "AOZORA" not in event.payload


@pytest.mark.parametrize(
    "fewer", [{"shows_person": False}, {"declared_marks": []}, {"declared_marks": ["OTHER"]}, {"own_work": True}]
)
def test_only_a_rights_manager_demands_fewer(world: World, alice: Actor, fewer: dict[str, Any]) -> None:
    reference = uploaded(world, world.alice, **ALL)
    with pytest.raises(NotPermitted):
        services.redeclare(alice, reference, **{**ALL, **fewer})
    changed = services.redeclare(world.actor(world.gordon), reference, **{**ALL, **fewer})
    assert {name: getattr(changed, name) for name in fewer} == fewer


def test_others_declare_nothing(world: World, alice: Actor) -> None:
    reference = uploaded(world, world.alice)
    for person in (world.rita, world.ada, world.olive):
        with pytest.raises(NotPermitted):
            services.redeclare(world.actor(person), reference, **ALL)


def test_a_person_stays_a_person(world: World, alice: Actor) -> None:
    reference = uploaded(world, world.alice, **ALL)
    subject = reference.subject
    subject.kind = "person"
    subject.save()
    with pytest.raises(InvalidInput):
        services.redeclare(world.actor(world.gordon), reference, **NOTHING)


def test_inherited_rights_are_corrected_where_they_come_from(world: World, alice: Actor) -> None:
    origin, later = uploaded(world, world.alice, **ALL), uploaded(world, world.alice)
    ReferenceImage.objects.filter(pk=later.pk).update(derived_from=origin, source="generated")
    with pytest.raises(Conflict) as caught:
        services.redeclare(world.actor(world.gordon), later, **NOTHING)
    assert caught.value.code == "inherited_rights"


@pytest.mark.parametrize("fewer", [{"shows_person": False}, {"declared_marks": []}, {"own_work": True}])
def test_sending_it_again_sheds_no_right(world: World, alice: Actor, fewer: dict[str, Any]) -> None:
    photo = picture(256, "olive")
    hanako = services.add_subject(alice, services.add_brand(alice, "Aozora"), "Hanako", "person", "woman")
    bottle = services.add_subject(alice, hanako.brand, "Bottle", "product", "bottle")
    services.take_in(alice, hanako, photo, source="photograph", **ALL)
    with pytest.raises(Conflict) as caught:
        services.take_in(alice, bottle, photo, source="photograph", **{**ALL, **fewer})
    assert caught.value.code == "declared_otherwise"
    assert services.take_in(alice, bottle, photo, source="photograph", **ALL).declared_marks == ["AOZORA"]


@pytest.mark.parametrize("rendition", [selectors.content, lambda reference: selectors.thumbnail(reference, 480)])
def test_a_file_of_the_library_does_not_come_in_again(world: World, alice: Actor, rendition: Any) -> None:
    stored = uploaded(world, world.alice, **ALL)
    bottle = services.add_subject(alice, stored.subject.brand, "Other", "product", "bottle")
    with pytest.raises(InvalidInput) as caught:
        services.take_in(alice, bottle, rendition(stored)[0], source="photograph", **{**NOTHING, "own_work": True})
    assert caught.value.code == "upload_stored_reference"


def test_a_key_demands_no_fewer_rights(world: World, alice: Actor) -> None:
    reference = uploaded(world, world.alice, **ALL)
    maker = member(world.aozora, "kaho", [Role.OWNER, Role.RIGHTS_MANAGER], world.password)
    key, _ = world.key([Permission.VIEW, Permission.MANAGE_RIGHTS], maker)
    with pytest.raises(PersonRequired):
        services.redeclare(actor_for_key(key), reference, **NOTHING)


def test_over_http(world: World) -> None:
    with tenant_scope(world.aozora.id):
        address = f"/api/v1/references/{uploaded(world, world.alice).public_id}/declaration"
    alice, gordon, charlie = (world.client(u) for u in (world.alice, world.gordon, world.charlie))
    assert alice.put(address, ALL, content_type="application/json").json()["shows_person"] is True
    assert alice.put(address, NOTHING, content_type="application/json").status_code == 403
    assert gordon.put(address, NOTHING, content_type="application/json").json()["shows_person"] is False
    assert charlie.put(address, ALL, content_type="application/json").status_code == 404
