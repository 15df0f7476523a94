"""Ordinary copies are untouched; whatever somebody painted in is seen, also after saving, filters and cropping."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from governance.alteration import TELLS, altered_blocks
from governance.registration import register
from tests.governance.test_watermark import drawn, noise_like, saved, scaled

Make = Callable[[int, int], Image.Image]
COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda p: p,
    "jpeg 40": lambda p: saved(p, "JPEG", 40),
    "webp 80": lambda p: saved(p, "WEBP", 80),
    "half size, jpeg 75": lambda p: saved(scaled(p, 0.5), "JPEG", 75),
    "grey": lambda p: p.convert("L"),
    "darker": lambda p: ImageEnhance.Brightness(p).enhance(0.7),
    "flatter": lambda p: ImageEnhance.Contrast(p).enhance(0.7),
}


def painted(picture: Image.Image) -> Image.Image:
    """A spot of an eighth of the side, in the picture's complementary colour there."""
    x, y, side = picture.width // 3, picture.height // 4, picture.width // 8
    there: Any = picture.convert("RGB").getpixel((x + side // 2, y + side // 2))
    colour = tuple((value + 128) % 256 for value in there)
    shown = picture.convert("RGB")
    ImageDraw.Draw(shown).ellipse((x, y, x + side, y + side), fill=colour)
    return shown


@pytest.mark.parametrize("make", [noise_like, drawn])
@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_untouched_and_a_painted_one_is_not(name: str, make: Make) -> None:
    for seed in range(3):
        picture = make(seed, 320)
        assert altered_blocks(COPIES[name](picture), picture) < TELLS
        assert altered_blocks(COPIES[name](painted(picture)), picture) >= TELLS


@pytest.mark.parametrize("make", [noise_like, drawn])
def test_a_cropped_copy_is_looked_at_where_it_lies(make: Make) -> None:
    picture = make(4, 320)
    box = (14, 10, 312, 304)
    for shown, is_altered in ((picture, False), (painted(picture), True)):
        buffer = io.BytesIO()
        shown.crop(box).save(buffer, "JPEG", quality=85)
        laid = register(Image.open(buffer), picture)
        assert (altered_blocks(laid.image, picture, laid.where) >= TELLS) == is_altered


def test_outside_the_copy_nothing_is_compared() -> None:
    black, white = (Image.new("RGB", (64, 64), colour) for colour in ("black", "white"))
    assert altered_blocks(white, black) > TELLS
    assert altered_blocks(white, black, np.zeros((64, 64), dtype=bool)) == 0
