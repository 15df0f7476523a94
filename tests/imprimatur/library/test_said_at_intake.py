"""Intake asks: whose face is that, is this your mark, did we draw this? And takes an explanation from a person only."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from imprimatur import objects
from imprimatur.audit.selectors import events
from imprimatur.generations import gate
from imprimatur.generations.models import Generation, Output
from imprimatur.library import faces, marks, services
from imprimatur.library.facts import of_reference
from imprimatur.library.models import ReferenceImage, Subject
from imprimatur.rights import blocklist
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.scope import tenant_scope
from PIL import Image, ImageDraw

from generation.studio.samples import SAMPLES, sample_png
from governance.policy import Refusal
from tests.factories import World
from tests.imprimatur.drawn import USE, drawn, picture, uploaded

_names = itertools.count()
PEOPLE = [sample for sample in SAMPLES if sample.individual.kind == "person"]
THINGS = [sample for sample in SAMPLES if sample.individual.kind != "person"]


@pytest.fixture
def alice(world: World) -> Iterator[Actor]:
    """A creator of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.alice)


def subject(actor: Actor, name: str = "Poster") -> Subject:
    return services.add_subject(actor, services.add_brand(actor, f"Brand of {name}"), name, "product", "poster")


def face() -> bytes:
    """A drawn person in whom a face is found."""
    return next(data for data in map(sample_png, PEOPLE) if faces.count(Image.open(io.BytesIO(data))))


def take_in(actor: Actor, data: bytes, **said: Any) -> ReferenceImage:
    facts = {"source": "drawing", "shows_person": False, "own_work": True} | said
    return services.take_in(actor, subject(actor, f"P{next(_names)}"), data, **facts)


def test_faces_are_found_in_drawn_people_and_not_in_drawn_things() -> None:
    found = [faces.count(Image.open(io.BytesIO(sample_png(sample)))) for sample in PEOPLE]
    assert sum(1 for count in found if count) * 2 > len(PEOPLE)
    assert [sample.slug for sample in THINGS if faces.count(Image.open(io.BytesIO(sample_png(sample))))] == []


@pytest.mark.parametrize("size", [(1, 1), (30, 30), (4000, 20), (640, 480)])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "I;16"])
def test_the_detector_takes_every_picture(size: tuple[int, int], mode: str) -> None:
    assert faces.count(Image.new(mode, size)) == 0


def test_a_face_needs_a_person_or_an_explanation(alice: Actor) -> None:
    with pytest.raises(InvalidInput) as caught:
        take_in(alice, face())
    assert [(e["field"], e["rule_id"]) for e in caught.value.errors] == [("shows_person", "likeness.face_unexplained")]
    assert not ReferenceImage.objects.exists()
    declared = take_in(alice, face(), shows_person=True)
    assert (declared.faces > 0, declared.face_explanation) == (True, "")


def test_an_explanation_is_a_persons_and_is_kept(world: World, alice: Actor) -> None:
    explained = take_in(alice, face(), face_explanation="A drawn figure on our label; nobody real.")
    assert (explained.explained_by, explained.face_unexplained) == (world.alice, False)
    assert '"face_explained":true' in events(alice.tenant_id, event="reference.ready").get().payload.replace(" ", "")
    key = Actor(alice.tenant_id, alice.user, alice.permissions, api_key=world.key()[0])
    with pytest.raises(PersonRequired):
        take_in(key, picture(300, "navy", 3), face_explanation="It is nobody.")


def test_an_unexplained_face_is_refused_at_every_later_gate_too(alice: Actor) -> None:
    reference = take_in(alice, picture(300, "navy", 4))
    ReferenceImage.objects.filter(pk=reference.pk).update(faces=1)  # as if an older row were looked at again
    (facts,) = of_reference(ReferenceImage.objects.get(pk=reference.pk))
    assert facts.face_unexplained


def mark_picture() -> Image.Image:
    image = Image.new("RGB", (400, 400), "white")
    draw = ImageDraw.Draw(image)
    for turn in range(5):
        draw.pieslice((40, 40, 360, 360), turn * 72, turn * 72 + 40, fill=("black", "red", "navy")[turn % 3])
    return image


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_what_looks_like_a_registered_mark_must_declare_it(world: World, alice: Actor) -> None:
    with pytest.raises(NotPermitted):
        marks.register(alice, "FAN", png(mark_picture()))
    gordon = world.actor(world.gordon)
    row = marks.register(gordon, "FAN", png(mark_picture()))
    with pytest.raises(Conflict):
        marks.register(gordon, "FAN", png(mark_picture()))
    copy = png(mark_picture().resize((260, 260)))
    with pytest.raises(InvalidInput) as caught:
        take_in(alice, copy)
    assert [(e["field"], e["rule_id"]) for e in caught.value.errors] == [("declared_marks", "mark.undeclared")]
    assert take_in(alice, copy, declared_marks=["fan"]).declared_marks == ["fan"]
    assert take_in(alice, picture(300, "navy", 5)).declared_marks == []
    marks.forget(gordon, row)
    assert not marks.registered().exists()


def test_a_blocked_mark_is_not_taken_in(world: World, alice: Actor) -> None:
    blocklist.add(world.actor(world.gordon), "Umbra", "mark")
    with pytest.raises(InvalidInput) as caught:
        take_in(alice, picture(300, "navy", 6), declared_marks=["UMBRA"])
    assert caught.value.errors[0]["rule_id"] == "blocklist.mark"


def stripped(output: Output) -> bytes:
    """The picture as it comes back from a website: no manifest, another format."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(objects.get(output.object_key, output.sha256))).convert("RGB").save(
        buffer, "JPEG", quality=80
    )
    return buffer.getvalue()


def test_a_stripped_output_of_ours_is_known_and_stands_under_its_root(world: World, alice: Actor) -> None:
    (output,) = drawn(world)
    root = Generation.objects.get(output=output).subject_reference
    reference = take_in(alice, stripped(output))
    assert (reference.derived_from, reference.source) == (root, "generated")


def test_another_companys_stripped_output_is_refused(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        copy = stripped(output)
    charlie = world.actor(world.charlie)
    with tenant_scope(world.northwind.id), pytest.raises(InvalidInput) as caught:
        take_in(charlie, copy)
    assert caught.value.code == "upload_foreign_output"


def test_a_derived_reference_adds_its_own_demands_to_its_roots(world: World, alice: Actor) -> None:
    root = uploaded(world, world.alice)
    derived = uploaded(world, world.alice)
    ReferenceImage.objects.filter(pk=derived.pk).update(derived_from=root, source="generated")
    derived = ReferenceImage.objects.get(pk=derived.pk)
    version = Generation.objects.get(output=drawn(world)[0]).template_version
    question: dict[str, Any] = {"action": "generate", "references": [derived], "version": version, "use": USE}
    assert gate.decision(alice, **question).is_permitted
    redeclared = services.redeclare(alice, derived, shows_person=True, declared_marks=["FAN"], own_work=True)
    answer = gate.decision(alice, **question | {"references": [redeclared]})
    assert isinstance(answer, Refusal)
    assert answer.rule_ids == ("trademark.missing", "likeness.missing")
    services.redeclare(alice, root, shows_person=True, declared_marks=[], own_work=True)
    with pytest.raises(Conflict):
        services.redeclare(world.actor(world.gordon), derived, shows_person=False, declared_marks=[], own_work=True)
