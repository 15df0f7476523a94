"""What the mark survives and what not: measured, at the sizes we make. And the hash for pictures without either."""

import io
import stat
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from governance.fingerprint import dhash64, distance, likeness
from governance.watermark import BITS, ID_BITS, embed, embed_within, ensure_watermark_key, identifier_of, read

KEY = b"a key of the test, not a secret "
NAME = identifier_of("gen_1")


def noise_like(seed: int, side: int) -> Image.Image:
    """A picture whose energy falls with frequency as a photograph's does, with a few objects on it."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = 1.0
    planes = [
        np.fft.irfft2(np.fft.rfft2(random.standard_normal((side, side))) / frequency, s=(side, side)) for _ in "rgb"
    ]
    pixels: NDArray[np.float64] = np.stack([p / p.std() for p in planes], axis=-1)
    picture = Image.fromarray(np.clip(128 + 45 * (0.3 * pixels + pixels[..., :1]), 0, 255).astype(np.uint8))
    return _with_objects(picture, random)


def drawn(seed: int, side: int) -> Image.Image:
    """Flat colours and hard edges on white: the hardest ground for a mark."""
    return _with_objects(Image.new("RGB", (side, side), "white"), np.random.default_rng(seed))


def _with_objects(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    pen = ImageDraw.Draw(picture)
    for _ in range(5):
        x, y, radius = random.random(3) * picture.width * (1, 1, 0.25)
        colour = tuple(int(c) for c in random.integers(0, 256, 3))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return picture


def saved(image: Image.Image, form: str, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, form, quality=quality)
    return Image.open(buffer)


def scaled(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def marked(make: Callable[..., Image.Image], seed: int, side: int) -> Image.Image:
    return embed(make(seed, side), NAME, KEY)


Edit = Callable[[Image.Image], Image.Image]
EDITS: dict[str, Edit] = {
    "as it is": lambda p: p,
    "jpeg 80": lambda p: saved(p, "JPEG", 80),
    "jpeg 40": lambda p: saved(p, "JPEG", 40),
    "webp 80": lambda p: saved(p, "WEBP", 80),
    "half size": lambda p: scaled(p, 0.5),
    "half size, jpeg 75": lambda p: saved(scaled(p, 0.5), "JPEG", 75),
    "5 % larger, jpeg 75": lambda p: saved(scaled(p, 1.055), "JPEG", 75),
    "double": lambda p: scaled(p, 2),
    "grey": lambda p: p.convert("L"),
}


def psnr(one: Image.Image, other: Image.Image) -> float:
    error = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


HARD_ON_FLAT_GROUND = {"webp 80", "half size, jpeg 75"}  # nothing there hides a mark from the encoder


@pytest.mark.parametrize("edit", EDITS)
def test_from_448_pixels_on_every_ordinary_copy_is_read(edit: str) -> None:
    for seed in range(2):
        reading = read(EDITS[edit](marked(noise_like, seed, 448)), KEY)
        assert reading is not None and reading.identifier == NAME


@pytest.mark.parametrize("edit", sorted(EDITS.keys() - HARD_ON_FLAT_GROUND))
def test_from_448_pixels_on_most_copies_of_a_drawing_are_read(edit: str) -> None:
    for seed in range(2):
        reading = read(EDITS[edit](marked(drawn, seed, 448)), KEY)
        assert reading is not None and reading.identifier == NAME


@pytest.mark.parametrize("make", [noise_like, drawn])
@pytest.mark.parametrize("edit", ["as it is", "jpeg 80", "double", "5 % larger, jpeg 75", "grey"])
@pytest.mark.parametrize("side", [128, 256])
def test_a_small_picture_survives_less(make: Callable[..., Image.Image], edit: str, side: int) -> None:
    for seed in range(3):
        reading = read(EDITS[edit](marked(make, seed, side)), KEY)
        assert reading is not None and reading.identifier == NAME


@pytest.mark.parametrize("make", [noise_like, drawn])
@pytest.mark.parametrize(("side", "least"), [(128, 37), (256, 40), (448, 41)])
def test_it_cannot_be_seen(make: Callable[..., Image.Image], side: int, least: float) -> None:
    for seed in range(2):
        assert psnr(make(seed, side), marked(make, seed, side)) > least


def test_cropping_and_turning_are_not_survived() -> None:
    """Known limits: whoever reads such a copy registers it first."""
    picture = marked(noise_like, 0, 448)
    assert read(picture.crop((11, 11, 437, 437)), KEY) is None
    assert read(picture.rotate(1), KEY) is None


def test_pictures_that_are_not_square() -> None:
    wide = noise_like(1, 600).crop((0, 0, 600, 340))
    reading = read(saved(scaled(embed(wide, NAME, KEY), 0.5), "JPEG", 75), KEY)
    assert reading is not None and reading.identifier == NAME


def test_black_and_white_grounds_are_marked_in_spite_of_clipping() -> None:
    for colour in ("white", "black"):
        reading = read(saved(embed(Image.new("RGB", (512, 512), colour), NAME, KEY), "JPEG", 80), KEY)
        assert reading is not None and reading.identifier == NAME


def test_unmarked_pictures_and_other_keys_read_as_nothing() -> None:
    for seed in range(12):
        assert read(noise_like(seed, 128), KEY) is None
    assert read(marked(noise_like, 0, 448), b"another key of the test, long ") is None
    assert read(Image.new("RGB", (64, 64), "white"), KEY) is None


def test_every_identifier_comes_back() -> None:
    for identifier in (0, 1, (1 << ID_BITS) - 1, identifier_of("gen_2")):
        reading = read(embed(noise_like(2, 320), identifier, KEY), KEY)
        assert reading is not None and reading.identifier == identifier


def test_the_mark_stands_out() -> None:
    reading = read(marked(drawn, 1, 448), KEY)
    assert reading is not None and reading.confidence > 2


def test_a_louder_mark_lasts_longer() -> None:
    picture = drawn(4, 128)
    loud = embed(picture, NAME, KEY, psnr=34)
    assert psnr(picture, loud) < psnr(picture, embed(picture, NAME, KEY))
    assert read(saved(loud, "JPEG", 40), KEY) is not None


@pytest.mark.parametrize("size", [(512, 512), (700, 900)])
def test_what_is_drawn_over_the_mark_takes_nothing_of_it(size: tuple[int, int]) -> None:
    """The box is a strip as high and wide as the largest label's, with hard white bars on black."""
    width, height = size
    before = embed(drawn(5, max(size)).crop((0, 0, *size)), NAME, KEY)
    box = (width // 2, height - height // 6, width, height)
    covered = before.copy()
    pen = ImageDraw.Draw(covered)
    pen.rectangle(box, fill="black")
    for x in range(box[0] + 10, box[2] - 10, 24):
        pen.rectangle((x, box[1] + 8, x + 11, box[3] - 8), fill="white")
    lifted = embed_within(covered, box, before, NAME, KEY)
    assert read(covered, KEY) is None
    reading = read(saved(lifted, "JPEG", 75), KEY)
    assert reading is not None and reading.identifier == NAME
    changed = ImageChops.difference(covered, lifted).getbbox()
    assert changed is not None
    assert changed[:2] >= box[:2] and changed[2:] <= (width, height)


def test_bad_arguments() -> None:
    picture = Image.new("RGB", (64, 64))
    for identifier in (-1, 1 << ID_BITS):
        with pytest.raises(ValueError, match="48 bits"):
            embed(picture, identifier, KEY)
    for call in (lambda: embed(picture, 1, b"short"), lambda: read(picture, b"short")):
        with pytest.raises(ValueError, match="16 random bytes"):
            call()
    assert BITS == 64


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    key = ensure_watermark_key(tmp_path / "keys")
    assert len(key) == 32 and ensure_watermark_key(tmp_path / "keys") == key
    assert ensure_watermark_key(tmp_path / "others") != key
    assert stat.S_IMODE((tmp_path / "keys" / "watermark.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


# --- fingerprint ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit", ["jpeg 40", "webp 80", "half size, jpeg 75", "double", "grey"])
def test_harmless_edits_look_the_same(edit: str) -> None:
    for seed in range(6):
        picture = noise_like(seed, 256)
        assert likeness(distance(dhash64(picture), dhash64(EDITS[edit](picture)))) == "same"


def test_brightness_looks_the_same() -> None:
    picture = noise_like(1, 256)
    assert likeness(distance(dhash64(picture), dhash64(ImageEnhance.Brightness(picture).enhance(0.8)))) == "same"


def test_distinct_pictures_look_distinct() -> None:
    hashes = [dhash64(noise_like(seed, 256)) for seed in range(8)]
    pairs = [distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(pairs) > 8 and np.mean(pairs) > 18


def test_the_hash_is_pinned() -> None:
    """Stored hashes must not change with the code: a ramp rises everywhere, its mirror nowhere."""
    ramp = Image.fromarray(np.tile(np.arange(0, 252, 28, dtype=np.uint8), (8, 1)))
    assert dhash64(ramp) == 2**64 - 1
    assert dhash64(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) == 0


@pytest.mark.parametrize(("bits", "meaning"), [(0, "same"), (8, "same"), (9, "ask"), (17, "ask"), (18, "distinct")])
def test_what_a_distance_means(bits: int, meaning: str) -> None:
    assert likeness(bits) == meaning
