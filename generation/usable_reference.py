"""Can this picture serve as a reference at all? Advice on good ones is `generation.reference_quality`'s. No torch."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from generation.explain import Note
from generation.reference_quality import assess

MINIMUM_SIDE = 64
FLAT = 0.01  # standard deviation of a colour channel, in [0, 1]
ADVICE = {
    "blurred": "the reference is blurred: a sharper picture gives a truer likeness",
    "too_dark": "the reference is too dark: take it in more light",
    "too_bright": "the reference is washed out: take it in softer light",
    "cluttered": "the reference's background is cluttered: use a plain one",
    "far_away": "the subject is small in the reference: move closer or crop",
    "none_found": "no subject stands out in the reference: use a plain background",
}


class UnusableReference(ValueError):
    """The picture cannot serve as a reference; the message says why and what to use instead."""


def flatten(image: Image.Image) -> Image.Image:
    """Upright RGB, transparent parts on white, so that greyscale, palette and alpha pictures all serve."""
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def usable(image: Image.Image) -> tuple[Image.Image, list[Note]]:
    """The flattened picture and advice on it. Raises UnusableReference."""
    flat = flatten(image)
    if min(flat.size) < MINIMUM_SIDE:
        size = f"{flat.width} x {flat.height}"
        raise UnusableReference(f"the reference is {size} pixels: use one of at least {MINIMUM_SIDE} on each side")
    if (np.asarray(flat, dtype=np.float32).std(axis=(0, 1)) / 255).max() < FLAT:
        raise UnusableReference("the reference is one flat colour: use a picture that shows the subject")
    codes = [check.code for check in assess(flat).checks if check.verdict == "poor"]
    return flat, [Note(f"reference_{code}", ADVICE[code]) for code in codes if code in ADVICE]
