"""Where do references act in one forward, and how much of them? Only where a mask lets them is anything computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor

from generation.conditions import Vision
from generation.host import Late
from generation.masks import resize

Size = tuple[int, int]
_CLOSE = 1e-4  # positions; float32 may round a sampling point to either side


class Extent:
    """How many positions of a mask (b, 1, h, w) are above zero at each size of layer, as far as the host knows.

    most: how many each row keeps at the mask's own size at most, which the dials say. That bounds its count at other
    sizes; the count itself is asked of the device and known a step later, where the mask still stands then.
    """

    def __init__(self, mask: Tensor, most: int, step: int = 0, known: dict[Size, int] | None = None) -> None:
        self.mask, self.most, self.step = mask, most, step
        self.known = known or {}
        self._asked: dict[Size, Late] = {}

    def longest(self, size: Size, weight: Tensor) -> int:
        """Of the rows' counts at `size`, where the mask resized is `weight` (b, h * w); at least the longest one."""
        if size in self.known:
            return self.known[size]
        if size not in self._asked:
            self._asked[size] = Late((weight > 0).sum(dim=1).max())
        height, width = self.mask.shape[-2:]
        return min(self.most * _reach(height, size[0]) * _reach(width, size[1]), size[0] * size[1])

    def settled(self) -> Extent:
        """The same, by what was asked of the device."""
        counts = {size: int(late.read()) for size, late in self._asked.items()}
        return Extent(self.mask, self.most, self.step, self.known | counts)


@cache
def _reach(source: int, target: int) -> int:
    """In how many of `target` positions one of `source` positions has a part when resized (bilinear), at most."""
    if source == target:
        return 1
    reached = [0] * (source + 2)
    for place in range(target):
        point = max((place + 0.5) * source / target - 0.5, 0.0)
        for near in range(int(max(point - _CLOSE, 0)), int(point + _CLOSE) + 2):
            reached[min(near, source - 1)] += 1
    return max(reached)


@dataclass(frozen=True)
class Places:
    """The positions of one layer at which references act.

    index (e, p): position of each place; None where all are asked. weight (e, p, 1): what the mask says there. Entries
    with fewer positions than p are filled up with places of weight 0.
    """

    index: Tensor | None
    weight: Tensor


def places_of(weight: Tensor, longest: int) -> Places:
    """The positions where a layer's mask (e, h * w) is above zero, of which no entry has more than `longest`."""
    if longest >= weight.shape[1]:
        return Places(None, weight[..., None])
    index = (weight > 0).sort(dim=1, descending=True, stable=True).indices[:, :longest]
    return Places(index, weight.gather(1, index)[..., None])


@dataclass
class Influence:
    """References acting in the rows of one forward: e entries, each one reference in one row.

    vision: e rows of tokens. rows (e,): the row of the forward each acts in. mask (e, 1, h, w), None for everywhere.
    quantities: the share of its tokens that gets in, where there is a scoring module. runs: slices of the entries in
    which no row occurs twice, so that their outputs are added up in one order.
    extents: of the masks that `mask` is made of, in their order; without them every position is asked.
    """

    vision: Vision
    rows: Tensor
    mask: Tensor | None = None
    quantities: tuple[float, ...] = ()
    runs: tuple[slice, ...] = (slice(None),)
    extents: tuple[Extent, ...] = ()
    _places: dict[Size, Places] = field(default_factory=dict, repr=False)

    def places(self, size: Size) -> Places | None:
        """Made once for each size of layer; None where the references act everywhere."""
        if self.mask is None:
            return None
        if size not in self._places:
            weight = resize(self.mask, size).flatten(1)
            self._places[size] = places_of(weight, self._longest(size, weight))
        return self._places[size]

    def _longest(self, size: Size, weight: Tensor) -> int:
        parts = torch.split(weight, [len(extent.mask) for extent in self.extents]) if self.extents else ()
        counts = [extent.longest(size, part) for extent, part in zip(self.extents, parts, strict=True)]
        return max(counts, default=weight.shape[1])
