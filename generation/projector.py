"""From the image encoders' patch tokens to tokens the cross-attention reads.

`HighResProjector` and `HighResShallowProjector` carry the parameter names of the published weights;
`SmallProjector` serves the small model this project trains itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class VisualFeatures:
    """What an image encoder saw in b references.

    deep: patch tokens of the whole picture, (b, n, c).
    local: patch tokens of enlarged crops, (b, m, c), for projectors that look closer.
    shallow: tokens of earlier blocks, each (b, n, c).
    """

    deep: Tensor
    local: Tensor | None = None
    shallow: tuple[Tensor, ...] = ()

    def map(self, change: Callable[[Tensor], Tensor]) -> VisualFeatures:
        """The same features with every tensor changed, e.g. moved to a device."""
        local = None if self.local is None else change(self.local)
        return VisualFeatures(change(self.deep), local, tuple(change(t) for t in self.shallow))


class Projector(nn.Module):
    """VisualFeatures -> tokens (b, n, out_dim)."""

    def forward(self, features: VisualFeatures) -> Tensor:
        """See the class."""
        raise NotImplementedError


class MinAttention(nn.Module):
    """Global tokens look at local ones: cross-attention without output projection, heads of `head_dim`."""

    def __init__(self, dim: int, head_dim: int = 64) -> None:
        super().__init__()
        self.heads = max(1, dim // head_dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_k = nn.Linear(dim, dim, bias=False)
        self.to_v = nn.Linear(dim, dim, bias=False)

    def forward(self, queries: Tensor, context: Tensor) -> Tensor:
        """queries (b, n, dim), context (b, m, dim) -> (b, n, dim)."""
        context = self.norm2(context)
        q = self._split(self.to_q(self.norm1(queries)))
        out = F.scaled_dot_product_attention(q, self._split(self.to_k(context)), self._split(self.to_v(context)))
        return out.transpose(1, 2).flatten(2)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (b, heads, n, d)


def _mlp(dim: int, out_dim: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(dim, 4 * dim),
        nn.GELU(),
        nn.Linear(4 * dim, out_dim),
        nn.GELU(),
        nn.Linear(out_dim, out_dim),
        nn.LayerNorm(out_dim, eps=1e-5),
    )


class HighResProjector(Projector):
    """projector(min_attention(deep, local)) + projector_base(deep)."""

    def __init__(self, vision_dim: int, out_dim: int, head_dim: int = 64) -> None:
        super().__init__()
        self.min_attention = MinAttention(vision_dim, head_dim)
        self.projector = _mlp(vision_dim, out_dim)
        self.projector_base = nn.Linear(vision_dim, out_dim)

    def forward(self, features: VisualFeatures) -> Tensor:
        """(b, n, out_dim); ValueError without local features."""
        if features.local is None:
            raise ValueError("this projector needs local features: encode enlarged crops of the reference too")
        seen = self.min_attention(features.deep, features.local)
        tokens: Tensor = self.projector(seen) + self.projector_base(features.deep)
        return tokens


class HighResShallowProjector(Projector):
    """cat over tokens of [projector_base(deep), projector2(min_attention2(deep, cat(shallow)))].

    `min_attention` and `projector` are part of the published file and unused, as there.
    """

    def __init__(self, vision_dim: int, out_dim: int, head_dim: int = 64) -> None:
        super().__init__()
        self.min_attention = MinAttention(vision_dim, head_dim)
        self.projector = _mlp(vision_dim, out_dim)
        self.projector_base = nn.Linear(vision_dim, out_dim)
        self.min_attention2 = MinAttention(vision_dim, head_dim)
        self.projector2 = _mlp(vision_dim, out_dim)

    def forward(self, features: VisualFeatures) -> Tensor:
        """(b, 2n, out_dim); ValueError without shallow features."""
        if not features.shallow:
            raise ValueError("this projector needs shallow features: tokens of the encoders' earlier blocks")
        detail = self.min_attention2(features.deep, torch.cat(features.shallow, dim=1))
        return torch.cat([self.projector_base(features.deep), self.projector2(detail)], dim=1)


class SmallProjector(Projector):
    """A linear of the deep tokens plus an MLP of them, for small encoders."""

    def __init__(self, vision_dim: int, out_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(vision_dim)
        self.projector = _mlp(vision_dim, out_dim)
        self.projector_base = nn.Linear(vision_dim, out_dim)

    def forward(self, features: VisualFeatures) -> Tensor:
        """(b, n, out_dim)."""
        deep = self.norm(features.deep)
        tokens: Tensor = self.projector(deep) + self.projector_base(deep)
        return tokens
