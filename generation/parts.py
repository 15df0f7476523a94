"""The trained parts of one model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generation.denoising import Denoiser
from generation.encoders import TextEncoder, VisualEncoder
from generation.evaluation.judge import Judge
from generation.projector import Projector


@dataclass(frozen=True)
class Parts:
    """digests: SHA-256 (hex) of the weight files, by part. judge: scores the model's pictures."""

    denoiser: Denoiser
    autoencoder: Any
    text_encoder: TextEncoder
    visual_encoder: VisualEncoder
    projector: Projector
    digests: dict[str, str] = field(default_factory=dict)
    judge: Judge | None = None
