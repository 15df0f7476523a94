"""What one reference offers to learn from: itself, shifted, resized and mirrored a little, as the papers do."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SCALES = (0.65, 1.0)
SHIFT = 0.5  # of the room a smaller view leaves on each side


def views(reference: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(count, 3, h, w) of one reference (1, 3, h, w); the first is the reference itself.

    Every other one is resized by a factor uniform in SCALES, shifted, and mirrored half of the time; the wall goes on
    beyond its edges.
    """
    drawn = torch.rand(count, 4, generator=generator)
    scale = SCALES[0] + (SCALES[1] - SCALES[0]) * drawn[:, 0]
    scale[0], drawn[0, 1:] = 1.0, 0.5
    shift = SHIFT * (1 - scale[:, None]) * (2 * drawn[:, 1:3] - 1)
    mirrored = torch.where(drawn[:, 3] > 0.5, -1.0, 1.0)
    grid = F.affine_grid(_maps(scale, shift, mirrored), [count, *reference.shape[1:]], align_corners=False)
    return F.grid_sample(reference.expand(count, -1, -1, -1), grid, padding_mode="border", align_corners=False)


def _maps(scale: Tensor, shift: Tensor, mirrored: Tensor) -> Tensor:
    """(n, 2, 3): from a view's places to the reference's, both in -1..1."""
    maps = torch.zeros(len(scale), 2, 3)
    maps[:, 0, 0], maps[:, 1, 1] = mirrored / scale, 1 / scale
    maps[:, :, 2] = -shift / scale[:, None]
    maps[:, 0, 2] *= mirrored
    return maps
