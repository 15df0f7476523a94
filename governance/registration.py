"""A cropped or turned copy, laid over the original it was made from: where was it cut, by how much was it turned?

A similarity (shift, scale, angle) is looked for: first every scale and angle on a coarse grid at 64 pixels, each with
its best shift by normalised cross-correlation (Lewis, "Fast normalized cross-correlation", 1995), then ever smaller
steps at 256. What the copy lacks is filled with the original blurred until no mark is left in it, so that a mark that
is read in the result was in the copy. `./run bench watermark` prints what is still found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

COARSE, FINE = 64, 256
SCALES = tuple(0.68 + 0.02 * step for step in range(18))  # of the original's width that the copy shows
ANGLES = tuple(range(-12, 13))
ROUNDS = 7
SAME_FROM = 0.95  # of correlation: copies reach 0.98, pictures of one scene with another subject 0.9
BLUR = 24.0 / 512  # of the side: takes away all that the mark's band holds (`governance.watermark`)
LEAST_OVERLAP = 0.3

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Registration:
    """image: the copy in the original's frame and size. where: (height, width), true where the copy lies.

    likeness: correlation where both are, in [-1, 1].
    scale: the share of the original's width that the copy shows; degrees: counter-clockwise.
    """

    image: Image.Image
    where: NDArray[np.bool_]
    likeness: float
    scale: float
    degrees: float

    @property
    def is_same(self) -> bool:
        """Whether the copy was made from this original."""
        return self.likeness >= SAME_FROM


@dataclass(frozen=True)
class _Pose:
    """Where the copy's middle lies in the original (in its widths), how wide it is there, by how much it is turned."""

    x: float
    y: float
    scale: float
    degrees: float

    def affine(self, copy: tuple[int, int], frame: tuple[int, int]) -> tuple[float, float, float, float, float, float]:
        """Pillow's coefficients: a pixel of the frame -> a pixel of the copy."""
        factor = copy[0] / (self.scale * frame[0])
        angle = math.radians(self.degrees)
        a, b = factor * math.cos(angle), -factor * math.sin(angle)
        x, y = self.x * frame[0], self.y * frame[0]
        return (a, b, copy[0] / 2 - a * x - b * y, -b, a, copy[1] / 2 + b * x - a * y)


def register(copy: Image.Image, original: Image.Image) -> Registration:
    """The best place of the copy over the original; about a second. Always an answer: look at `is_same`."""
    small, target = (_shrunk(image.convert("L"), FINE) for image in (copy, original))
    pose = _refined(small, target, _coarse(small, target))
    laid, where = _laid_over(copy.convert("RGB"), original.convert("RGB"), pose)
    likeness = _likeness(small, target, pose)
    return Registration(image=laid, where=where, likeness=likeness, scale=pose.scale, degrees=pose.degrees)


def resemble(copy: Image.Image, original: Image.Image) -> float:
    """The correlation, in [-1, 1], of a copy that may have been scaled, and was neither cropped nor turned."""
    one, other = (np.asarray(p.convert("L").resize((FINE, FINE), Image.Resampling.BOX)) for p in (copy, original))
    return _correlation(one.astype(np.float64), other.astype(np.float64))


