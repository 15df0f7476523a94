"""Where may the reference act? From the target word's attention maps to the guidance mask (RealCustom, section 3.3).

Every function works per sample; maps are non-negative attention shares.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from generation.spec import MaskDials

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


def top_k(mask: Tensor, scope: float, *, binary: bool = False) -> Tensor:
    """Keep the floor(scope * h * w) strongest positions, at least one; the others become 0.

    Kept positions keep their score, or become 1 if `binary`. (b, 1, h, w) -> the same.
    """
    flat = mask.flatten(1)
    count = max(1, int(scope * flat.shape[1]))
    values, index = flat.topk(count, dim=1)
    kept = torch.ones_like(values) if binary else values
    return torch.zeros_like(flat).scatter(1, index, kept).view_as(mask)


def threshold(mask: Tensor, scope: float, *, binary: bool = False) -> Tensor:
    """Keep positions above 1 - scope; for a mask normalised to [0, 1]."""
    above = mask > 1.0 - scope
    return above.to(mask.dtype) if binary else mask * above


def select(mask: Tensor, dials: MaskDials) -> Tensor:
    """The dials' choice between `top_k` and `threshold`."""
    keep = {"top_k": top_k, "threshold": threshold}[dials.select]
    return keep(mask, dials.scope, binary=dials.binary)


def guidance_mask(maps: Sequence[Tensor], size: tuple[int, int], dials: MaskDials) -> Tensor:
    """The word's maps, one (b, h, w) a layer -> the mask (b, 1, *size) that multiplies the visual attention."""
    return select(combine(stack(maps, size), dials.norm), dials)


def kept_share(mask: Tensor) -> Tensor:
    """Share of positions a mask (b, 1, h, w) lets through, per sample: (b,) in [0, 1]."""
    return (mask > 0).flatten(1).float().mean(dim=1)
