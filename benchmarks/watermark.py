"""Is a picture of ours still named after what the web does to it? `./run bench watermark [--json]`.

Half drawn by the studio's world, half like photographs, at several sizes; each finished as a worker finishes it
(enlarged where it is small, marked), then copied as people copy pictures. The peer is the hash alone, which needs no
mark: it finds the picture among all the others, or it does not. Unmarked pictures are read too; each counts that is
taken for ours. Cropped and turned copies are laid over the stored original first. Labels are drawn over the mark of
pictures under keys and names of their own and read after JPEG 75, with the mark put back inside the label and without.

What was measured so far is kept in IMPRIMATUR_HOME/bench (or var/bench) and not measured again, until what marks, reads
or registers changes.
"""

from __future__ import annotations

import io
import itertools
import os
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PIL import Image, ImageChops

from benchmarks._notes import Notes
from benchmarks._report import Result, gate, print_gates, run
from generation.studio.world.render import draw_picture
from governance import fingerprint, finishing, label_drawing, registration, watermark
from governance.fingerprint import SAME_AT_MOST, dhash64, distance
from governance.finishing import enlarged, finish
from governance.label_drawing import draw_label
from governance.labels import VisibleLabel
from governance.registration import register
from governance.watermark import embed_within, identifier_of, read

KEY: Final = b"the benchmark's key, not a secret"
MARKED: Final = int(os.environ.get("BENCH_MARKED", "500"))
UNMARKED: Final = int(os.environ.get("BENCH_UNMARKED", "10000"))
REGISTERED: Final = int(os.environ.get("BENCH_REGISTERED", "12"))
LABELLED: Final = int(os.environ.get("BENCH_LABELLED", "300"))
LABELS: Final = {
    "China": VisibleLabel(lines=(("AI生成", 0.05),), icon=False),
    "worldwide": VisibleLabel(lines=(("AI GENERATED", 0.03), ("AI生成", 0.05)), icon=True),
}
SIZES: Final = ((128, 128), (512, 512), (768, 512), (640, 800), (1024, 1024))
NEAR_BITS: Final = 24  # among so near pictures the verify desk looks for the original of a moved copy
NOT_OURS: Final = 1 << 30  # seeds of pictures that were never marked
MEASURED: Final = (fingerprint, finishing, label_drawing, registration, watermark)
Edit = Callable[[Image.Image], Image.Image]


def photograph_like(seed: int, size: tuple[int, int]) -> Image.Image:
    """Energy that falls with frequency as a photograph's does, in three channels that go together."""
    random = np.random.default_rng(seed)
    width, height = size
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1.0
    shape = (height, width)
    planes = [np.fft.irfft2(np.fft.rfft2(random.standard_normal(shape)) / frequency, s=shape) for _ in "rgb"]
    pixels = np.stack([plane / plane.std() for plane in planes], axis=-1)
    return Image.fromarray(np.clip(128 + 45 * (0.3 * pixels + pixels[..., :1]), 0, 255).astype(np.uint8))


def drawn(seed: int, size: tuple[int, int]) -> Image.Image:
    """The studio's world, drawn at its own size; a larger picture is drawn larger."""
    side = min(size)
    picture = Image.fromarray(draw_picture(seed % 100_000).picture)
    return picture if side <= picture.width else picture.resize(size, Image.Resampling.LANCZOS)


