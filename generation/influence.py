"""Where do references act in one forward, and how much of them? Only where a mask lets them is anything computed."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from generation.conditions import Vision
from generation.masks import resize

Size = tuple[int, int]


@dataclass(frozen=True)
class Places:
    """The positions of one layer at which references act.

    index (e, p): position of each place; weight (e, p, 1): what the mask says there. p is the longest entry's count;
    shorter ones are filled up with places of weight 0.
    """

    index: Tensor
    weight: Tensor


def places_of(mask: Tensor, size: Size) -> Places:
    """The positions where mask (e, 1, h, w), resized to `size`, is above zero."""
    weight = resize(mask, size).flatten(1)
    kept = weight > 0
    longest = int(kept.sum(dim=1).max())
    index = kept.sort(dim=1, descending=True, stable=True).indices[:, :longest]
    return Places(index, weight.gather(1, index)[..., None])


@dataclass
class Influence:
    """References acting in the rows of one forward: e entries, each one reference in one row.

    vision: e rows of tokens. rows (e,): the row of the forward each acts in. mask (e, 1, h, w), None for everywhere.
    quantities: the share of its tokens that gets in, where there is a scoring module. runs: slices of the entries in
    which no row occurs twice, so that their outputs are added up in one order.
    """

    vision: Vision
    rows: Tensor
    mask: Tensor | None = None
    quantities: tuple[float, ...] = ()
    runs: tuple[slice, ...] = (slice(None),)
    _places: dict[Size, Places] = field(default_factory=dict, repr=False)

    def places(self, size: Size) -> Places | None:
        """Made once for each size of layer; None where the references act everywhere."""
        if self.mask is None:
            return None
        if size not in self._places:
            self._places[size] = places_of(self.mask, size)
        return self._places[size]
