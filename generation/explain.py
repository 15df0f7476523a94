"""Where did the word act? The mask film strip that review shows, and warnings about masks too wide or too narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

LEAK_SHARE = 0.60
COLLAPSE_SHARE = 0.03
FRAMES = 8
GAP = 4
CAPTION = 14
PAPER, INK = (250, 248, 244), (60, 56, 52)


@dataclass(frozen=True)
class Note:
    """Something to know about a picture. code: stable; sentence: for a person."""

    code: str
    sentence: str


def heat(mask: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A mask (h, w) in [0, 1], enlarged bilinearly to (height, width) of `size` = (width, height)."""
    grey = Image.fromarray(mask.astype(np.float32), "F")
    return np.asarray(grey.resize(size, Image.Resampling.BILINEAR), dtype=np.float32).clip(0, 1)


def overlay(image: Image.Image, mask: NDArray[np.float32]) -> Image.Image:
    """The picture, dimmed and greyed where the mask lets nothing through."""
    weight = heat(mask, image.size)[..., None]
    colour = np.asarray(image.convert("RGB"), dtype=np.float32)
    grey = np.asarray(image.convert("L"), dtype=np.float32)[..., None] * 0.3 + 40
    return Image.fromarray((colour * weight + grey * (1 - weight)).clip(0, 255).astype(np.uint8), "RGB")


def chosen_steps(steps: int, frames: int = FRAMES) -> list[int]:
    """At most `frames` step indices, first and last among them, evenly spread."""
    return sorted({round(i) for i in np.linspace(0, steps - 1, min(frames, steps))})


def film_strip(image: Image.Image, masks: NDArray[np.float32], side: int = 160) -> Image.Image:
    """The picture, then overlays of the masks (steps, h, w) over time, each captioned with its step. RGB.

    Each frame is as wide as the picture scaled to `side` pixels on its longer edge.
    """
    picture = image.convert("RGB").copy()
    scale = side / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    steps = chosen_steps(len(masks))
    frames = [picture] + [overlay(picture, masks[i]) for i in steps]
    captions = [""] + [f"{i + 1}/{len(masks)}" for i in steps]
    return _side_by_side(frames, captions)


def _side_by_side(frames: Sequence[Image.Image], captions: Sequence[str]) -> Image.Image:
    width, height = frames[0].size
    strip = Image.new("RGB", (len(frames) * (width + GAP) + GAP, height + 2 * GAP + CAPTION), PAPER)
    pen = ImageDraw.Draw(strip)
    for i, (frame, caption) in enumerate(zip(frames, captions, strict=True)):
        left = GAP + i * (width + GAP)
        strip.paste(frame, (left, GAP))
        pen.text((left + width // 2, height + GAP + CAPTION // 2 + 1), caption, fill=INK, anchor="mm")
    return strip
