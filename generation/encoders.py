"""What the model reads and sees: prompts to text features, references to visual ones. Frozen, run once a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from generation.projector import VisualFeatures
from generation.words import Tokenizer


@dataclass(frozen=True)
class TextFeatures:
    """tokens (b, n, c); pooled (b, c_p) for UNets that want it (SDXL), else None."""

    tokens: Tensor
    pooled: Tensor | None = None


class TextEncoder(Protocol):
    """Prompts in, features out; `tokenizer` is what the word's position is counted with."""

    @property
    def tokenizer(self) -> Tokenizer:
        """Its (first) tokenizer."""

    @property
    def max_tokens(self) -> int:
        """Tokens it reads, start and end included."""

    def encode(self, prompts: Sequence[str]) -> TextFeatures:
        """Features of b prompts; what exceeds `max_tokens` is cut."""


class VisualEncoder(Protocol):
    """Pictures in, patch tokens out."""

    def encode(self, images: Sequence[Image.Image]) -> VisualFeatures:
        """Features of b RGB pictures of any size."""

    def blank(self) -> VisualFeatures:
        """Features of the all-zero picture, 1 row: what the negative branch and dropped training rows see."""


def _token_ids(tokenizer: Any, prompts: Sequence[str], length: int, device: torch.device) -> Tensor:
    encoded = tokenizer(list(prompts), padding="max_length", truncation=True, max_length=length, return_tensors="pt")
    ids: Tensor = encoded.input_ids.to(device)
    return ids


class ClipText:
    """One CLIP text model, its last hidden state: Stable Diffusion 1.5 and the studio model."""

    def __init__(self, tokenizer: Any, model: Any, max_tokens: int) -> None:
        self.tokenizer: Tokenizer = tokenizer
        self.model = model
        self.max_tokens = max_tokens

    def encode(self, prompts: Sequence[str]) -> TextFeatures:
        """(b, max_tokens, width)."""
        ids = _token_ids(self.tokenizer, prompts, self.max_tokens, self.model.device)
        return TextFeatures(self.model(ids).last_hidden_state)


class DualClipText:
    """SDXL's two CLIPs: penultimate layers without the final norm, side by side.

    The pooled vector is the second model's pooler output *before* its projection, as the released weights expect.
    """

    def __init__(self, tokenizers: tuple[Any, Any], models: tuple[Any, Any], max_tokens: int = 77) -> None:
        self.tokenizer: Tokenizer = tokenizers[0]
        self.tokenizers = tokenizers
        self.models = models
        self.max_tokens = max_tokens

    def encode(self, prompts: Sequence[str]) -> TextFeatures:
        """(b, max_tokens, width_1 + width_2) and the pooled vector (b, width_2)."""
        outputs = [
            model(_token_ids(tokenizer, prompts, self.max_tokens, model.device), output_hidden_states=True)
            for tokenizer, model in zip(self.tokenizers, self.models, strict=True)
        ]
        tokens = torch.cat([o.hidden_states[-2] for o in outputs], dim=-1)
        return TextFeatures(tokens, outputs[1].pooler_output)


class SquareEncoder:
    """A network that maps square pictures (b, 3, size, size) in [-1, 1] to patch tokens (b, n, c)."""

    def __init__(self, model: nn.Module, size: int) -> None:
        self.model = model
        self.size = size

    def encode(self, images: Sequence[Image.Image]) -> VisualFeatures:
        """Pictures are padded to a square with their border's colour rather than stretched."""
        return self._features(torch.cat([to_tensor(square(image, self.size)) for image in images]))

    def blank(self) -> VisualFeatures:
        """See VisualEncoder."""
        return self._features(torch.zeros(1, 3, self.size, self.size))

    def _features(self, pixels: Tensor) -> VisualFeatures:
        like = next(self.model.parameters())
        return VisualFeatures(self.model(pixels.to(like.device, like.dtype)))


def square(image: Image.Image, size: int) -> Image.Image:
    """The whole picture on a square of its border's median colour."""
    rgb = np.asarray(image.convert("RGB"))
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    r, g, b = (int(c) for c in np.median(border, axis=0))
    return ImageOps.pad(image.convert("RGB"), (size, size), Image.Resampling.LANCZOS, color=(r, g, b))


def to_tensor(image: Image.Image) -> Tensor:
    """RGB picture -> (1, 3, h, w) in [-1, 1]."""
    pixels = torch.from_numpy(np.asarray(image.convert("RGB")).copy())
    return pixels.permute(2, 0, 1)[None].float() / 127.5 - 1


def to_image(pixels: Tensor) -> Image.Image:
    """(3, h, w) in [-1, 1], clipped -> RGB picture."""
    values = ((pixels.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return Image.fromarray(values.permute(1, 2, 0).cpu().numpy(), "RGB")
