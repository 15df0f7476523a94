"""The shipped model draws two subjects of one order, each from its own reference, in its own half of the picture."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation.loading import load_pipeline
from generation.profiles import STUDIO
from generation.spec import Box, GenerationSpec, MaskDials, SubjectSpec
from generation.studio.samples import SAMPLES, sample_png
from governance.pki import DevelopmentKeyWarning
from governance.provenance import verify_signed
from gpu_worker.messages import RenderOrder
from tests.gpu_worker.bench import Bench, make_bench

LEFT, RIGHT = Box(left=0, top=0, right=0.5, bottom=1), Box(left=0.5, top=0, right=1, bottom=1)
BY_SLUG = {sample.slug: sample for sample in SAMPLES}


@pytest.fixture
def studio(tmp_path: Path) -> Bench:
    """A workshop with the shipped weights."""
    with pytest.warns(DevelopmentKeyWarning):
        return make_bench(tmp_path, load_pipeline)


def order_of_bottle_and_mug(bench: Bench, *, swapped: bool = False) -> RenderOrder:
    """A bottle on the left and a mug on the right, or the other way round."""
    bottle, mug = (
        bench.reference(name, Image.open(io.BytesIO(sample_png(BY_SLUG[slug]))))
        for name, slug in (("bottle", "comet-bottle"), ("mug", "wave-mug"))
    )
    places = (RIGHT, LEFT) if swapped else (LEFT, RIGHT)
    spec = GenerationSpec(
        profile=STUDIO.name,
        prompt="a bottle and a mug on the beach",
        word="bottle",
        seed=11,
        reference_digests=(bottle.sha256,),
        box=places[0],
        others=(SubjectSpec(word="mug", reference_digests=(mug.sha256,), box=places[1]),),
        steps=12,
        mask=MaskDials(stop_step=6),
        explain=True,
    )
    alone = bench.order()
    manifest = alone.manifest | {"spec_digest": spec.digest(), "prompt": spec.prompt}
    order = replace(alone, spec=spec, references=(bottle, mug), manifest=manifest)
    return replace(order, permit=bench.permit(order))


def test_the_studio_model_draws_both_and_the_picture_says_so(studio: Bench) -> None:
    report = studio.shop.handle(order_of_bottle_and_mug(studio))
    assert report is not None
    assert (report.outcome, report.error) == ("ready", "")
    assert report.output is not None
    assert report.mask_strip is not None
    manifest = verify_signed(studio.shop.store.get(report.output), "image/png", studio.anchors)
    assert [ingredient.relationship for ingredient in manifest.ingredients] == ["inputTo", "inputTo"]
    assert len(report.explanation["tokens"]) == 2
    with Image.open(io.BytesIO(studio.shop.store.get(report.mask_strip))) as strip:
        above, below = (_lit(strip, row) for row in (0, 1))
    assert above["left"] > above["right"]
    assert below["right"] > below["left"]


def test_each_subject_goes_where_its_box_is(studio: Bench) -> None:
    one = studio.shop.handle(order_of_bottle_and_mug(studio))
    other = studio.shop.handle(order_of_bottle_and_mug(studio, swapped=True))
    assert one is not None
    assert other is not None
    assert (one.outcome, other.outcome) == ("ready", "ready")
    assert one.pixel_digest != other.pixel_digest


def _lit(strip: Image.Image, row: int) -> dict[str, float]:
    """How bright the halves of the last frame of a subject's row are: the mask lets colour through."""
    height = strip.height // 2
    frame = strip.crop((strip.width - 164, row * height + 4, strip.width - 4, row * height + 164))
    colour = np.asarray(frame.convert("HSV"), dtype=np.float32)[..., 1]
    return {"left": float(colour[:, :80].mean()), "right": float(colour[:, 80:].mean())}
