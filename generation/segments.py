"""What in a picture is not its background? Small numpy tools for the measures of `generation.reference_quality`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]  # (h, w)
Colour = npt.NDArray[np.float64]  # (h, w, 3) RGB in 0..1
Distance = npt.NDArray[np.float64]  # (h, w), 0 is background
BORDER = 0.08  # of each side, taken to be background
FIT_ROUNDS = 4  # each keeps the border pixels that fit better than 2.5 times the median
BINS = 64
SAME_COLOUR, SAME_LAYER = 0.12, 0.30  # Euclidean distance in RGB of 0..1


def background_distance(colour: Colour) -> Distance:
    """Colour distance, 0..1, of each pixel of (h, w, 3) to the background: a lit wall, or a wall above a table."""
    wall = np.linalg.norm(colour - _wall(colour), axis=2)
    return np.asarray(np.clip(np.minimum(wall, _layer_distance(colour)) / np.sqrt(3), 0.0, 1.0))


def _wall(colour: Colour) -> Colour:
    """(h, w, 3): a quadratic surface for each channel, fitted to the border by trimmed least squares.

    A subject that reaches the border is an outlier there, not background.
    """
    height, width = colour.shape[:2]
    terms = _quadratic(height, width)
    outer = border(height, width).ravel()
    samples, basis = colour.reshape(-1, 3)[outer], terms[outer]
    kept = np.ones(len(samples), dtype=bool)
    for _ in range(FIT_ROUNDS):
        surface = np.linalg.lstsq(basis[kept], samples[kept], rcond=None)[0]
        misfit = np.linalg.norm(samples - basis @ surface, axis=1)
        kept = misfit <= max(2.5 * float(np.median(misfit)), 0.01)
    return np.asarray((terms @ surface).reshape(colour.shape))


def _layer_distance(colour: Colour) -> Distance:
    """Distance to the row's own background: left and right agree there, and look like the upper or lower border.

    Infinite in all other rows: a subject cut by one side makes them differ, one cut by both stands between the borders.
    """
    strip = max(round(colour.shape[1] * BORDER), 1)
    left, right = np.median(colour[:, :strip], axis=1), np.median(colour[:, -strip:], axis=1)
    row = (left + right) / 2  # (h, 3)
    layers = np.stack([np.median(colour[:strip], axis=(0, 1)), np.median(colour[-strip:], axis=(0, 1))])
    to_layer = np.linalg.norm(row[:, None] - layers[None], axis=2).min(axis=1)
    is_layer = (np.linalg.norm(left - right, axis=1) < SAME_COLOUR) & (to_layer < SAME_LAYER)
    away = np.linalg.norm(colour - row[:, None], axis=2)
    return np.asarray(np.where(is_layer[:, None], away, np.inf))


def border(height: int, width: int) -> Mask:
    """(height, width): the outer strip that is taken to be background."""
    y, x = max(round(height * BORDER), 1), max(round(width * BORDER), 1)
    strip = np.ones((height, width), dtype=bool)
    strip[y:-y, x:-x] = False
    return strip


def otsu(values: Distance) -> float:
    """The threshold in 0..1 that splits the values best in two (N. Otsu, 1979)."""
    counts, borders = np.histogram(values, bins=BINS, range=(0.0, 1.0))
    centres = (borders[:-1] + borders[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = total / below - (total[-1] - total) / above
        between = np.nan_to_num(below * above * gap**2)
    return float(borders[int(np.argmax(between)) + 1])


def dilated(mask: Mask) -> Mask:
    """The mask grown by one pixel to the four sides: closes the hairlines inside a subject."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def filled(mask: Mask) -> Mask:
    """The mask without holes: what no path outside it joins to the border belongs to it."""
    framed = np.pad(mask, 1)
    return np.asarray(~_flood(~framed, (0, 0))[1:-1, 1:-1])


def components(mask: Mask) -> list[Mask]:
    """The separate things of a mask (four neighbours), each as a mask of its own."""
    left = mask.copy()
    found = []
    while left.any():
        start = np.unravel_index(int(np.argmax(left)), left.shape)
        thing = _flood(left, (int(start[0]), int(start[1])))
        found.append(thing)
        left &= ~thing
    return found


def biggest(mask: Mask) -> Mask:
    """The component with the largest area; an empty mask stays empty."""
    return max(components(mask), key=lambda thing: int(thing.sum()), default=mask)


def _flood(mask: Mask, start: tuple[int, int]) -> Mask:
    height, width = mask.shape
    reached = np.zeros_like(mask)
    reached[start] = True
    stack = [start]
    while stack:
        y, x = stack.pop()
        for ny, nx in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= ny < height and 0 <= nx < width and mask[ny, nx] and not reached[ny, nx]:
                reached[ny, nx] = True
                stack.append((ny, nx))
    return reached


def _quadratic(height: int, width: int) -> npt.NDArray[np.float64]:
    """(h * w, 6): 1, x, y, x^2, xy, y^2 with x and y in -1..1."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
