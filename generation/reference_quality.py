"""Can this picture serve as a reference, and what would make it a better one? No torch, no network, no face detector.

RealCustom's authors ask for a "clean background, close-up, prominent subject, high resolution"; each wish is one check
(`generation.reference_checks`). `assess` measures and never refuses; `usable` refuses what nothing can be drawn from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from PIL import Image, ImageOps

from generation.explain import Note
from generation.reference_checks import (
    BLUR_SIDE,
    FLAT,
    LEAST_SIDE,
    WORKING_SIDE,
    Check,
    Verdict,
    bounding_box,
    check_blur,
    check_clutter,
    check_edges,
    check_exposure,
    check_one_subject,
    check_share,
    check_size,
    colours,
    luminance,
    perceived_blur,
    subject_mask,
)

__all__ = [
    "CHECKS",
    "Check",
    "Quality",
    "UnusableReference",
    "Verdict",
    "assess",
    "flatten",
    "perceived_blur",
    "usable",
]

CHECKS: Final = ("size", "blur", "exposure", "share", "one_subject", "clutter", "edges")
ADVICE: Final = {
    "blurred": "the reference is blurred: a sharper picture gives a truer likeness",
    "too_dark": "the reference is too dark: take it in more light",
    "too_bright": "the reference is washed out: take it in softer light",
    "cluttered": "the reference's background is cluttered: use a plain one",
    "far_away": "the subject is small in the reference: move closer or crop",
    "none_found": "no subject stands out in the reference: use a plain background",
}


class UnusableReference(ValueError):
    """The picture cannot serve as a reference; the message says why and what to use instead."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """All checks, in the order of CHECKS, and where the subject was found.

    box: (left, top, right, bottom) as shares of width and height; None where no subject was told apart.
    """

    checks: tuple[Check, ...]
    box: tuple[float, float, float, float] | None

    @property
    def verdict(self) -> Verdict:
        """The worst verdict; `unknown` weighs as much as fair."""
        verdicts = {check.verdict for check in self.checks}
        if "poor" in verdicts:
            return "poor"
        return "fair" if verdicts & {"fair", "unknown"} else "good"

    def __getitem__(self, check: str) -> Check:
        """The check of that name; KeyError for a name outside CHECKS."""
        return {c.check: c for c in self.checks}[check]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, the overall verdict included."""
        return {"verdict": self.verdict, **asdict(self)}


def assess(image: Image.Image, *, person: bool = False) -> Quality:
    """Measure an RGB picture of at least 8 x 8 pixels.

    person: a portrait may touch the lower border. Raises ValueError for a smaller picture.
    """
    if min(image.size) < 8:
        raise ValueError("a reference needs at least 8 x 8 pixels")
    colour = colours(image, WORKING_SIDE)
    clutter = check_clutter(colour)
    mask = None if clutter.verdict == "poor" else subject_mask(colour)
    found = [
        check_size(image),
        check_blur(luminance(colours(image, BLUR_SIDE))),
        check_exposure(luminance(colour)),
        check_share(mask),
        check_one_subject(mask),
        clutter,
        check_edges(mask, person=person),
    ]
    return Quality(checks=tuple(found), box=bounding_box(mask))


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
    if min(flat.size) < LEAST_SIDE:
        size = f"{flat.width} x {flat.height}"
        raise UnusableReference(f"the reference is {size} pixels: use one of at least {LEAST_SIDE} on each side")
    if (np.asarray(flat, dtype=np.float32).std(axis=(0, 1)) / 255).max() < FLAT:
        raise UnusableReference("the reference is one flat colour: use a picture that shows the subject")
    codes = [check.code for check in assess(flat).checks if check.verdict == "poor"]
    return flat, [Note(f"reference_{code}", ADVICE[code]) for code in codes if code in ADVICE]