def picture(number: int) -> Image.Image:
    """The number decides kind and size."""
    make = drawn if number % 2 else photograph_like
    return make(number, SIZES[number // 2 % len(SIZES)])


def saved(image: Image.Image, form: str, quality: int) -> Image.Image:
    """Through a file."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, form, quality=quality)
    return Image.open(buffer)


def wide(image: Image.Image, width: int) -> Image.Image:
    """That many pixels wide."""
    return image.resize((width, round(width * image.height / image.width)), Image.Resampling.LANCZOS)


EDITS: Final[dict[str, Edit]] = {
    "1080 px wide, JPEG 75": lambda p: saved(wide(p, 1080), "JPEG", 75),
    "JPEG 75": lambda p: saved(p, "JPEG", 75),
    "JPEG 40": lambda p: saved(p, "JPEG", 40),
    "WebP 80": lambda p: saved(p, "WEBP", 80),
    "half size, JPEG 75": lambda p: saved(wide(p, p.width // 2), "JPEG", 75),
    "grey": lambda p: p.convert("L"),
}


def cut(share: float) -> Edit:
    """Without that share of each side's length, half at each end."""

    def edit(p: Image.Image) -> Image.Image:
        x, y = round(p.width * share / 2), round(p.height * share / 2)
        return saved(p.crop((x, y, p.width - x, p.height - y)), "JPEG", 85)

    return edit


def turned(degrees: float) -> Edit:
    """About its middle, with what that leaves empty black."""
    return lambda p: saved(p.rotate(degrees, Image.Resampling.BICUBIC), "JPEG", 85)


MOVED: Final[dict[str, Edit]] = {
    "5 % cropped": cut(0.05),
    "10 % cropped": cut(0.10),
    "20 % cropped": cut(0.20),
    "30 % cropped": cut(0.30),
    "turned by 1 degree": turned(1),
    "turned by 3 degrees": turned(3),
    "turned by 5 degrees": turned(5),
    "turned by 10 degrees": turned(10),
}


def _decibels(one: Image.Image, other: Image.Image) -> float:
    error = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    return float(10 * np.log10(255**2 / np.mean(error**2)))


def _named(copy: Image.Image, number: int) -> bool:
    found = read(copy, KEY)
    return found is not None and found.identifier == identifier_of(f"gen_{number}")


def marked(number: int) -> dict[str, Any]:
    """One picture, finished, copied and read."""
    finished = finish(picture(number), f"gen_{number}", KEY)
    copies = {name: edit(finished.image) for name, edit in EDITS.items()}
    started = time.process_time()
    read(copies["1080 px wide, JPEG 75"], KEY)
    seconds = time.process_time() - started
    return {
        "marked": finished.watermarked,
        "psnr": _decibels(enlarged(picture(number)), finished.image),
        "seconds": seconds,
        "hash": dhash64(finished.image),
        "hashes": {name: dhash64(copy) for name, copy in copies.items()},
        "named": {name: _named(copy, number) for name, copy in copies.items()},
    }


def unmarked(number: int) -> dict[str, Any]:
    """One picture that is not ours, small and cheap: half of them as JPEG."""
    make = drawn if number % 2 else photograph_like
    shown = make(NOT_OURS + number, (128, 128))
    return {"read": read(saved(shown, "JPEG", 75) if number % 4 > 1 else shown, KEY) is not None}


def registered(number: int) -> dict[str, Any]:
    """One picture, cropped and turned, laid over its stored original."""
    original = finish(picture(number), f"gen_{number}", KEY).image
    stranger = finish(picture(number + 2 * len(SIZES)), "gen_stranger", KEY).image
    copies = {name: edit(original) for name, edit in MOVED.items()}
    found = {name: register(copy, original) for name, copy in copies.items()}
    return {
        "bits": {name: distance(dhash64(copy), dhash64(original)) for name, copy in copies.items()},
        "likeness": {name: r.likeness for name, r in found.items()},
        "same": {name: r.is_same for name, r in found.items()},
        "named": {name: _named(r.image, number) for name, r in found.items()},
        "stranger": register(stranger, original).is_same,
    }


def labelled(number: int) -> dict[str, Any]:
    """One picture with a key and a name of its own; whether it is named after its labels and JPEG 75."""
    key, name = f"the benchmark's key {number}, not a secret".encode(), f"gen_{number}"
    reviewed = finish(drawn(number, (512, 512)), name, key).image
    found: dict[str, dict[str, bool]] = {"bare": {}, "put back": {}}
    for place, label in LABELS.items():
        shown = draw_label(reviewed, label)
        box = ImageChops.difference(reviewed, shown).getbbox()
        assert box is not None
        lifted = embed_within(shown, box, reviewed, identifier_of(name), key)
        found["bare"][place] = _reads(shown, key, name)
        found["put back"][place] = _reads(lifted, key, name)
    return found


def _reads(shown: Image.Image, key: bytes, name: str) -> bool:
    reading = read(saved(shown, "JPEG", 75), key)
    return reading is not None and reading.identifier == identifier_of(name)


def _share(rows: list[dict[str, Any]], field: str, name: str) -> float:
    return sum(bool(row[field][name]) for row in rows) / len(rows)


def _near(rows: list[dict[str, Any]], name: str) -> float:
    return sum(bool(row["bits"][name] <= NEAR_BITS) for row in rows) / len(rows)


def _found_by_hash(rows: list[dict[str, Any]], name: str) -> float:
    """The hash alone names the picture if it is near enough, and nearer than every other."""
    hashes = np.array([row["hash"] for row in rows], dtype=np.uint64)
    hits = 0
    for index, row in enumerate(rows):
        bits = np.bitwise_count(hashes ^ np.uint64(row["hashes"][name]))
        hits += bool(bits[index] <= SAME_AT_MOST and bits[index] < np.delete(bits, index).min())
    return hits / len(rows)


def measure() -> Result:
    """Everything as one JSON-ready object."""
    rows = list(Notes("watermark-marked", MEASURED).each(range(MARKED), marked))
    false = list(Notes("watermark-unmarked", MEASURED).each(range(UNMARKED), unmarked))
    moved = list(Notes("watermark-registered", MEASURED).each(range(REGISTERED), registered))
    under = list(Notes("watermark-labelled", MEASURED).each(range(LABELLED), labelled))
    pairs = [distance(a["hash"], b["hash"]) for a, b in itertools.combinations(rows[:200], 2)]
    named = {name: _share(rows, "named", name) for name in EDITS}
    web = named["1080 px wide, JPEG 75"]
    reads = sum(row["read"] for row in false)
    seconds = float(np.median([row["seconds"] for row in rows]))
    return {
        "benchmark": "watermark",
        "marked pictures": len(rows),
        "named by the mark": named,
        "named by the hash alone (peer)": {name: _found_by_hash(rows, name) for name in EDITS},
        "PSNR, dB: median and least": [float(f([row["psnr"] for row in rows])) for f in (np.median, min)],
        "CPU seconds to read one copy": round(seconds, 4),
        "unmarked pictures": len(false),
        "false reads": reads,
        "hash: bits between distinct pictures, least and 1 in 1000": [min(pairs), float(np.quantile(pairs, 0.001))],
        "registered copies": len(moved),
        "found by the hash within 24 bits": {name: _near(moved, name) for name in MOVED},
        "taken for the original": {name: _share(moved, "same", name) for name in MOVED},
        "named after registration": {name: _share(moved, "named", name) for name in MOVED},
        "strangers taken for the original": sum(row["stranger"] for row in moved),
        "labelled pictures": len(under),
        "named after a label that covers the mark, and JPEG 75": {name: _share(under, "bare", name) for name in LABELS},
        "the same with the mark put back": {name: _share(under, "put back", name) for name in LABELS},
        "gates": [
            gate("named after label and JPEG 75", min(_share(under, "put back", name) for name in LABELS), 0.995),
            gate("named after 1080 px and JPEG 75", web, 0.99),
            gate("false reads", reads, 0, most=True),
            gate("PSNR, median", float(np.median([row["psnr"] for row in rows])), 40.0),
            gate("CPU seconds to read one copy", seconds, 1.0, most=True),
        ],
    }


def print_table(found: Result) -> None:
    """The gates, then everything."""
    print_gates(found.pop("gates"))
    for name, value in found.items():
        if isinstance(value, dict):
            print(f"\n{name}")
            for edit, share in value.items():
                print(f"  {edit:<28} {100 * share:6.1f} %")
        else:
            print(f"{name:<60} {value}")


if __name__ == "__main__":
    run(measure, print_table, __doc__)
