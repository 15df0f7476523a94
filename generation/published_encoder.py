"""How the released weights look at a reference: SigLIP and DINOv2 side by side, once whole and four times in detail.

Both encoders come from transformers: google/siglip-so400m-patch14-384 and facebook/dinov2-with-registers-large hold the
weights that timm calls vit_so400m_patch14_siglip_384 and vit_large_patch14_reg4_dinov2.lvd142m. transformers stretches
DINOv2's position table while running, timm while loading and with antialiasing: features differ slightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from generation.projector import VisualFeatures

SIGLIP_BLOCKS = (7, 13, 19, 25)
DINO_BLOCKS = (4, 10, 16, 22)
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


class PublishedEncoder:
    """siglip: a SiglipVisionModel; dino: a Dinov2WithRegistersModel, both frozen, of one dtype.

    side: pixels of one view (384 for the released weights). blocks: which blocks' patch tokens are read, counted from
    0, not normed, shallow ones first; the last is the deep one.
    """

    def __init__(
        self,
        siglip: Any,
        dino: Any,
        *,
        side: int = 384,
        siglip_blocks: Sequence[int] = SIGLIP_BLOCKS,
        dino_blocks: Sequence[int] = DINO_BLOCKS,
    ) -> None:
        self.siglip, self.dino, self.side = siglip, dino, side
        self.blocks = tuple(zip(siglip_blocks, dino_blocks, strict=True))

    def encode(self, images: Sequence[Image.Image]) -> VisualFeatures:
        """deep (b, n, c), local (b, 4n, c), shallow (b, n, c) each; n patches of one view, c of both encoders."""
        return self._features(torch.cat([self._stretched(image) for image in images]))

    def blank(self) -> VisualFeatures:
        """A black picture: zero before normalisation."""
        return self._features(torch.zeros(1, 3, 2 * self.side, 2 * self.side))

    def _stretched(self, image: Image.Image) -> Tensor:
        """(1, 3, 2 side, 2 side) in [0, 1]: the whole picture, its proportions given up."""
        pixels = torch.from_numpy(np.asarray(image.convert("RGB")).copy()).permute(2, 0, 1)[None] / 255
        return F.interpolate(pixels, size=(2 * self.side,) * 2, mode="bilinear", align_corners=False)

    def _features(self, pixels: Tensor) -> VisualFeatures:
        whole = F.interpolate(pixels, size=(self.side, self.side), mode="bilinear", align_corners=True)
        *shallow, deep = self._tokens(_as_bytes(whole))
        local = torch.cat([self._tokens(_as_bytes(view))[-1] for view in views(pixels)], dim=1)
        return VisualFeatures(deep, local, tuple(shallow))

    def _tokens(self, pixels: Tensor) -> list[Tensor]:
        """Patch tokens of each block pair, channels side by side; pixels (b, 3, side, side) in [0, 1]."""
        siglip = _hidden(self.siglip, _normalised(pixels, *_HALF))
        dino = _hidden(self.dino, imagenet_normalised(pixels))
        prefix = 1 + self.dino.config.num_register_tokens  # the class token and the registers
        return [torch.cat([siglip[s + 1], dino[d + 1][:, prefix:]], dim=-1) for s, d in self.blocks]


def views(pixels: Tensor) -> list[Tensor]:
    """(b, 3, 2s, 2s) -> four (b, 3, s, s): every second row and column, from each of the four starts.

    The release calls them patches; they are not quarters of the picture but the whole of it, sampled four ways.
    """
    return [pixels[..., row::2, column::2] for row in (0, 1) for column in (0, 1)]


def _as_bytes(pixels: Tensor) -> Tensor:
    """Through 8 bits and back, rounding down, as the release does on its way through PIL."""
    return (pixels * 255).floor() / 255


def _normalised(pixels: Tensor, mean: tuple[float, ...], deviation: tuple[float, ...]) -> Tensor:
    return (pixels - pixels.new_tensor(mean).view(3, 1, 1)) / pixels.new_tensor(deviation).view(3, 1, 1)


def imagenet_normalised(pixels: Tensor) -> Tensor:
    """(b, 3, h, w) in [0, 1], by ImageNet's mean and deviation: what DINOv2 was trained on."""
    return _normalised(pixels, *_IMAGENET)


def _hidden(model: Any, pixels: Tensor) -> tuple[Tensor, ...]:
    """Embeddings, then every block's output."""
    like = next(model.parameters())
    out: tuple[Tensor, ...] = model(pixels.to(like.device, like.dtype), output_hidden_states=True).hidden_states
    return out
