"""What is noticed about a picture holds it from review until a rights manager, in person, clears or quarantines it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from imprimatur.audit.selectors import events
from imprimatur.generations import screening
from imprimatur.generations.models import Output, Screening
from imprimatur.library import faces
from imprimatur.library import services as library
from imprimatur.review import selectors, services
from imprimatur.review.models import Decision
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.scope import tenant_scope
from PIL import Image

from generation.studio.samples import SAMPLES, sample_png
from governance.finishing import Finished, enlarged
from tests.factories import World
from tests.imprimatur import drawn as drawing
from tests.imprimatur.drawn import drawn
from tests.imprimatur.generations.asked import likeness

FACE = next(
    data
    for data in (sample_png(s) for s in SAMPLES if s.individual.kind == "person")
    if faces.count(Image.open(io.BytesIO(data)))
)


def with_output(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Whatever is drawn from now on looks like `data`; references stay what they are.

    It bears no mark, as a picture in which none can be read: a random mark hides this face from the detector once in
    some hundred times.
    """
    plain = drawing.picture

    def shown(size: int, colour: str, seed: int = 0) -> bytes:
        return data if colour == "teal" else plain(size, colour, seed)

    def unmarked(image: Image.Image, name: str, key: bytes) -> Finished:
        del name, key
        return Finished(image=enlarged(image.convert("RGB")), native_size="", watermarked=False)

    monkeypatch.setattr(drawing, "picture", shown)
    monkeypatch.setattr(drawing, "finish", unmarked)


@pytest.fixture
def face_output(world: World, monkeypatch: pytest.MonkeyPatch) -> Output:
    """A bottle was asked for, and a face came."""
    with_output(monkeypatch, FACE)
    return drawn(world)[0]


def test_an_ordinary_picture_is_not_held(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        assert not Screening.objects.exists()
        assert list(selectors.queue(world.actor(world.rita))) == [output]


def test_a_face_that_nobody_asked_for_holds_the_picture(world: World, face_output: Output) -> None:
    with tenant_scope(world.aozora.id):
        rita = world.actor(world.rita)
        row = screening.held().get()
        assert [finding["code"] for finding in row.findings] == [screening.FACE]
        assert list(selectors.queue(rita)) == []
        with pytest.raises(Conflict) as caught:
            services.decide(rita, face_output, "approve")
        assert caught.value.code == "held"
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(tenant=world.aozora, output=face_output, reviewer=world.rita, verdict="approve")
        assert events(world.aozora.id, event="output.held").get().subject == face_output.public_id


def test_a_face_is_fine_where_a_person_was_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_output(monkeypatch, FACE)
    reference, _record = likeness(world)
    monkeypatch.setattr(drawing, "uploaded", lambda *_args, **_facts: reference)
    drawn(world)
    with tenant_scope(world.aozora.id):
        assert not Screening.objects.exists()


def test_a_rights_manager_clears_it_once_and_it_goes_on(world: World, face_output: Output) -> None:
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        row = screening.held().get()
        with pytest.raises(NotPermitted):
            screening.clear(world.actor(world.rita), row)
        with pytest.raises(PersonRequired):
            screening.clear(type(gordon)(gordon.tenant_id, gordon.user, gordon.permissions, world.key()[0]), row)
        cleared = screening.clear(gordon, row, "a print on the label")
        assert (cleared.decided_by, cleared.holds) == (world.gordon, False)
        assert list(selectors.queue(world.actor(world.rita))) == [face_output]
        with pytest.raises(Conflict):
            screening.clear(gordon, row)
        for harm in ({"cleared_at": None}, {"findings": []}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Screening.objects.filter(pk=row.pk).update(**harm)


def test_a_rights_manager_quarantines_it_with_a_reason(world: World, face_output: Output) -> None:
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        row = screening.held().get()
        with pytest.raises(InvalidInput):
            screening.quarantine(gordon, row, " ")
        screening.quarantine(gordon, row, "looks like a real person")
        fresh = Output.objects.get(pk=face_output.pk)
        assert (fresh.quarantined_at is not None, fresh.quarantine_reason) == (True, screening.QUARANTINE_REASON)
        assert not screening.held().exists()


def test_a_near_copy_of_anothers_reference_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = sample_png(next(s for s in SAMPLES if s.slug == "picnic-bag"))
    alice = world.actor(world.alice)
    with tenant_scope(world.aozora.id):
        subject = library.add_subject(alice, library.add_brand(alice, "Other"), "Other", "product", "bottle")
        said: dict[str, Any] = {"source": "drawing", "shows_person": False, "own_work": True}
        reference = library.take_in(alice, subject, other, **said)
    with_output(monkeypatch, other)
    drawn(world)
    with tenant_scope(world.aozora.id):
        (finding,) = screening.held().get().findings
        assert finding == {"code": screening.NEARER, "params": {"reference": reference.public_id}}


def test_what_cannot_be_looked_at_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_image: Image.Image) -> int:
        raise RuntimeError("no cascade")

    (output,) = drawn(world)
    monkeypatch.setattr(faces, "count", broken)
    with tenant_scope(world.aozora.id):
        row = screening.screen(output)
        assert row is not None and [f["code"] for f in row.findings] == [screening.NOT_SCREENED]
        assert all(screening.sentences(row))
