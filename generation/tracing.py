"""Why does the picture look as it does? How much each word and each visual token acted, summed up while drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Grids = NDArray[np.float32]  # (references, h, w)
_PATHS = 4  # projectors give at most so many tokens for one place


@dataclass(frozen=True)
class Explanation:
    """What review shows of one picture.

    words: the prompt's words in order, as written. inside, outside: each word's share, in [0, 1], of the attention that
    falls on the prompt's words, from positions inside the union of the subjects' masks and from those outside; each
    sums to 1 over the words (0 where there is no such position). Averaged over the layers that make the mask and over
    the steps that made one.
    tokens: for each subject the share of steps and layers, in [0, 1], in which each visual token got in, as one grid
    (h, w) for each of its references: (references, h, w). The grid lies over the reference as the encoder sees it:
    padded to a square (studio, sd15) or stretched to one (the release). Without a scoring module all are 1.
    """

    words: tuple[str, ...]
    inside: tuple[float, ...]
    outside: tuple[float, ...]
    tokens: tuple[Grids, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, rounded to what an eye can tell; a few kB."""
        return {
            "words": list(self.words),
            "inside": [round(share, 4) for share in self.inside],
            "outside": [round(share, 4) for share in self.outside],
            "tokens": [np.round(grids.astype(float), 3).tolist() for grids in self.tokens],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Back from `to_json`; unknown keys are ignored."""
        return cls(
            words=tuple(data["words"]),
            inside=tuple(float(share) for share in data["inside"]),
            outside=tuple(float(share) for share in data["outside"]),
            tokens=tuple(np.asarray(grids, dtype=np.float32) for grids in data["tokens"]),
        )


def token_grids(shares: Sequence[float], references: int) -> Grids:
    """One share a visual token, the references' tokens one after the other -> (references, h, w).

    A square number of tokens lies row by row; a projector that gives several tokens for one place gives them one grid
    after the other, and their mean is shown. Any other number of tokens is shown as one row.
    """
    each = np.asarray(shares, dtype=np.float32).reshape(references, -1)
    for paths in range(1, _PATHS + 1):
        places, rest = divmod(each.shape[1], paths)
        side = isqrt(places)
        if rest == 0 and side * side == places:
            return np.asarray(each.reshape(references, paths, side, side).mean(axis=1))
    return each[:, None, :]
