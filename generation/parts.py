"""The trained parts of one model."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from generation.denoising import Denoiser
from generation.encoders import TextEncoder, VisualEncoder
from generation.evaluation.judge import Judge
from generation.projector import Projector
from generation.resting import Resting


@dataclass(frozen=True)
class Parts:
    """digests: SHA-256 (hex) of the weight files, by part. judge: scores the model's pictures.

    resting: what waits in the host's memory while others work. environment: how the model was made to run, for results.
    """

    denoiser: Denoiser
    autoencoder: Any
    text_encoder: TextEncoder
    visual_encoder: VisualEncoder
    projector: Projector
    digests: dict[str, str] = field(default_factory=dict)
    judge: Judge | None = None
    resting: Resting | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def at_work(self, stage: str) -> AbstractContextManager[None]:
        """The networks of a stage (`prepare`, `decode`, `judge`) are on the device inside."""
        return nullcontext() if self.resting is None else self.resting.at_work(stage)
