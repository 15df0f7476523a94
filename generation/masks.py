"""Where may the reference act? From the target word's attention maps to the guidance mask (RealCustom, section 3.3).

Every function works per sample; maps are non-negative attention shares.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from generation.spec import InvalidSpec, MaskDials

QueryKey = tuple[Tensor, Tensor]  # each (b, heads, h * w, d)
EPSILON = 1e-6


def half_size(height: int, width: int) -> tuple[int, int]:
    """The mask's own size: half the latent's, rounded up."""
    return (height + 1) // 2, (width + 1) // 2


def resize(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear, corners not aligned: (b, c, h, w) -> (b, c, *size)."""
    if mask.shape[-2:] == size:
        return mask
    return F.interpolate(mask, size=size, mode="bilinear", align_corners=False)


def stack(maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """One map (b, h, w) a layer, each of its own size -> (b, layers, *size) in float32."""
    if not maps:
        raise ValueError("no attention map was collected: the UNet has no cross-attention")
    return torch.cat([resize(m[:, None].float(), size) for m in maps], dim=1)


def max_norm(mask: Tensor) -> Tensor:
    """m / (max m + 1e-6) over height and width."""
    return mask / (mask.amax(dim=(-2, -1), keepdim=True) + EPSILON)


def min_max_norm(mask: Tensor) -> Tensor:
    """(m - min) / (max - min + 1e-6) over height and width."""
    low = mask.amin(dim=(-2, -1), keepdim=True)
    high = mask.amax(dim=(-2, -1), keepdim=True)
    return (mask - low) / (high - low + EPSILON)


def combine(layers: Tensor, norm: str) -> Tensor:
    """(b, layers, h, w) -> normalised mean over the layers, (b, 1, h, w).

    `min_max_per_channel` normalises every layer before the mean and the mean again, so that a layer with strong
    attention does not drown the others. `raw` is the plain mean. ValueError for any other name.
    """
    if norm == "min_max_per_channel":
        return min_max_norm(min_max_norm(layers).mean(dim=1, keepdim=True))
    mean = layers.mean(dim=1, keepdim=True)
    if norm == "max_norm":
        return max_norm(mean)
    if norm == "min_max_norm":
        return min_max_norm(mean)
    if norm == "raw":
        return mean
    raise ValueError(f"unknown mask norm {norm!r}: max_norm, min_max_norm, min_max_per_channel or raw")


def kept_positions(scope: float, positions: int) -> int:
    """floor(scope * positions), at least one: how many of them `top_k` keeps."""
    return max(1, int(scope * positions))


def top_k(mask: Tensor, scope: float, *, binary: bool = False, allowed: Tensor | None = None, area: int = 0) -> Tensor:
    """Keep the floor(scope * h * w) strongest positions, at least one; the others become 0.

    Kept positions keep their score, or become 1 if `binary`. (b, 1, h, w) -> the same.
    allowed (b or 1, 1, h, w): positions that may be kept at all. area: what `scope` is a share of, in place of h * w.
    """
    flat = mask.flatten(1)
    if allowed is not None:
        flat = torch.where(allowed.flatten(1), flat, -1.0)
    values, index = flat.topk(kept_positions(scope, area or flat.shape[1]), dim=1)
    kept = (torch.ones_like(values) if binary else values) * (values >= 0)
    return torch.zeros_like(flat).scatter(1, index, kept).view_as(mask)


def threshold(mask: Tensor, scope: float, *, binary: bool = False, allowed: Tensor | None = None) -> Tensor:
    """Keep positions above 1 - scope; for a mask normalised to [0, 1]. `allowed`: see `top_k`."""
    above = mask > 1.0 - scope
    if allowed is not None:
        above = above & allowed
    return above.to(mask.dtype) if binary else mask * above


def select(mask: Tensor, dials: MaskDials, allowed: Tensor | None = None, area: int = 0) -> Tensor:
    """The dials' choice between `top_k` and `threshold`."""
    if dials.select == "threshold":
        return threshold(mask, dials.scope, binary=dials.binary, allowed=allowed)
    return top_k(mask, dials.scope, binary=dials.binary, allowed=allowed, area=area)


def guidance_mask(maps: Sequence[Tensor], size: tuple[int, int], dials: MaskDials) -> Tensor:
    """The word's maps, one (b, h, w) a layer -> the mask (b, 1, *size) that multiplies the visual attention."""
    return select(combine(stack(maps, size), dials.norm), dials)


def refined(mask: Tensor, attentions: Sequence[QueryKey], norm: str) -> Tensor:
    """M <- A_self M, averaged over heads and layers, and normalised again: (b, 1, h, w) -> the same.

    attentions: Q and K of self-attentions over the mask's positions, each (b, heads, h * w, d). The mask stands where
    values do, so the fused kernel applies A_self without a matrix of positions by positions.
    """
    if not attentions:
        raise InvalidSpec("this model has no self-attention at the mask's resolution: turn the mask's refine off")
    flat = mask.flatten(2).transpose(1, 2)[:, None]  # (b, 1, hw, 1)
    spread = []
    for query, key in attentions:
        value = F.pad(flat.to(query.dtype), (0, query.shape[-1] - 1)).expand(-1, query.shape[1], -1, -1)
        spread.append(F.scaled_dot_product_attention(query, key, value)[..., 0].float().mean(dim=1))
    mean = torch.stack(spread).mean(dim=0).view_as(mask)
    return max_norm(mean) if norm == "max_norm" else min_max_norm(mean)


def bounded(mask: Tensor, bound: Tensor) -> Tensor:
    """A normalised mask within a bound in [0, 1], (b or 1, 1, h, w): their product, with 1 as its maximum again.

    Without that a reference bound to a place its word pays little heed to would hardly act there.
    """
    return max_norm(mask * bound)


def strongest(masks: Sequence[Tensor]) -> list[Tensor]:
    """Where each of several normalised masks is stronger than all others, first come first; bool of their shape."""
    winner = torch.stack(list(masks)).argmax(dim=0)
    return [winner == place for place in range(len(masks))]


def spread(mask: Tensor) -> Tensor:
    """Share of positions above half the maximum, (b, 1, h, w) -> (b,): how wide a word looks before any are kept."""
    flat = mask.flatten(1)
    return (flat > flat.amax(dim=1, keepdim=True) / 2).float().mean(dim=1)


def kept_share(mask: Tensor) -> Tensor:
    """Share of positions a mask (b, 1, h, w) lets through, per sample: (b,) in [0, 1]."""
    return (mask > 0).flatten(1).float().mean(dim=1)
