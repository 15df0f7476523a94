"""Whoever wants a picture explains no face away alone, and clears no picture that they asked for."""

from __future__ import annotations

import pytest
from imprimatur.generations import screening
from imprimatur.generations.models import Output, Screening
from imprimatur.library import services as library
from imprimatur.tenants.errors import NotPermitted
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.drawn import drawn
from tests.imprimatur.generations.asked import ask
from tests.imprimatur.generations.test_screening import FACE, with_output
from tests.imprimatur.withdrawal.made import finished

SAID = {"shows_person": False, "own_work": True, "declared_marks": (), "face_explanation": "A print on the label."}


def picture_of_a_print(world: World, *, confirmed: bool) -> Output:
    """Alice uploads a face as a print; a face comes out."""
    with tenant_scope(world.aozora.id):
        alice = world.actor(world.alice)
        brand = library.add_brand(alice, "Aozora")
        subject = library.add_subject(alice, brand, "Label", "product", "label")
        reference = library.take_in(alice, subject, FACE, source="drawing", **SAID)  # type: ignore[arg-type]
        if confirmed:
            reference = library.redeclare(world.actor(world.gordon), reference, **SAID)  # type: ignore[arg-type]
    return finished(world, ask(world, reference=reference)[0])


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_face_that_only_its_uploader_explained_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch, confirmed: bool
) -> None:
    with_output(monkeypatch, FACE)
    output = picture_of_a_print(world, confirmed=confirmed)
    with tenant_scope(world.aozora.id):
        assert Screening.objects.filter(output=output).exists() is not confirmed


def test_nobody_clears_what_they_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_output(monkeypatch, FACE)
    both = member(world.aozora, "bo", [Role.CREATOR, Role.RIGHTS_MANAGER], world.password)
    (output,) = drawn(world, both)
    with tenant_scope(world.aozora.id):
        held = Screening.objects.get(output=output)
        with pytest.raises(NotPermitted):
            screening.clear(world.actor(both), held)
        assert screening.clear(world.actor(world.gordon), held).decided_by == world.gordon
