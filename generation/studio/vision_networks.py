"""The two small networks that look at pictures: the encoder of references and the independent evaluator."""

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from generation.studio.attributes import CLASSES, Logits
from generation.studio.autoencoder import ResidualConv

_REFERENCE_HEADS = ("kind", "main", "accent", "pattern", "emblem")


class Trunk(nn.Sequential):
    """(b, 3, 128, 128) in -1..1 -> (b, widths[-1], 8, 8)."""

    def __init__(self, widths: tuple[int, int, int], blocks: int) -> None:
        narrow, middle, wide = widths
        super().__init__(
            nn.Conv2d(3, narrow, 6, stride=4, padding=1),
            *(ResidualConv(narrow) for _ in range(blocks)),
            nn.Conv2d(narrow, middle, 4, stride=2, padding=1),
            *(ResidualConv(middle) for _ in range(blocks)),
            nn.Conv2d(middle, wide, 4, stride=2, padding=1),
            *(ResidualConv(wide) for _ in range(blocks)),
        )


class Heads(nn.ModuleDict):
    """One linear classifier a head over pooled features (b, width)."""

    def __init__(self, width: int, classes: dict[str, list[str]]) -> None:
        super().__init__({head: nn.Linear(width, len(names)) for head, names in classes.items()})

    def forward(self, pooled: Tensor) -> Logits:
        return {head: layer(pooled) for head, layer in self.items()}


class StudioImageEncoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """References (b, 3, 128, 128) in -1..1 to 64 tokens and one embedding that tells individuals apart."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        widths: tuple[int, int, int] = (32, 64, 128),
        layers: int = 2,
        attention_heads: int = 4,
        embedding: int = 64,
        patch_latents: int = 64,
    ) -> None:
        super().__init__()
        width = widths[-1]
        self.trunk = Trunk(widths, blocks=1)
        self.places = nn.Parameter(torch.randn(1, 64, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, attention_heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 1)
        self.to_embedding = nn.Linear(width, embedding)
        self.to_patch = nn.Linear(width, patch_latents)
        self.heads = Heads(width, {head: CLASSES[head] for head in _REFERENCE_HEADS})

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, 128, 128) -> tokens (b, 64, width), normed: the 8 x 8 places row by row."""
        features = self.trunk(x).flatten(2).transpose(1, 2)
        tokens: Tensor = self.norm(self.transformer(features + self.places))
        return tokens

    def pool(self, tokens: Tensor) -> Tensor:
        """(b, 64, width) -> (b, width): the subject's places weigh more than the wall's."""
        weights: Tensor = self.attend(tokens).softmax(1)
        return (weights * tokens).sum(1)

    def embed(self, tokens: Tensor) -> Tensor:
        """(b, 64, width) -> (b, 64), of length one: what tells individuals apart."""
        return F.normalize(self.to_embedding(self.pool(tokens)).float(), dim=-1)


class StudioEvaluator(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Names what a picture (b, 3, 128, 128) in -1..1 shows; shares no weight with the model it judges."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        classes: dict[str, list[str]],
        widths: tuple[int, int, int] = (48, 96, 128),
        blocks: int = 1,
    ) -> None:
        super().__init__()
        self.trunk = Trunk(widths, blocks)
        self.mix = nn.Sequential(nn.Linear(2 * widths[-1], 256), nn.GELU())
        self.heads = Heads(256, classes)

    def forward(self, x: Tensor) -> Logits:
        features = F.silu(self.trunk(x))
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1)
        logits: Logits = self.heads(self.mix(pooled))
        return logits
