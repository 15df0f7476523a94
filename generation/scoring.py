"""How much of the reference gets in? The adaptive scoring module (RealCustom, section 3.2).

Scores every visual token against the words and against what is already drawn. Early, while the picture is noise,
the words decide; late, the picture does. One module stands beside each cross-attention, whose input is its f_z.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AdaptiveScoring(nn.Module):
    """S = (t/T) S_text + (1 - t/T) S_visual, both a softmax over the n visual tokens."""

    def __init__(self, token_dim: int, text_dim: int, feature_dim: int) -> None:
        super().__init__()
        self.from_text = nn.Linear(text_dim, token_dim, bias=False)
        self.from_features = nn.Linear(feature_dim, token_dim, bias=False)

    def forward(self, tokens: Tensor, text: Tensor, features: Tensor, time: Tensor) -> Tensor:
        """Scores (b, n) that sum to 1.

        tokens (b, n, token_dim), text (b, t, text_dim), features (b, hw, feature_dim), time (b,) = t/T in [0, 1].
        """
        by_text = _similarity(tokens, self.from_text(text.mean(dim=1)))
        by_features = _similarity(tokens, self.from_features(features.mean(dim=1)))
        early = time[:, None].to(by_text.dtype)
        scores: Tensor = early * by_text + (1 - early) * by_features
        return scores


def _similarity(tokens: Tensor, query: Tensor) -> Tensor:
    """Softmax over tokens (b, n, c) of their scaled product with query (b, c): (b, n)."""
    scale = tokens.shape[-1] ** -0.5
    products: Tensor = torch.einsum("bnc,bc->bn", tokens, query)
    return products.mul(scale).softmax(dim=-1)


def kept_tokens(count: int, quantity: float) -> int:
    """floor(quantity * count), at least one: how many visual tokens get in (the paper's gamma_num)."""
    return max(1, int(quantity * count))


def keep_best(scores: Tensor, quantity: float) -> tuple[Tensor, Tensor]:
    """Indices and weights (b, k) of the k = `kept_tokens` best-scored tokens.

    A weight is the score times the number of tokens: 1 on average, so that an untrained module changes nothing
    and gradients reach the projections through the weights (the choice itself has none).
    """
    n = scores.shape[1]
    best, index = scores.topk(kept_tokens(n, quantity), dim=1)
    return index, best * n
