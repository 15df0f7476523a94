"""How the sd15 profile looks at a reference: patch tokens of a CLIP image encoder (openai/clip-vit-large-patch14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from PIL import Image
from torch import Tensor

from generation.encoders import square, to_tensor
from generation.projector import VisualFeatures

CLIP_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
CLIP_DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)


class ClipPatches:
    """model: a CLIPVisionModel, frozen. The last block but one is read, not normed: the last one is bent towards the
    class token, which alone is compared with captions."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.side: int = model.config.image_size

    def encode(self, images: Sequence[Image.Image]) -> VisualFeatures:
        """deep (b, n, c) of n patches; pictures are padded to a square, not stretched."""
        return self._features(torch.cat([to_tensor(square(image, self.side)) for image in images]) / 2 + 0.5)

    def blank(self) -> VisualFeatures:
        """A black picture, 1 row."""
        return self._features(torch.zeros(1, 3, self.side, self.side))

    def _features(self, pixels: Tensor) -> VisualFeatures:
        like = next(self.model.parameters())
        normal = clip_normalised(pixels).to(like.device, like.dtype)
        hidden = self.model(normal, output_hidden_states=True).hidden_states
        return VisualFeatures(hidden[-2][:, 1:])  # without the class token


def clip_normalised(pixels: Tensor) -> Tensor:
    """(b, 3, h, w) in [0, 1], by the mean and deviation of CLIP's training pictures."""
    mean, deviation = (pixels.new_tensor(v).view(3, 1, 1) for v in (CLIP_MEAN, CLIP_DEVIATION))
    return (pixels - mean) / deviation
