"""How sure is a mean? Percentile bootstrap (Efron 1979) over individuals: pictures of one are no independent draws."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 2000
LEVEL: Final = 0.95


@dataclass(frozen=True, kw_only=True)
class Interval:
    """mean, and the bounds that hold LEVEL of the bootstrapped means. count: values; groups: independent ones."""

    mean: float
    low: float
    high: float
    count: int
    groups: int

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(values: Sequence[float], groups: Sequence[Hashable] | None = None, *, seed: int = 0) -> Interval:
    """Of the mean of `values`. groups: the individual of each value; each value its own where left out.

    Whole groups are drawn with replacement (cluster bootstrap: Davison and Hinkley 1997, section 3.8); the same seed
    gives the same bounds. Raises ValueError for no values, or where groups are more or fewer.
    """
    if not values:
        raise ValueError("no values: an interval needs at least one")
    sums, counts = _by_group(values, range(len(values)) if groups is None else groups)
    chosen = np.random.default_rng(seed).integers(0, len(sums), size=(DRAWS, len(sums)))
    means = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(
        mean=float(sums.sum() / counts.sum()), low=float(low), high=float(high), count=len(values), groups=len(sums)
    )


def difference(
    ours: Sequence[float], theirs: Sequence[float], groups: Sequence[Hashable] | None = None, *, seed: int = 0
) -> Interval:
    """Of the mean of ours - theirs, value by value: both were measured on the same individual, prompt and seed.

    An interval above 0 says that ours is greater. Raises ValueError for lists of different lengths.
    """
    paired = [a - b for a, b in zip(ours, theirs, strict=True)]
    return interval(paired, groups, seed=seed)


def _by_group(
    values: Sequence[float], groups: Sequence[Hashable] | range
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(g,) sums and counts, in the order in which groups first appear."""
    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    sums, counts = np.zeros(len(places)), np.zeros(len(places), dtype=np.int64)
    for value, group in zip(values, groups, strict=True):
        sums[places[group]] += value
        counts[places[group]] += 1
    return sums, counts
