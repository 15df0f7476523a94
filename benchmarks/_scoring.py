"""Which visual tokens get in: those the trained scoring module ranks best, as many at random, or all of them.

One trained branch draws in all three ways, so the difference is the choice alone. It was trained with its scoring
module: a branch trained without one might do better without than this one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal

import torch
from torch import Tensor, nn

from generation.attention import VisualAttention
from generation.studio.drawing import How, Trial, draw_as, visual_branch
from generation.studio.loading import StudioParts

Chosen = Literal["trained", "random", "all"]
SPREAD: Final = 1e-4  # of the weights of tokens chosen at random: enough to rank them


class RandomScoring(nn.Module):
    """Another order of the tokens each time it is asked; every token that gets in weighs 1."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def forward(
        self, tokens: Tensor, text: Tensor, features: Tensor, time: Tensor, padding: Tensor | None = None
    ) -> Tensor:
        """Scores (b, n) as `AdaptiveScoring` gives them; `padding` scores 0."""
        del text, features, time
        scores = 1 + SPREAD * torch.rand(tokens.shape[:2], generator=self.generator)
        if padding is not None:
            scores = scores.masked_fill(padding, 0)
        return scores / scores.sum(dim=1, keepdim=True)


@contextmanager
def choosing(attention: VisualAttention, chosen: Chosen, seed: int = 0) -> Iterator[None]:
    """Every cross-attention lets tokens in this way; "all" is said by `How.scored`."""
    modules = [layer.visual_scoring for layer in attention.layers]
    for place, layer in enumerate(attention.layers):
        if chosen == "random":
            layer.visual_scoring = RandomScoring(seed * len(modules) + place)
    try:
        yield
    finally:
        for layer, module in zip(attention.layers, modules, strict=True):
            layer.visual_scoring = module


def drawn(parts: StudioParts, rows: Sequence[Trial], chosen: Chosen, quantity: float) -> Tensor:
    """(n, 3, 128, 128) in -1..1; quantity is of no account where all get in."""
    _, _, attention = visual_branch(parts)
    with choosing(attention, chosen, rows[0].seed):
        return draw_as(parts, rows, How(quantity=quantity, scored=chosen != "all"))
