"""Is a reference before a cluttered background cut out, and every other one left as it is?"""

from __future__ import annotations

import io
import random

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from generation.encoders import SquareEncoder
from generation.loading import load_studio_pipeline
from generation.studio.cutting_out import KEPT, WALL, CuttingOut, before_a_wall
from generation.studio.samples import SAMPLES, Sample, sample_png
from generation.studio.world.individual import Individual
from generation.studio.world.layout import PLAIN
from generation.studio.world.render import paint_picture
from generation.training.bases import studio_ground

BOTTLE = Individual("bottle", (0.6, 0.4, 0.5), "blue", "yellow", "plain", "none")


def before_gravel(size: int = 256) -> tuple[Image.Image, npt.NDArray[np.bool_]]:
    """A drawn bottle before coarse grey noise, and where it stands."""
    drawing = paint_picture(random.Random(3), BOTTLE, "kitchen", PLAIN, size=size, mask=True)
    assert drawing.mask is not None
    stones = np.random.default_rng(0).integers(60, 200, (size // 4, size // 4, 1), dtype=np.uint8)
    ground = np.kron(stones, np.ones((4, 4, 3), dtype=np.uint8))
    inside = drawing.mask > 127
    return Image.fromarray(np.where(inside[..., None], drawing.picture, ground)), inside


def test_a_subject_before_clutter_comes_before_a_plain_wall() -> None:
    picture, inside = before_gravel()
    cut = np.asarray(before_a_wall(picture)).astype(int)
    wall = np.abs(cut - WALL).max(axis=2) <= 2
    assert wall[~inside].mean() > 0.9
    assert wall[inside].mean() < 0.1
    kept = inside & ~wall
    assert np.abs(cut - np.asarray(picture))[kept].mean() < 6


def test_the_same_picture_is_always_cut_alike() -> None:
    picture, _ = before_gravel()
    assert before_a_wall(picture).tobytes() == before_a_wall(picture.copy()).tobytes()


def test_a_large_picture_is_made_smaller() -> None:
    assert before_a_wall(before_gravel()[0].resize((1400, 1000))).size == (KEPT, round(KEPT / 1.4))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.slug)
def test_references_before_a_plain_wall_are_left_alone(sample: Sample) -> None:
    picture = Image.open(io.BytesIO(sample_png(sample))).convert("RGB")
    assert before_a_wall(picture) is picture


def test_who_draws_cuts_out_and_who_learns_does_not() -> None:
    assert isinstance(load_studio_pipeline().parts.visual_encoder, CuttingOut)
    assert type(studio_ground().base.visual_encoder) is SquareEncoder
