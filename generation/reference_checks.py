"""The measures behind `generation.reference_quality`, one a check. Pillow and numpy: no torch, no network.

A check gives a stable code, a verdict and the measured value; wording is the caller's business.

The subject is what differs from the background, and the background is what the border shows: a quadratic surface fitted
to the border's colours, so that a vignette or a lit wall counts as one background. Where the border itself is cluttered
the subject cannot be told apart, and the checks that need it say `unknown` instead of guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.segments import background_distance, biggest, border, components, dilated, filled, otsu

Verdict = Literal["good", "fair", "poor", "unknown"]

# Short side in pixels: below the first nothing can be seen, from the others on it is advice.
LEAST_SIDE, POOR_SIDE, FAIR_SIDE = 64, 256, 512
# Standard deviation of a colour channel, in 0..1: below it the picture is one flat colour.
FLAT = 0.01
# Perceived blur in 0..1 (Crete 2007): 0.3 is crisp, a photograph out of focus lies above 0.6.
FAIR_BLUR, POOR_BLUR = 0.50, 0.62
# Luminance in 0..1: the bright end of a dark picture, the dark end of a washed-out one, the span between both.
DARK_P99, WASHED_P1, FLAT_SPAN = 0.35, 0.80, 0.18
# Share of the frame's area that the subject's bounding box takes.
POOR_SHARE, FAIR_SHARE, FULL_SHARE = 0.06, 0.16, 0.92
# A second thing counts from this share of the biggest one's area; one smaller than this share of the frame is dust.
SECOND_THING, DUST = 0.2, 0.004
# Share of border pixels on an edge, median of eight parts of the border.
FAIR_CLUTTER, POOR_CLUTTER = 0.06, 0.16
EDGE_STEP, CLUTTER_DEPTH = 0.06, 0.07
# Least colour distance (0..1) to the background that can be a subject, and share of a side it may touch.
LEAST_DISTANCE, TOUCH = 0.09, 0.05
WORKING_SIDE, BLUR_SIDE, BLUR_WINDOW = 128, 512, 11

Grey = npt.NDArray[np.float64]  # (h, w) luminance in 0..1
Colour = npt.NDArray[np.float64]  # (h, w, 3) RGB in 0..1
Mask = npt.NDArray[np.bool_]  # (h, w)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question about the picture.

    code: what was found ("sharp", "blurred", "cut_off", ...), stable. value: the measured figure, in the units of the
    threshold beside it. detail: what the figure does not say, such as the sides that cut the subject.
    """

    check: str
    code: str
    verdict: Verdict
    value: float | None = None
    detail: tuple[str, ...] = ()


def perceived_blur(grey: Grey) -> float:
    """Blur in 0..1 by blurring again: a sharp picture changes, a blurred one hardly does.

    F. Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual blur metric", 2007;
    both directions are summed, so that one without edges has no say. 1 where nothing varies at all.
    """
    lost, total = (sum(figures) for figures in zip(_change(grey, 0), _change(grey, 1), strict=True))
    return 1.0 - lost / total if total > 0 else 1.0


def colours(image: Image.Image, longest: int) -> Colour:
    """(h, w, 3) in 0..1, at most `longest` pixels on the long side; never enlarged."""
    small = image.convert("RGB")
    small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return np.asarray(small, dtype=np.float64) / 255.0


def luminance(colour: Colour) -> Grey:
    """(h, w), Rec. 709 weights on gamma-coded values."""
    return np.asarray(colour @ np.array([0.2126, 0.7152, 0.0722]))


def check_size(image: Image.Image) -> Check:
    """Short side in pixels."""
    side = min(image.size)
    if side < POOR_SIDE:
        return Check(check="size", code="very_small", verdict="poor", value=side)
    if side < FAIR_SIDE:
        return Check(check="size", code="small", verdict="fair", value=side)
    return Check(check="size", code="large_enough", verdict="good", value=side)


def check_blur(grey: Grey) -> Check:
    """`perceived_blur`; cannot be told where nothing varies."""
    if np.ptp(grey) == 0:
        return Check(check="blur", code="cannot_tell", verdict="unknown")
    blur = round(perceived_blur(grey), 3)
    if blur >= POOR_BLUR:
        return Check(check="blur", code="blurred", verdict="poor", value=blur)
    if blur >= FAIR_BLUR:
        return Check(check="blur", code="soft", verdict="fair", value=blur)
    return Check(check="blur", code="sharp", verdict="good", value=blur)


