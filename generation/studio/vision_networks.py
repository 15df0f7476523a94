"""The two small networks that look at pictures: the encoder of references and the independent evaluator."""

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F

from generation.studio.attributes import CLASSES, SUBJECT_HEADS, Logits
from generation.studio.autoencoder import ResidualConv

Classes = dict[str, list[str]]  # head -> its class names


def _stem(narrow: int, *, fine: bool) -> nn.Module:
    """(b, 3, 128, 128) -> (b, narrow, 32, 32). The fine one looks at 64 x 64 first: small emblems need it."""
    if not fine:
        return nn.Conv2d(3, narrow, 6, stride=4, padding=1)
    return nn.Sequential(
        nn.Conv2d(3, 24, 4, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(24, 24, 3, padding=1),
        nn.SiLU(),
        nn.Conv2d(24, narrow, 4, stride=2, padding=1),
    )


class Trunk(nn.Sequential):
    """(b, 3, 128, 128) in -1..1 -> (b, widths[-1], 8, 8)."""

    def __init__(self, widths: tuple[int, int, int], blocks: int, *, fine: bool) -> None:
        narrow, middle, wide = widths
        super().__init__(
            _stem(narrow, fine=fine),
            *(ResidualConv(narrow) for _ in range(blocks)),
            nn.Conv2d(narrow, middle, 4, stride=2, padding=1),
            *(ResidualConv(middle) for _ in range(blocks)),
            nn.Conv2d(middle, wide, 4, stride=2, padding=1),
            *(ResidualConv(wide) for _ in range(blocks)),
        )


class Heads(nn.ModuleDict):
    """One linear classifier a head over pooled features (b, width)."""

    def __init__(self, width: int, classes: Classes) -> None:
        super().__init__({head: nn.Linear(width, len(names)) for head, names in classes.items()})

    def forward(self, pooled: Tensor) -> Logits:
        return {head: layer(pooled) for head, layer in self.items()}


class StudioImageEncoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """References (b, 3, 128, 128) in -1..1 to 64 tokens and one embedding that tells individuals apart."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        *,
        widths: tuple[int, int, int] = (32, 64, 128),
        layers: int = 2,
        attention_heads: int = 4,
        embedding: int = 64,
        patch_latents: int = 64,
        classes: Classes | None = None,
        fine: bool = False,
    ) -> None:
        """`classes` are those of the heads it is trained with; they add nothing to the tokens."""
        super().__init__()
        width = widths[-1]
        self.trunk = Trunk(widths, blocks=1, fine=fine)
        self.places = nn.Parameter(torch.randn(1, 64, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, attention_heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 1)
        self.to_embedding = nn.Linear(width, embedding)
        self.to_patch = nn.Linear(width, patch_latents)
        self.heads = Heads(width, classes or {})

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
        classes: Classes,
        *,
        widths: tuple[int, int, int] = (48, 96, 128),
        blocks: int = 1,
        fine: bool = False,
        profile: int = 0,
        embedding: int = 0,
    ) -> None:
        """`profile`: channels of the column profile that tells left from right; `embedding`: width of `embed`."""
        super().__init__()
        self.trunk = Trunk(widths, blocks, fine=fine)
        self.columns = nn.Conv2d(widths[-1], profile, 1) if profile else None
        self.mix = nn.Sequential(nn.Linear(2 * widths[-1] + 8 * profile, 256), nn.GELU())
        self.heads = Heads(256, classes)
        self.to_embedding = nn.Linear(256, embedding) if embedding else None

    def see(self, x: Tensor) -> Tensor:
        """(b, 3, 128, 128) in -1..1 -> (b, 256): what heads and embedding read."""
        features = F.silu(self.trunk(x))
        pooled = [features.mean((2, 3)), features.amax((2, 3))]
        if self.columns is not None:
            pooled.append(self.columns(features).mean(2).flatten(1))
        mixed: Tensor = self.mix(torch.cat(pooled, 1))
        return mixed

    def forward(self, x: Tensor) -> Logits:
        logits: Logits = self.heads(self.see(x))
        return logits

    def embed(self, seen: Tensor) -> Tensor:
        """What `see` gave, (b, 256) -> (b, embedding) of length one: near for two pictures of one individual.

        Raises ValueError in a release that has none.
        """
        if self.to_embedding is None:
            raise ValueError("this evaluator was trained without an embedding of individuals: train it again")
        return F.normalize(self.to_embedding(seen).float(), dim=-1)


def new_encoder() -> StudioImageEncoder:
    """An untrained encoder as the release has it."""
    encoder: StudioImageEncoder = StudioImageEncoder(classes={h: CLASSES[h] for h in SUBJECT_HEADS}, fine=True)
    return encoder


def new_evaluator() -> StudioEvaluator:
    """An untrained evaluator as the release has it."""
    evaluator: StudioEvaluator = StudioEvaluator(CLASSES, fine=True, profile=16, embedding=64)
    return evaluator