def glance(copy: Image.Image, original: Image.Image) -> float:
    """How well a copy that was cropped, and not turned, fits anywhere on the original: its correlation in [-1, 1] at 64
    pixels. Takes a hundredth of a second or two, and decides nothing: `register` does."""
    field = _Field(_shrunk(original.convert("L"), COARSE))
    small = _shrunk(copy.convert("L"), FINE)
    return max(field.best(small, scale, 0.0)[0] for scale in SCALES[::2])


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    """The longer side brought to that many pixels."""
    factor = side / max(image.size)
    width, height = (max(1, round(length * factor)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BOX)


def _coarse(copy: Image.Image, target: Image.Image) -> _Pose:
    """Every scale and angle, each at its best shift. Both greyscale, `FINE` at most."""
    field = _Field(_shrunk(target, COARSE))
    found = [field.best(copy, scale, degrees) for scale in SCALES for degrees in ANGLES]
    return max(found, key=lambda pair: pair[0])[1]


class _Field:
    """The original at coarse size, with what normalised correlation needs of it, transformed once."""

    def __init__(self, target: Image.Image) -> None:
        pixels = np.asarray(target, dtype=np.float64)
        self.width, self.height = target.size
        self.shape = (2 * self.height, 2 * self.width)
        pixels -= pixels.mean()
        self.transform = np.fft.rfft2(pixels, self.shape)
        self.squares = np.fft.rfft2(pixels**2, self.shape)

    def best(self, copy: Image.Image, scale: float, degrees: float) -> tuple[float, _Pose]:
        """Correlation and pose at the best shift."""
        template, mask = self._template(copy, scale, degrees)
        kernel, window = (np.conj(np.fft.rfft2(part, self.shape)) for part in (template, mask))
        products = np.fft.irfft2(self.transform * kernel, self.shape)
        sums, squares = (np.fft.irfft2(part * window, self.shape) for part in (self.transform, self.squares))
        spread = np.maximum(squares - sums**2 / mask.sum(), 1e-6) * max(float((template**2).sum()), 1e-6)
        scores = products / np.sqrt(spread)
        rows, columns = self._shifts(template.shape)
        inner = scores[np.ix_(rows, columns)]
        row, column = np.unravel_index(int(inner.argmax()), inner.shape)
        y = (_signed(rows[row], self.shape[0]) + template.shape[0] / 2) / self.width
        x = (_signed(columns[column], self.shape[1]) + template.shape[1] / 2) / self.width
        return float(inner[row, column]), _Pose(x, y, scale, degrees)

    def _template(self, copy: Image.Image, scale: float, degrees: float) -> tuple[Array, Array]:
        """The copy at that scale and angle, without its mean, zero where nothing is; and where something is."""
        width = max(4, round(scale * self.width))
        small = copy.resize((width, max(4, round(width * copy.height / copy.width))), Image.Resampling.BOX)
        turned = small.rotate(degrees, Image.Resampling.BILINEAR, expand=True)
        ones = Image.new("L", small.size, 255).rotate(degrees, Image.Resampling.NEAREST, expand=True)
        mask = (np.asarray(ones) > 0).astype(np.float64)
        pixels = np.asarray(turned, dtype=np.float64)
        return (pixels - (pixels * mask).sum() / mask.sum()) * mask, mask

    def _shifts(self, shape: tuple[int, ...]) -> tuple[list[int], list[int]]:
        """Rows and columns at which the template begins: at most a tenth of it outside."""
        return _range(shape[0], self.height, self.shape[0]), _range(shape[1], self.width, self.shape[1])


def _range(length: int, room: int, period: int) -> list[int]:
    slack = max(2, length // 10)
    first, last = min(-slack, room - length - slack), max(slack, room - length + slack)
    return [shift % period for shift in range(first, last + 1)]


def _signed(shift: int, period: int) -> int:
    return shift - period if shift > period // 2 else shift


def _refined(copy: Image.Image, target: Image.Image, pose: _Pose) -> _Pose:
    """Ever smaller steps along each parameter, as long as one helps."""
    steps = {"x": 1 / COARSE, "y": 1 / COARSE, "scale": 0.01, "degrees": 0.5}
    best = _likeness(copy, target, pose)
    for _ in range(ROUNDS):
        improved = True
        while improved:
            improved = False
            for name, step in steps.items():
                for direction in (-step, step):
                    trial = replace(pose, **{name: getattr(pose, name) + direction})
                    found = _likeness(copy, target, trial)
                    if found > best + 1e-6:
                        pose, best, improved = trial, found, True
        steps = {name: step / 2 for name, step in steps.items()}
    return pose


def _likeness(copy: Image.Image, target: Image.Image, pose: _Pose) -> float:
    """Correlation of the two where the copy lies; -1 where it hardly lies on the original at all."""
    laid, mask = _placed(copy, target.size, pose)
    if mask.mean() < LEAST_OVERLAP:
        return -1.0
    return _correlation(np.asarray(laid, dtype=np.float64)[mask], np.asarray(target, dtype=np.float64)[mask])


def _correlation(one: Array, other: Array) -> float:
    one, other = one - one.mean(), other - other.mean()
    spread = math.sqrt(float((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / spread if spread > 0 else -1.0


def _placed(copy: Image.Image, frame: tuple[int, int], pose: _Pose) -> tuple[Image.Image, NDArray[np.bool_]]:
    """The copy in the frame, and where it is."""
    affine = pose.affine(copy.size, frame)
    laid = copy.transform(frame, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC)
    ones = Image.new("L", copy.size, 255)
    mask = ones.transform(frame, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)
    return laid, np.asarray(mask) > 250


def _laid_over(copy: Image.Image, original: Image.Image, pose: _Pose) -> tuple[Image.Image, NDArray[np.bool_]]:
    laid, mask = _placed(copy, original.size, pose)
    ground = original.filter(ImageFilter.GaussianBlur(BLUR * max(original.size)))
    return Image.composite(laid, ground, Image.fromarray(mask.astype(np.uint8) * 255)), mask
