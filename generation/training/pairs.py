"""Text-image pairs, wherever they come from: a folder of photographs, or a world drawn on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor


@dataclass(frozen=True)
class Pair:
    """One training row.

    picture: RGB of the model's own size. caption: its words. reference: RGB of any size, the same picture or another
    of the same subject. word: word of the caption that is the subject, empty where nobody said. subject (h, w): share
    of each pixel the subject covers, 0 to 255, where it is known. original, corner: (height, width) of the file and
    (top, left) of the picture in it, in pixels of the picture, for models that are told (SDXL); None: the picture's
    own size, not cropped.
    """

    picture: Image.Image
    caption: str
    reference: Image.Image
    word: str = ""
    subject: NDArray[np.uint8] | None = None
    original: tuple[int, int] | None = None
    corner: tuple[int, int] = (0, 0)


class PairSource(Protocol):
    """An endless, seeded sequence of pairs: the same number always gives the same pair."""

    def pair(self, number: int) -> Pair:
        """The pair of this number, from 0."""


def pictures_of(pairs: Sequence[Pair]) -> Tensor:
    """(b, 3, h, w) in [-1, 1]."""
    pixels = np.stack([np.asarray(pair.picture.convert("RGB")) for pair in pairs])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def size_ids(pairs: Sequence[Pair]) -> Tensor:
    """(b, 6): original height, width; top, left; height, width: SDXL's micro-conditioning (arXiv:2307.01952)."""
    rows = []
    for pair in pairs:
        own = (pair.picture.height, pair.picture.width)
        rows.append([*(pair.original or own), *pair.corner, *own])
    return torch.tensor(rows, dtype=torch.float32)


def coverage_of(pairs: Sequence[Pair]) -> Tensor | None:
    """(b, 1, h, w) in [0, 1]: where the subjects are; None unless all pairs know."""
    masks = [pair.subject for pair in pairs if pair.subject is not None]
    if len(masks) < len(pairs):
        return None
    return torch.from_numpy(np.stack(masks)).float()[:, None] / 255
