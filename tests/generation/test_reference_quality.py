"""The photo coach's measures, tried on pictures drawn here, each spoilt in one known way."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from generation.reference_quality import CHECKS, Quality, assess, perceived_blur
from generation.segments import components, otsu

WALL, RED, CREAM = (226, 230, 236), (200, 40, 44), (250, 236, 200)


def bottle(size: int = 640, *, at: tuple[float, float] = (0.5, 0.5), scale: float = 0.8) -> Image.Image:
    """A striped bottle before a plain wall, anti-aliased by drawing it four times too large."""
    big = Image.new("RGB", (size * 2, size * 2), WALL)
    draw = ImageDraw.Draw(big)
    height, width = scale * size * 2, scale * size * 0.8
    left, top = at[0] * size * 2 - width / 2, at[1] * size * 2 - height / 2
    draw.rounded_rectangle((left, top + height * 0.25, left + width, top + height), width * 0.2, fill=RED)
    draw.rectangle((left + width * 0.35, top, left + width * 0.65, top + height * 0.3), fill=RED)
    for stripe in (0.45, 0.6, 0.75):
        draw.rectangle((left, top + height * stripe, left + width, top + height * (stripe + 0.06)), fill=CREAM)
    return big.resize((size, size), Image.Resampling.LANCZOS)


def code(image: Image.Image, check: str, **options: bool) -> str:
    return assess(image, **options)[check].code


def test_a_good_photograph_passes_every_check_in_order() -> None:
    quality = assess(bottle())
    assert [c.check for c in quality.checks] == list(CHECKS)
    assert {c.verdict for c in quality.checks} == {"good"}
    assert quality.verdict == "good"


def test_the_subject_is_found_where_it_stands() -> None:
    box = assess(bottle(at=(0.4, 0.5))).box
    assert box == pytest.approx((0.24, 0.1, 0.56, 0.9), abs=0.03)


@pytest.mark.parametrize(
    ("side", "expected"), [(255, "very_small"), (256, "small"), (511, "small"), (512, "large_enough")]
)
def test_size_is_judged_by_the_short_side(side: int, expected: str) -> None:
    assert code(bottle().resize((900, side)), "size") == expected


def test_blur_grows_with_the_lens_out_of_focus() -> None:
    figures = [assess(bottle().filter(ImageFilter.GaussianBlur(r)))["blur"].value for r in (0, 1, 2, 4)]
    assert figures == sorted(figures)
    assert code(bottle(), "blur") == "sharp"
    assert code(bottle().filter(ImageFilter.GaussianBlur(4)), "blur") == "blurred"


def test_a_step_edge_is_sharp_and_a_ramp_is_not() -> None:
    step = np.zeros((64, 64))
    step[:, 32:] = 1.0
    ramp = np.tile(np.linspace(0, 1, 64), (64, 1))
    assert perceived_blur(step) < 0.3
    assert perceived_blur(ramp) > 0.8


def test_exposure() -> None:
    assert code(ImageEnhance.Brightness(bottle()).enhance(0.2), "exposure") == "too_dark"
    washed = Image.blend(bottle(), Image.new("RGB", (640, 640), "white"), 0.93)
    assert code(washed, "exposure") == "too_bright"
    flat = Image.blend(bottle(), Image.new("RGB", (640, 640), (128, 128, 128)), 0.9)
    assert code(flat, "exposure") == "flat"


def test_a_white_wall_is_no_overexposure() -> None:
    white = bottle().copy()
    pixels = np.asarray(white).copy()
    pixels[(pixels == WALL).all(axis=2)] = 255
    assert code(Image.fromarray(pixels), "exposure") == "well_lit"


@pytest.mark.parametrize(("scale", "expected"), [(0.2, "far_away"), (0.5, "small_in_frame"), (0.85, "prominent")])
def test_share_of_the_frame(scale: float, expected: str) -> None:
    assert code(bottle(scale=scale), "share") == expected


def test_two_things_are_told_from_one() -> None:
    pair = Image.new("RGB", (1280, 640), WALL)
    pair.paste(bottle(), (0, 0))
    pair.paste(bottle(), (640, 0))
    check = assess(pair)["one_subject"]
    assert (check.code, check.value) == ("several", 2)


def test_an_empty_wall_shows_nobody() -> None:
    quality = assess(Image.new("RGB", (640, 640), WALL))
    assert quality["one_subject"].code == "none_found"
    assert quality["blur"].verdict == "unknown"
    assert quality.box is None
    assert quality.verdict == "poor"


def test_where_the_border_is_cluttered_the_subject_is_not_guessed() -> None:
    rng = np.random.default_rng(7)
    jumble = Image.fromarray(rng.integers(0, 255, (40, 40, 3), dtype=np.uint8)).resize((640, 640), 0)
    jumble.paste(bottle(300), (170, 170))
    quality = assess(jumble)
    assert quality["clutter"].code == "cluttered"
    assert {quality[c].verdict for c in ("share", "one_subject", "edges")} == {"unknown"}


def test_a_wall_above_a_table_is_background() -> None:
    scene = np.asarray(bottle(scale=0.6)).copy()
    wall = (scene == WALL).all(axis=2)
    wall[:400] = False
    scene[wall] = (176, 140, 104)
    quality = assess(Image.fromarray(scene))
    assert quality["edges"].code == "whole"
    assert quality["one_subject"].code == "one"
    assert quality.box == pytest.approx((0.38, 0.2, 0.62, 0.8), abs=0.04)


def test_light_falling_off_is_background() -> None:
    ramp = np.linspace(0.85, 1.0, 640)[:, None, None] * np.linspace(1.0, 0.8, 640)[None, :, None]
    lit = np.clip(np.asarray(bottle()) * ramp, 0, 255).astype(np.uint8)
    assert assess(Image.fromarray(lit)).verdict == "good"


@pytest.mark.parametrize(("at", "sides"), [((0.05, 0.5), ("left",)), ((0.95, 0.5), ("right",)), ((0.5, 0.2), ("top",))])
def test_cut_sides_are_named(at: tuple[float, float], sides: tuple[str, ...]) -> None:
    check = assess(bottle(at=at))["edges"]
    assert (check.code, check.detail) == ("cut_off", sides)


def test_a_portrait_may_stand_on_the_lower_border() -> None:
    standing = bottle(at=(0.5, 0.7))
    assert code(standing, "edges") == "cut_off"
    assert code(standing, "edges", person=True) == "whole"


def test_json_is_plain_and_carries_the_verdict() -> None:
    data = json.loads(json.dumps(assess(bottle()).to_json()))
    assert data["verdict"] == "good"
    assert data["checks"][0] == {
        "check": "size",
        "code": "large_enough",
        "verdict": "good",
        "value": 640,
        "detail": [],
    }


def test_too_small_to_measure_is_an_error() -> None:
    with pytest.raises(ValueError, match="8 x 8"):
        assess(Image.new("RGB", (7, 100)))


def test_an_unknown_check_is_no_check() -> None:
    with pytest.raises(KeyError):
        Quality(checks=(), box=None)["size"]


def test_components_and_otsu_by_hand() -> None:
    mask = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 1]], dtype=bool)
    assert sorted(int(m.sum()) for m in components(mask)) == [1, 1, 2]
    values = np.concatenate([np.full(500, 0.05), np.full(100, 0.6)]).reshape(20, 30)
    assert 0.05 < otsu(values) < 0.6


def test_the_measures_need_no_torch() -> None:
    code = "import sys, generation.reference_quality; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
