"""A moved copy is found again and its mark read; a stranger is not taken for it."""

import io

import numpy as np
import pytest
from PIL import Image

from governance.finishing import finish
from governance.registration import register
from governance.watermark import identifier_of, read
from tests.governance.test_watermark import drawn, noise_like

KEY = b"a key of the test, not a secret "


@pytest.fixture(scope="module")
def original() -> Image.Image:
    return finish(noise_like(5, 600).crop((0, 0, 600, 512)), "gen_1", KEY).image


def saved(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return Image.open(buffer)


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_cropped_copy_is_laid_where_it_was_cut(original: Image.Image, share: float) -> None:
    width, height = original.size
    copy = saved(original.crop((0, 0, round(width * (1 - share)), round(height * (1 - share)))))
    assert read(copy, KEY) is None
    found = register(copy.resize((560, round(560 * copy.height / copy.width))), original)
    assert found.is_same and found.scale == pytest.approx(1 - share, abs=0.005)
    if share < 0.1:  # of larger cuts the mark is read now and then: the benchmark counts
        reading = read(found.image, KEY)
        assert reading is not None and reading.identifier == identifier_of("gen_1")


@pytest.mark.parametrize("degrees", [-7, 1])
def test_a_turned_copy_is_turned_back(original: Image.Image, degrees: int) -> None:
    copy = saved(original.rotate(degrees, Image.Resampling.BICUBIC))
    assert read(copy, KEY) is None
    found = register(copy, original)
    assert found.is_same and found.degrees == pytest.approx(-degrees, abs=0.1)
    reading = read(found.image, KEY)
    assert reading is not None and reading.identifier == identifier_of("gen_1")


def test_a_stranger_is_not_taken_for_it_and_lends_no_mark(original: Image.Image) -> None:
    """What the stranger lacks is filled from the original: no mark may come along."""
    for stranger in (drawn(3, 512), noise_like(9, 512), Image.new("RGB", (300, 200), "white")):
        found = register(stranger, original)
        assert not found.is_same
        assert read(found.image, KEY) is None


def test_the_ground_under_a_copy_holds_no_mark(original: Image.Image) -> None:
    hole = Image.fromarray(np.full((60, 60, 3), 128, dtype=np.uint8))
    assert read(register(hole, original).image, KEY) is None
