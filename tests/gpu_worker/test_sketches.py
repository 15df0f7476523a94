"""A sketch bounds a subject in what the worker draws; an older sender names none."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from gpu_worker.messages import RenderOrder, StoredObject
from tests.gpu_worker.bench import TENANT, Bench


def sketched(bench: Bench, left: float, right: float) -> RenderOrder:
    """The bench's order, white between two shares of the width."""
    image = Image.new("1", (256, 256), 0)
    ImageDraw.Draw(image).rectangle((left * 256, 0, right * 256 - 1, 255), fill=1)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    stored = bench.shop.store.put(f"tenants/{TENANT}/sketches/{left}/sketch.png", buffer.getvalue(), "image/png")
    alone = bench.order()
    spec = replace(alone.spec, sketch_digest=stored.sha256)
    manifest = alone.manifest | {"spec_digest": spec.digest()}
    order = replace(alone, spec=spec, sketches=(stored,), manifest=manifest)
    return replace(order, permit=bench.permit(order))


def pixels_of(bench: Bench, order: RenderOrder) -> str:
    report = bench.shop.handle(order)
    assert report is not None
    assert (report.outcome, report.error) == ("ready", "")
    return report.pixel_digest


def test_the_picture_depends_on_the_shape_and_on_nothing_else(bench: Bench) -> None:
    left = sketched(bench, 0, 0.5)
    drawn = pixels_of(bench, left)
    assert pixels_of(bench, replace(left, permit=bench.permit(left))) == drawn
    assert pixels_of(bench, sketched(bench, 0.5, 1)) != drawn
    assert pixels_of(bench, bench.order()) != drawn


def test_a_sketch_that_was_changed_in_the_store_ends_the_order(bench: Bench) -> None:
    order = sketched(bench, 0, 0.5)
    path = bench.folder / "objects" / order.sketches[0].key
    path.write_bytes(path.read_bytes() + b"x")
    report = bench.shop.handle(order)
    assert report is not None
    assert (report.outcome, report.error_code) == ("refused", "reference_altered")


@pytest.mark.parametrize("sketches", [(), (StoredObject(key="k", sha256="0" * 64),)])
def test_an_order_travels_with_its_sketches_and_without(bench: Bench, sketches: tuple[StoredObject, ...]) -> None:
    order = replace(bench.order(), sketches=sketches)
    told = order.to_json()
    assert RenderOrder.from_json(told).sketches == sketches
    told.pop("sketches")
    assert RenderOrder.from_json(told).sketches == ()
