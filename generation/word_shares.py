"""How much does each word of the prompt act, inside the subjects' masks and outside? Summed over layers and steps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from generation.masks import resize


class WordShares:
    """names: the prompt's words; words (1, w, n_t): 1 at each one's tokens."""

    def __init__(self, names: Sequence[str], words: Tensor) -> None:
        self.names = tuple(names)
        self.words = words
        self._sums = torch.zeros(2, len(self.names), device=words.device)  # inside, outside

    def add(self, maps: Sequence[Tensor], mask: Tensor) -> None:
        """One step's maps of the words, (1, w, h, w) a layer, under the union of the masks (1, 1, h, w)."""
        for layer in (m.float() for m in maps):
            inside = resize((mask > 0).to(layer), (layer.shape[-2], layer.shape[-1]))
            for place, where in enumerate((inside, 1 - inside)):
                self._sums[place] += _shares((layer * where).sum(dim=(0, 2, 3)))

    def shares(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Of the words inside and outside; each sums to 1, or is 0 where no position was."""
        inside, outside = (tuple(_shares(sums).tolist()) for sums in self._sums)
        return inside, outside


def _shares(sums: Tensor) -> Tensor:
    return sums / sums.sum().clamp(min=1e-12)
