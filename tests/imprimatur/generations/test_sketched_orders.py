"""A sketch travels with the order as a box does: spec, permit, worker; and nobody else's ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from imprimatur import keys
from imprimatur.generations import redrawing, services
from imprimatur.generations.cast import CastMember
from imprimatur.generations.models import Output
from imprimatur.library.models import Sketch
from imprimatur.tenants.errors import InvalidInput, NotFound
from imprimatur.tenants.scope import tenant_scope

from generation.spec import Box, GenerationSpec
from governance.permit import read_permit
from gpu_worker.outcomes import Refused
from gpu_worker.permits import PermitDesk
from tests.factories import World
from tests.imprimatur.drawn import USE, approved_version, uploaded, worked
from tests.imprimatur.generations.asked import BESIDE, RIGHT, ask, dispatched, now_of
from tests.imprimatur.library.test_sketches import drawn_shape, taken_in

pytestmark = pytest.mark.django_db
LEFT = Box(left=0.0, top=0.0, right=0.5, bottom=1.0)


def test_a_sketch_reaches_spec_order_and_permit(world: World) -> None:
    sketch = taken_in(world)
    (row,) = ask(world, sketch=sketch, box=LEFT)
    spec = GenerationSpec.from_json(row.spec)
    assert (spec.sketch_digest, spec.box) == (sketch.sha256, LEFT)
    order = dispatched(world, row)
    assert [(stored.key, stored.sha256) for stored in order.sketches] == [(sketch.object_key, sketch.sha256)]
    permit = read_permit(order.permit, keys.permit_private_key().public_key())
    assert permit.spec_digest == order.spec.digest() == row.spec_digest
    bare = replace(spec, sketch_digest="")
    assert bare.digest() != permit.spec_digest


def test_each_subject_keeps_its_own(world: World) -> None:
    left, right = taken_in(world, drawn_shape(0, 0.5)), taken_in(world, drawn_shape(0.5, 1))
    with tenant_scope(world.aozora.id):
        mug = CastMember(reference=uploaded(world, world.alice, word="mug"), sketch=right)
        (row,) = services.submit(
            world.actor(world.alice),
            reference=uploaded(world, world.alice),
            sketch=left,
            others=[mug],
            version=approved_version(world, BESIDE),
            variables={"place": "on the beach"},
            use=USE,
        )
    order = dispatched(world, row)
    assert [s.sketch_digest for s in order.spec.subjects] == [left.sha256, right.sha256]
    assert [stored.sha256 for stored in order.sketches] == [left.sha256, right.sha256]


def test_a_worker_takes_no_other_sketch_than_the_permitted(world: World) -> None:
    sketch, other = taken_in(world), taken_in(world, drawn_shape(0.5, 1))
    (row,) = ask(world, sketch=sketch)
    order = dispatched(world, row)
    desk = PermitDesk(keys.permit_private_key().public_key())
    assert desk.check(order).generation_id == order.generation_id
    swapped = replace(order.sketches[0], key=other.object_key, sha256=other.sha256)
    for sketches in ((swapped,), (), order.sketches * 2):
        with pytest.raises(Refused, match="other sketches"):
            desk.check(replace(order, sketches=sketches))


def test_another_companys_sketch_is_not_there(world: World) -> None:
    sketch = taken_in(world)
    foreign = Sketch(tenant_id=world.northwind.id, sha256=sketch.sha256, object_key=sketch.object_key)
    with pytest.raises(NotFound):
        ask(world, sketch=foreign)


def test_shape_and_rectangle_must_leave_a_place(world: World) -> None:
    sketch = taken_in(world)
    with pytest.raises(InvalidInput) as refused:
        ask(world, sketch=sketch, box=RIGHT)
    assert refused.value.errors[0]["field"] == "sketch"


def test_a_lost_picture_is_drawn_again_within_the_same_shape(world: World) -> None:
    sketch = taken_in(world)
    (row,) = ask(world, sketch=sketch)
    with tenant_scope(world.aozora.id):
        assert services.record_report(worked(row))
        fresh = redrawing.redraw(Output.objects.get(generation=row))
    assert [stored.sha256 for stored in dispatched(world, fresh).sketches] == [sketch.sha256]


def test_the_api_names_it_by_id(world: World) -> None:
    sketch = taken_in(world)
    with tenant_scope(world.aozora.id):
        reference, version = uploaded(world, world.alice), approved_version(world)
    asked = {
        "reference": reference.public_id,
        "template_version": version.public_id,
        "variables": {"place": "on the beach"},
        "use": USE,
        "sketch": sketch.public_id,
    }
    alice = world.client(world.alice)
    made = alice.post("/api/v1/generations", asked, content_type="application/json")
    assert made.status_code == 202, made.content
    (row,) = made.json()["data"]
    assert row["subjects"][0]["sketch"] == sketch.public_id
    wrong = alice.post("/api/v1/generations", asked | {"sketch": "skt_x"}, content_type="application/json")
    assert wrong.status_code == 404
    with tenant_scope(world.aozora.id):
        assert Sketch.objects.get(pk=sketch.pk).ordered_at is not None


def test_what_an_order_named_is_noted_once(world: World) -> None:
    sketch = taken_in(world)
    ask(world, sketch=sketch)
    first = _ordered_at(world, sketch)
    (row,) = ask(world, sketch=sketch)
    assert first is not None
    assert _ordered_at(world, sketch) == first
    assert now_of(world, row).spec["sketch_digest"] == sketch.sha256


def _ordered_at(world: World, sketch: Sketch) -> object:
    with tenant_scope(world.aozora.id):
        return Sketch.objects.get(pk=sketch.pk).ordered_at
