"""How much of the reference gets in? The adaptive scoring module (RealCustom, section 3.2).

Scores every visual token against the words and against what is already drawn. Early, while the picture is noise,
the words decide; late, the picture does. One module stands beside each cross-attention, whose input is its f_z.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from generation.host import constant


class AdaptiveScoring(nn.Module):
    """S = (t/T) S_text + (1 - t/T) S_visual, both a softmax over the n visual tokens."""

    def __init__(self, token_dim: int, text_dim: int, feature_dim: int) -> None:
        super().__init__()
        self.from_text = nn.Linear(text_dim, token_dim, bias=False)
        self.from_features = nn.Linear(feature_dim, token_dim, bias=False)

    def forward(
        self, tokens: Tensor, text: Tensor, features: Tensor, time: Tensor, padding: Tensor | None = None
    ) -> Tensor:
        """Scores (b, n) that sum to 1.

        tokens (b, n, token_dim), text (b, t, text_dim), features (b, hw, feature_dim), time (b,) = t/T in [0, 1],
        padding (b, n): true where a token is none and scores 0.
        """
        by_text = _similarity(tokens, self.from_text(text.mean(dim=1)), padding)
        by_features = _similarity(tokens, self.from_features(features.mean(dim=1)), padding)
        early = time[:, None].to(by_text.dtype)
        scores: Tensor = early * by_text + (1 - early) * by_features
        return scores


def _similarity(tokens: Tensor, query: Tensor, padding: Tensor | None) -> Tensor:
    """Softmax over tokens (b, n, c) of their scaled product with query (b, c): (b, n)."""
    scale = tokens.shape[-1] ** -0.5
    products: Tensor = torch.einsum("bnc,bc->bn", tokens, query)
    if padding is not None:
        products = products.masked_fill(padding, float("-inf"))
    return products.mul(scale).softmax(dim=-1)


def kept_tokens(count: int, quantity: float) -> int:
    """floor(quantity * count), at least one: how many visual tokens get in (the paper's gamma_num)."""
    return max(1, int(quantity * count))


def keep_best(
    scores: Tensor, quantities: Sequence[float], lengths: Sequence[int]
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Indices and weights (b, k) of each row's best-scored tokens, and which of them its own quantity drops.

    Row i keeps `kept_tokens(lengths[i], quantities[i])` of its `lengths[i]` tokens; k is the most of any row, and the
    others' surplus is true in the third result (b, k), None where there is none.
    A weight is the score times the number of tokens: 1 on average, so that an untrained module changes nothing
    and gradients reach the projections through the weights (the choice itself has none).
    """
    counts = [kept_tokens(n, quantity) for n, quantity in zip(lengths, quantities, strict=True)]
    best, index = scores.topk(max(counts), dim=1)
    weight = best * constant(tuple(lengths), scores.device, best.dtype)[:, None]
    if min(counts) == max(counts):
        return index, weight, None
    own = constant(tuple(counts), scores.device, torch.long)
    return index, weight, torch.arange(max(counts), device=scores.device) >= own[:, None]
