"""One real word of the prompt on its way to one subject."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from generation.conditions import Vision


@dataclass
class Subject:
    """One real word and what it is narrowed to, in b pictures.

    word (b, n_t): 1 at its tokens. vision: b rows. quantity: share of visual tokens that gets in. scope: of its mask,
    None takes the dials'. bound (1, 1, h/2, w/2): in [0, 1], where it may be; None is everywhere.
    mask (b, 1, h/2, w/2): the step to come takes it unless it makes one; masks: one a step done.
    spreads (b,): `masks.spread` of each mask made.
    counted (b, n): how many layers let each visual token in, of `layers` asked; None where nobody asked.
    area: positions within the bound; 0 without one.
    """

    word: Tensor
    vision: Vision
    quantity: float = 1.0
    scope: float | None = None
    bound: Tensor | None = None
    mask: Tensor | None = None
    masks: list[Tensor] = field(default_factory=list)
    spreads: list[Tensor] = field(default_factory=list)
    counted: Tensor | None = None
    layers: int = 0
    area: int = 0

    def __post_init__(self) -> None:
        """The scope counts within the bound."""
        if self.bound is not None:
            self.area = int((self.bound > 0).sum())

    def count(self, tokens: Tensor | None, layers: int) -> None:
        """Add one step's count (b, n)."""
        if tokens is not None:
            tokens = tokens[:, : self.vision.tokens.shape[1]]
            self.counted = tokens if self.counted is None else self.counted + tokens
            self.layers += layers
