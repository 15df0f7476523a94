"""A sketch is kept as a shape, not as a picture; only our own company's, and only as long as an order needs it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from imprimatur import objects
from imprimatur.audit.selectors import events
from imprimatur.library import sketches
from imprimatur.library.models import Sketch
from imprimatur.tenants.errors import InvalidInput, NotFound, NotPermitted
from imprimatur.tenants.scope import tenant_scope
from PIL import Image, ImageDraw

from generation.spec import Box
from tests.factories import World
from tests.imprimatur.drawn import photograph

pytestmark = pytest.mark.django_db


def drawn_shape(left: float = 0.0, right: float = 0.5, side: int = 320, background: str = "black") -> bytes:
    """White between two shares of the width."""
    image = Image.new("RGB", (side, side), background)
    if right > left:
        ImageDraw.Draw(image).rectangle((left * side, 0, right * side - 1, side), fill="white")
    return png(image)


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def taken_in(world: World, data: bytes | None = None, **more: Any) -> Sketch:
    with tenant_scope(world.aozora.id):
        return sketches.take_in(world.actor(world.alice), data or drawn_shape(), **more)


def test_of_a_photograph_only_a_shape_in_black_and_white_is_kept(world: World) -> None:
    sketch = taken_in(world, photograph(7))
    with tenant_scope(world.aozora.id):
        data, mime = sketches.content(sketch)
    with Image.open(io.BytesIO(data)) as kept:
        assert (kept.mode, kept.size, kept.info) == ("1", (256, 256), {})
    assert (mime, sketch.object_key.split("/")[:3]) == ("image/png", ["tenants", str(world.aozora.id), "sketches"])
    with tenant_scope(world.aozora.id):
        assert events(world.aozora.id, event="sketch.made").get().subject == sketch.public_id


def test_white_stays_where_it_was_drawn_whatever_the_size(world: World) -> None:
    sketch = taken_in(world, drawn_shape(0.25, 0.75, side=999))
    with tenant_scope(world.aozora.id), Image.open(io.BytesIO(sketches.content(sketch)[0])) as kept:
        white = np.asarray(kept).mean(axis=0)
    assert white[66:190].min() == 1
    assert white[:62].max() == white[194:].max() == 0
    assert sketch.white == pytest.approx(0.5, abs=0.01)


def test_the_same_shape_is_kept_once(world: World) -> None:
    first, again = taken_in(world), taken_in(world, drawn_shape(side=640))
    assert first == again
    with tenant_scope(world.aozora.id):
        assert Sketch.objects.count() == 1
        assert sketches.content(again)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no picture at all", "upload_format"),
        (drawn_shape()[:200], "upload_damaged"),
        (drawn_shape(0, 0.01), "sketch_empty"),
        (drawn_shape(0, 0, background="#404040"), "sketch_empty"),
    ],
)
def test_what_is_no_sketch_is_refused_and_leaves_nothing(world: World, data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        taken_in(world, data)
    assert (refused.value.code, refused.value.errors[0]["field"]) == (code, "file")
    with tenant_scope(world.aozora.id):
        assert not Sketch.objects.exists()


def test_no_sketch_is_opened_in_the_web_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was opened in the web process")

    data = drawn_shape()
    with monkeypatch.context() as patched:
        patched.setattr(Image, "open", refuse)
        assert taken_in(world, data).white == pytest.approx(0.5, abs=0.01)


def test_only_creators_make_sketches(world: World) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(NotPermitted):
        sketches.take_in(world.actor(world.rita), drawn_shape())


def test_what_nobody_ordered_goes_after_a_day_with_its_file(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    start = timezone.now()
    loose, used = taken_in(world), taken_in(world, drawn_shape(0.5, 1.0))
    with tenant_scope(world.aozora.id):
        sketches.ordered([used], start)
    with django_capture_on_commit_callbacks(execute=True):
        taken_in(world, drawn_shape(0.2, 0.6), now=start + sketches.KEPT_UNORDERED - timedelta(minutes=5))
    assert objects.exists(loose.object_key)
    with django_capture_on_commit_callbacks(execute=True):
        newest = taken_in(world, drawn_shape(0.1, 0.9), now=start + 2 * sketches.KEPT_UNORDERED)
    with tenant_scope(world.aozora.id):
        assert set(Sketch.objects.all()) == {used, newest}
        assert loose.public_id in events(world.aozora.id, event="sketch.dropped").values_list("subject", flat=True)
        with pytest.raises(NotFound, match="Draw it again"):
            sketches.ordered([loose], start)
    assert not objects.exists(loose.object_key)
    assert objects.exists(used.object_key)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        (Box(left=0, top=0, right=1, bottom=1), 0.5),
        (Box(left=0.25, top=0.5, right=1, bottom=1), 0.125),
        (Box(left=0.5, top=0, right=1, bottom=1), 0.0),
    ],
)
def test_how_much_of_a_box_a_shape_leaves(world: World, box: Box, share: float) -> None:
    sketch = taken_in(world)
    with tenant_scope(world.aozora.id):
        assert sketches.share_within(sketch, box) == pytest.approx(share, abs=0.01)


def test_the_api_keeps_shows_and_refuses(world: World) -> None:
    alice = world.client(world.alice)
    made = alice.post("/api/v1/sketches", {"file": SimpleUploadedFile("s.png", drawn_shape(), "image/png")})
    assert (made.status_code, made.json()["white"]) == (201, pytest.approx(0.5, abs=0.01))
    address = f"/api/v1/sketches/{made.json()['id']}"
    assert alice.get(address).json() == made.json()
    assert alice.get(f"{address}/content")["Content-Type"] == "image/png"
    assert alice.get("/api/v1/sketches").json()["data"] == [made.json()]
    bad = alice.post("/api/v1/sketches", {"file": SimpleUploadedFile("s.png", b"nothing", "image/png")})
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "file")
    rita, charlie = world.client(world.rita), world.client(world.charlie)
    refused = rita.post("/api/v1/sketches", {"file": SimpleUploadedFile("s.png", drawn_shape(), "image/png")})
    assert refused.status_code == 403
    assert [charlie.get(path).status_code for path in (address, f"{address}/content")] == [404, 404]
    assert Client().get(address).status_code == 401