def _change(grey: Grey, axis: int) -> tuple[float, float]:
    """How much neighbours differ less after blurring along the axis, and how much they differ at all."""
    kernel = np.ones(BLUR_WINDOW) / BLUR_WINDOW
    padding = [(BLUR_WINDOW // 2,) * 2 if a == axis else (0, 0) for a in (0, 1)]
    padded = np.pad(grey, padding, mode="edge")
    again = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    before, after = np.abs(np.diff(grey, axis=axis)), np.abs(np.diff(again, axis=axis))
    return float(np.maximum(0.0, before - after).sum()), float(before.sum())


def check_exposure(grey: Grey) -> Check:
    """Dark and bright end of the luminance, and the span between."""
    dark, bright = (float(v) for v in np.percentile(grey, (1, 99)))
    span = round(bright - dark, 3)
    if bright < DARK_P99:
        return Check(check="exposure", code="too_dark", verdict="poor", value=round(bright, 3))
    if dark > WASHED_P1 and span < FLAT_SPAN:
        return Check(check="exposure", code="too_bright", verdict="poor", value=round(dark, 3))
    if span < FLAT_SPAN:
        return Check(check="exposure", code="flat", verdict="fair", value=span)
    return Check(check="exposure", code="well_lit", verdict="good", value=span)


def check_clutter(colour: Colour) -> Check:
    """Share of edge pixels along the border."""
    share = round(_border_edges(colour), 3)
    if share >= POOR_CLUTTER:
        return Check(check="clutter", code="cluttered", verdict="poor", value=share)
    if share >= FAIR_CLUTTER:
        return Check(check="clutter", code="busy", verdict="fair", value=share)
    return Check(check="clutter", code="clean", verdict="good", value=share)


def _border_edges(colour: Colour) -> float:
    """Median share of edge pixels over four corners and four sides: one cut-off subject touches fewer than half."""
    rows, columns = np.gradient(colour, axis=(0, 1))
    edges = np.sqrt((rows**2 + columns**2).sum(axis=2)) > EDGE_STEP
    height, width = edges.shape
    y, x = max(round(height * CLUTTER_DEPTH), 2), max(round(width * CLUTTER_DEPTH), 2)
    parts = [edges[:y, :x], edges[:y, -x:], edges[-y:, :x], edges[-y:, -x:]]
    parts += [edges[:y, x:-x], edges[-y:, x:-x], edges[y:-y, :x], edges[y:-y, -x:]]
    return float(np.median([part.mean() for part in parts]))


def subject_mask(colour: Colour) -> Mask:
    """(h, w): where the picture is not background, by twice what the background itself varies."""
    distance = background_distance(colour)
    noise = 2.0 * float(np.percentile(distance[border(*distance.shape)], 75))
    return filled(dilated(distance > max(LEAST_DISTANCE, min(noise, otsu(distance)))))


def check_share(mask: Mask | None) -> Check:
    """Share of the frame that the subject's bounding box takes."""
    if mask is None:
        return Check(check="share", code="cannot_tell", verdict="unknown")
    box = bounding_box(mask)
    share = round((box[2] - box[0]) * (box[3] - box[1]), 3) if box else 0.0
    if share < POOR_SHARE:
        return Check(check="share", code="far_away", verdict="poor", value=share)
    if share < FAIR_SHARE:
        return Check(check="share", code="small_in_frame", verdict="fair", value=share)
    if share > FULL_SHARE:
        return Check(check="share", code="fills_frame", verdict="fair", value=share)
    return Check(check="share", code="prominent", verdict="good", value=share)


def check_one_subject(mask: Mask | None) -> Check:
    """How many things stand out, of comparable size."""
    if mask is None:
        return Check(check="one_subject", code="cannot_tell", verdict="unknown")
    areas = sorted((int(m.sum()) for m in components(mask)), reverse=True)
    areas = [area for area in areas if area >= DUST * mask.size]
    if not areas:
        return Check(check="one_subject", code="none_found", verdict="poor", value=0)
    count = sum(area >= SECOND_THING * areas[0] for area in areas)
    if count > 1:
        return Check(check="one_subject", code="several", verdict="fair", value=count)
    return Check(check="one_subject", code="one", verdict="good", value=1)


def check_edges(mask: Mask | None, *, person: bool) -> Check:
    """Sides of the frame that cut the subject; a portrait may touch the lower one."""
    if mask is None:
        return Check(check="edges", code="cannot_tell", verdict="unknown")
    subject = biggest(mask)
    lines = {"left": subject[:, 0], "top": subject[0], "right": subject[:, -1], "bottom": subject[-1]}
    if person:
        del lines["bottom"]
    cut = tuple(side for side, line in lines.items() if line.mean() > TOUCH)
    if cut:
        return Check(check="edges", code="cut_off", verdict="fair", value=len(cut), detail=cut)
    return Check(check="edges", code="whole", verdict="good", value=0)


def bounding_box(mask: Mask | None) -> tuple[float, float, float, float] | None:
    """(left, top, right, bottom) of the biggest thing, as shares of width and height; None where there is none."""
    if mask is None or not mask.any():
        return None
    ys, xs = np.nonzero(biggest(mask))
    height, width = mask.shape
    corners = (xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height)
    left, top, right, bottom = (round(float(v), 3) for v in corners)
    return left, top, right, bottom
