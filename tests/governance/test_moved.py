"""A part of a picture is known however it is held; another picture, and one that was painted over, is not."""

from collections.abc import Callable

import pytest
from PIL import Image

from governance.moved import FITS_FROM, NEAR_AT_MOST, distances, parts, shows, ways
from governance.registration import glance
from tests.governance.test_alteration import painted
from tests.governance.test_watermark import drawn, noise_like, saved

Make = Callable[[int, int], Image.Image]


def cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((round(width * 0.25), 0, width, round(height * 0.72)))


def held_like(copy: Image.Image, original: Image.Image) -> tuple[int, Image.Image]:
    """Bits and picture of the way that comes nearest."""
    held = ways(copy)
    return min(zip(distances(held, parts(original)), held, strict=True), key=lambda found: found[0])


def test_a_picture_can_be_held_in_eight_ways() -> None:
    found = {way.tobytes() for way in ways(noise_like(1, 64))}
    assert len(found) == 8


@pytest.mark.parametrize("make", [noise_like, drawn])
@pytest.mark.parametrize("turn", [None, Image.Transpose.ROTATE_90, Image.Transpose.FLIP_TOP_BOTTOM])
def test_a_part_is_known_however_it_is_held(make: Make, turn: Image.Transpose | None) -> None:
    original = make(6, 512)
    copy = saved(cropped(original), "JPEG", 75).convert("RGB")
    bits, held = held_like(copy if turn is None else copy.transpose(turn), original)
    assert bits <= NEAR_AT_MOST and glance(held, original) >= FITS_FROM and shows(held, original)
    assert not shows(held_like(painted(copy), original)[1], original)


@pytest.mark.parametrize("make", [noise_like, drawn])
def test_a_part_of_another_picture_is_none(make: Make) -> None:
    other = held_like(cropped(make(7, 512)), make(6, 512))[1]
    assert glance(other, make(6, 512)) < FITS_FROM or not shows(other, make(6, 512))
