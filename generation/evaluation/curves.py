"""Is one method's point above another's whole curve? Compared where both are equally good at the other thing.

A baseline with a dial is a curve through its settings' means, straight between neighbours. "At equal similarity" is
the best text match that the curve reaches at our similarity or above it; the other way round likewise. Individuals are
drawn anew with replacement (see `bootstrap`), for all points the same ones, so that the difference has an interval.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.evaluation.bootstrap import DRAWS, LEVEL
from generation.evaluation.points import Key, Point, shared_keys

Pair = tuple[float, float]  # what is held equal, what is compared


@dataclass(frozen=True, kw_only=True)
class Lead:
    """How far ours is above a curve: the difference with its bounds; infinite where the curve doesn't come that far.

    sure: share of resamplings in which ours is above. pictures: of each point.
    """

    mean: float
    low: float
    high: float
    sure: float
    pictures: int

    @property
    def holds(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low > 0

    def __str__(self) -> str:
        if math.isinf(self.mean):
            return "out of the curve's reach"
        high = "out of reach" if math.isinf(self.high) else f"{self.high:+.3f}"
        return f"{self.mean:+.3f} [{self.low:+.3f}, {high}]"


def lead(ours: Point, curve: Sequence[Point], *, at: str, of: str, low: bool = False, seed: int = 0) -> Lead:
    """Ours less the best of figure `of` that the curve reaches where figure `at` is no less than ours.

    low: the figure is better low; then the lead is by how far ours is below the least that the curve reaches.
    Raises ValueError where the points have no cell in common.
    """
    keys = shared_keys([ours, *curve])
    if not keys:
        raise ValueError("the curve and our point have no cell in common: measure them on the same trials")
    sums = _sums([ours, *curve], keys, (at, of))  # (individuals, points, 2)
    sums[..., 1] *= -1 if low else 1
    counts = np.bincount(_groups(keys))
    chosen = np.random.default_rng(seed).integers(0, len(sums), size=(DRAWS, len(sums)))
    drawn = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)[:, None, None]
    leads = np.array([_lead(means) for means in drawn])
    bounds = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    least, most = np.quantile(leads, bounds, method="nearest")
    return Lead(
        mean=_lead(sums.sum(axis=0) / counts.sum()),
        low=float(least),
        high=float(most),
        sure=float((leads > 0).mean()),
        pictures=len(keys),
    )


def best_at(least: float, curve: Sequence[Pair]) -> float:
    """The best second number on the curve where the first is `least` or more; -inf where it never is."""
    reached = [of for at, of in curve if at >= least]
    for (at, of), (next_at, next_of) in itertools.pairwise(curve):
        if min(at, next_at) < least < max(at, next_at):
            reached.append(of + (next_of - of) * (least - at) / (next_at - at))
    return max(reached, default=-math.inf)


def _lead(means: NDArray[np.float64]) -> float:
    """means (1 + points, 2), ours first."""
    (at, of), *curve = [(float(a), float(b)) for a, b in means]
    return of - best_at(at, curve)


def _groups(keys: Sequence[Key]) -> list[int]:
    """The number of each key's individual."""
    places: dict[str, int] = {}
    return [places.setdefault(key[0], len(places)) for key in keys]


def _sums(points: Sequence[Point], keys: Sequence[Key], names: tuple[str, str]) -> NDArray[np.float64]:
    """(individuals, points, figures)."""
    values = np.array([[point.column(name, keys) for name in names] for point in points])  # (points, 2, cells)
    groups = _groups(keys)
    sums = np.zeros((max(groups) + 1, len(points), len(names)))
    np.add.at(sums, groups, values.transpose(2, 0, 1))
    return sums
