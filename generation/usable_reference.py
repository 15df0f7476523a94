"""Can the pipeline draw with this picture at all? What makes a good one is `generation.reference_quality`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MINIMUM_SIDE = 64
FLAT_CONTRAST = 0.01
LOW_CONTRAST = 0.06
LOW_SHARPNESS = 0.006
DARK, BRIGHT = 0.12, 0.97
MEASURED_SIDE = 512


class UnusableReference(ValueError):
    """The picture cannot serve as a reference; the message says why and what to use instead."""


@dataclass(frozen=True, kw_only=True)
class ReferenceQuality:
    """width, height in pixels. contrast: standard deviation of luma; brightness: its mean; sharpness: mean absolute
    Laplacian of luma at 512 pixels; fill: share of the picture that differs from its border; all in [0, 1]."""

    width: int
    height: int
    contrast: float
    brightness: float
    sharpness: float
    fill: float


@dataclass(frozen=True)
class Finding:
    """One thing to know about a reference. code: stable; sentence: what to do; fatal: nothing can be drawn with it."""

    code: str
    sentence: str
    fatal: bool = False


def flatten(image: Image.Image) -> Image.Image:
    """Upright RGB, transparent parts on white, so that greyscale, palette and alpha pictures all serve."""
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(paper, rgba).convert("RGB")
    return image.convert("RGB")


def measure(image: Image.Image) -> ReferenceQuality:
    """Measures of an RGB picture of any size."""
    small = image.copy()
    small.thumbnail((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BILINEAR)
    rgb = np.asarray(small.convert("RGB"), dtype=np.float32) / np.float32(255)
    luma = np.asarray(rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32), dtype=np.float32)
    return ReferenceQuality(
        width=image.width,
        height=image.height,
        contrast=float(rgb.std(axis=(0, 1)).max()),
        brightness=float(luma.mean()),
        sharpness=_sharpness(luma),
        fill=_fill(rgb),
    )


def _sharpness(luma: NDArray[np.float32]) -> float:
    if min(luma.shape) < 3:
        return 0.0
    centre = 4 * luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float(np.clip(np.abs(centre - around).mean(), 0, 1))


def _fill(rgb: NDArray[np.float32]) -> float:
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    distance = np.abs(rgb - np.median(border, axis=0)).max(axis=2)
    return float((distance > 0.1).mean())


def findings(quality: ReferenceQuality) -> list[Finding]:
    """What is wrong, worst first; empty for a good reference."""
    q, found = quality, []
    side = min(q.width, q.height)
    if side < MINIMUM_SIDE:
        text = f"the reference is {q.width} x {q.height} pixels: use one of at least {MINIMUM_SIDE} on each side"
        found.append(Finding("too_small", text, fatal=True))
    if q.contrast < FLAT_CONTRAST:
        text = "the reference is one flat colour: use a picture that shows the subject"
        found.append(Finding("flat", text, fatal=True))
    elif q.contrast < LOW_CONTRAST:
        found.append(Finding("low_contrast", "the subject hardly differs from its background: use another background"))
    if q.sharpness < LOW_SHARPNESS and q.contrast >= FLAT_CONTRAST:
        found.append(Finding("blurred", "the reference is blurred: use a sharper picture"))
    if q.brightness < DARK:
        found.append(Finding("dark", "the reference is very dark: use a brighter picture"))
    if q.brightness > BRIGHT:
        found.append(Finding("bright", "the reference is nearly white: use a picture with more light and shade"))
    return found


def usable(image: Image.Image) -> tuple[Image.Image, list[Finding]]:
    """The flattened picture and its findings. Raises UnusableReference with the first fatal one."""
    flat = flatten(image)
    found = findings(measure(flat))
    for finding in found:
        if finding.fatal:
            raise UnusableReference(finding.sentence)
    return flat, found
