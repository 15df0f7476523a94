"""A picture that comes in again, resized, saved anew, cropped or drawn once more, sheds nothing that it needs."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from imprimatur import objects
from imprimatur.generations.models import Output
from imprimatur.library import services
from imprimatur.library.facts import of_reference
from imprimatur.library.models import ReferenceImage
from imprimatur.rights import blocklist
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, RightsRefused
from imprimatur.tenants.scope import tenant_scope
from PIL import Image

from tests.factories import World
from tests.imprimatur.drawn import drawn, photograph, uploaded
from tests.imprimatur.generations.asked import ask
from tests.imprimatur.rights.test_rights import consent
from tests.imprimatur.withdrawal.derived import derived_reference
from tests.imprimatur.withdrawal.made import finished

_brands = itertools.count(1)
ALL: dict[str, Any] = {"shows_person": True, "declared_marks": ["AOZORA"], "own_work": False}
OWN: dict[str, Any] = {"shows_person": False, "declared_marks": [], "own_work": True}


@pytest.fixture
def alice(world: World) -> Iterator[Actor]:
    """A creator of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.alice)


def again(actor: Actor, data: bytes, **declared: Any) -> ReferenceImage:
    brand = services.add_brand(actor, f"Brand {next(_brands)}")
    subject = services.add_subject(actor, brand, "Bottle", "product", "bottle")
    return services.take_in(actor, subject, data, source="photograph", **OWN | declared)


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def opened(output: Output) -> Image.Image:
    return Image.open(io.BytesIO(objects.get(output.object_key, output.sha256))).convert("RGB")


def one_pixel(image: Image.Image) -> bytes:
    changed = image.convert("RGB")
    changed.putpixel((3, 3), (1, 2, 3))
    return saved(changed, "PNG")


@pytest.mark.parametrize(
    "guise",
    [one_pixel, lambda image: saved(image, quality=70), lambda image: saved(image.resize((300, 300)))],
    ids=["one pixel", "saved anew", "resized"],
)
def test_a_guise_sheds_no_right(world: World, alice: Actor, guise: Any) -> None:
    photo = photograph(1)
    again(alice, photo, **ALL)
    copy = guise(Image.open(io.BytesIO(photo)))
    with pytest.raises(Conflict) as caught:
        again(alice, copy)
    assert caught.value.code == "declared_otherwise"
    assert again(alice, copy, **ALL).declared_marks == ["AOZORA"]
    assert again(alice, photograph(2)).own_work is True


def test_a_guise_does_not_leave_a_record_behind(world: World, alice: Actor) -> None:
    photo = photograph(3)
    first = again(alice, photo)
    consent(world.actor(world.gordon), kind="copyright", reference_digests=frozenset({first.pixel_sha256}))
    with pytest.raises(Conflict):
        again(alice, one_pixel(Image.open(io.BytesIO(photo))))


def cropped(image: Image.Image) -> Image.Image:
    by = round(image.width * 0.06)
    return image.crop((by, by, image.width, image.height))


@pytest.mark.parametrize("moved", [cropped, lambda image: image.rotate(3, resample=3, fillcolor="white")])
def test_a_moved_output_is_no_photograph(world: World, alice: Actor, moved: Any) -> None:
    (output,) = drawn(world)
    came_back = again(alice, saved(moved(opened(output)), quality=85))
    root = Output.objects.select_related("generation__subject_reference").get(pk=output.pk).generation
    assert (came_back.derived_from, came_back.source) == (root.subject_reference, "generated")


@pytest.mark.parametrize("guise", [lambda o: objects.get(o.object_key, o.sha256), lambda o: saved(opened(o))])
def test_a_quarantined_output_comes_in_by_no_door(world: World, alice: Actor, guise: Any) -> None:
    (output,) = drawn(world)
    data = guise(output)
    Output.objects.filter(pk=output.pk).update(quarantined_at="2026-01-01T00:00Z", quarantine_reason="screening")
    with pytest.raises(InvalidInput) as caught:
        again(alice, data)
    assert caught.value.code == "upload_quarantined"


def test_what_was_declared_on_the_way_stays_declared(world: World) -> None:
    with tenant_scope(world.aozora.id):
        root = uploaded(world, world.alice)
    between = derived_reference(world, finished(world, ask(world, reference=root)[0]), shows_person=False)
    last = derived_reference(world, finished(world, ask(world, reference=between)[0]), shows_person=False)
    with tenant_scope(world.aozora.id):
        assert last.derived_from == between
        actor = world.actor(world.alice)
        services.redeclare(actor, between, **OWN | {"declared_marks": ["UMBRA"]})
        last = ReferenceImage.objects.get(pk=last.pk)
        assert [facts.declared_marks for facts in of_reference(last)] == [(), ("UMBRA",)]
        blocklist.add(world.actor(world.gordon), "Umbra", "mark")
    with pytest.raises(RightsRefused) as caught:
        ask(world, reference=last)
    assert "blocklist.mark" in [reason["rule_id"] for reason in caught.value.reasons]


def test_a_subjects_name_is_no_wording_of_ones_own(world: World, alice: Actor) -> None:
    brand = services.add_brand(alice, "Aozora")
    blocklist.add(world.actor(world.gordon), "Umbra")
    for word in ("bottle beside a glass of beer", "umbra bottle", "umbra's"):
        with pytest.raises(InvalidInput) as caught:
            services.add_subject(alice, brand, "Bottle", "product", word)
        assert caught.value.errors[0]["field"] == "word"
    assert services.add_subject(alice, brand, "Shoes", "product", "pair of running shoes").word
