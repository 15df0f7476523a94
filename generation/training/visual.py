"""RealCustom's training (section 3.2): everything frozen but the visual branch, on text-image pairs alone.

The branch, an adaptive scoring module and `to_k_vision`, `to_v_vision` beside every cross-attention and one projector,
learns to help the frozen model predict the noise on a picture from a reference of what it shows. How much of the
reference gets in (gamma_num) is drawn anew each step, so that it is a dial afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from generation.attention import AttentionPass, Condition, attach, visual_parameters
from generation.projector import Projector
from generation.training.base import Base, Question
from generation.training.draws import Draws
from generation.training.masking import mask_for
from generation.training.pairs import Pair, pictures_of, size_ids


class VisualBranch(nn.Module):
    """A frozen base with a fresh visual branch on its UNet; only the branch asks for gradients, in float32."""

    def __init__(self, base: Base, projector: Projector) -> None:
        super().__init__()
        self.base = base
        self.projector = projector
        self.attention = attach(base.unet, projector, scoring=True)
        for parameter in visual_parameters(base.unet):
            parameter.data = parameter.data.float()
            parameter.requires_grad_(True)
        self._start_silent()

    def _start_silent(self) -> None:
        """Visual values start at zero: the first step draws exactly what the base draws."""
        for layer in self.attention.layers:
            nn.init.zeros_(layer.to_v_vision.weight)

    def forward(self, pairs: Sequence[Pair], draws: Draws) -> Tensor:
        """The squared error of the prediction, a scalar: of noise or velocity, as the base was trained."""
        base = self.base
        latents = base.latents(pictures_of(pairs), draws.encoding)
        times = draws.times.to(latents.device)
        noisy, wanted = base.noised(latents, draws.noise.to(latents), times)
        captions = [pair.caption if kept else "" for pair, kept in zip(pairs, draws.words.tolist(), strict=True)]
        question = Question(noisy, times, base.read(captions, size_ids(pairs)))
        error: Tensor = self._answer(pairs, draws, question).float() - wanted
        return error.square().mean()

    def _answer(self, pairs: Sequence[Pair], draws: Draws, question: Question) -> Tensor:
        seen = self.base.see([pair.reference for pair in pairs], draws.references)
        mask = mask_for(self.base, self.attention, pairs, draws, question)
        height, width = question.size
        current = AttentionPass(
            Condition(question.text.text, self.projector(seen.map(self._like))),
            height,
            width,
            mask=mask,
            time=question.times / len(self.base.scheduler.betas),
            quantity=draws.quantity,
        )
        with self.attention.running(current):
            return self.base.answer(question)

    def _like(self, features: Tensor) -> Tensor:
        """In the projector's type, which autocast narrows again where it may."""
        like = next(self.projector.parameters())
        return features.to(like.device, like.dtype)
