"""Many trials drawn in batches by the shipped model, whole or with a part of the method left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from generation.attention import VisualAttention
from generation.conditions import Condition, Vision
from generation.denoising import Denoiser, Denoising, Subject
from generation.profiles import STUDIO
from generation.projector import SmallProjector, VisualFeatures
from generation.sampling import initial_latent, trailing_sampler
from generation.spec import MaskDials
from generation.studio.loading import StudioParts
from generation.studio.tokenizer import MAX_LENGTH
from generation.studio.vision_networks import StudioImageEncoder
from generation.studio.world.captions import placed_phrase, subject_phrase
from generation.studio.world.individual import Individual
from generation.studio.world.layout import PLAIN, Layout
from generation.words import word_tokens

#: As the product draws by default.
STEPS, GUIDANCE = STUDIO.steps, STUDIO.guidance_scale
BATCH = 16
#: Of a latent.
CHANNELS, SIDE = 16, 16


@dataclass(frozen=True)
class Trial:
    """One picture to draw: a held-out individual, where and how it shall stand, its reference (1, 3, 128, 128).

    `told`: the prompt tells the looks too, so that words alone can be judged.
    """

    individual: Individual
    scene: str
    reference: Tensor
    seed: int
    layout: Layout = PLAIN
    told: bool = False

    @property
    def prompt(self) -> str:
        """E.g. "a mug beside a red ball in the snow": the looks must come from the reference, unless told."""
        told = self.told
        subject = subject_phrase(
            self.individual, size=self.layout.size, colour=told, accent=told, pattern=told, emblem=told
        )
        return placed_phrase(subject, self.scene, self.layout)


@dataclass(frozen=True, kw_only=True)
class How:
    """The dials of a drawing.

    influence: multiplies the mask; 0 shuts the reference out. quantity: share of visual tokens that gets in (the
    paper's gamma_num). scored: with the scoring module; without it every token gets in as it is. A mask of scope 1 that
    is binary lets the reference act everywhere.
    """

    influence: float = 1.0
    dials: MaskDials = field(default_factory=MaskDials)
    quantity: float = 0.8
    scored: bool = True
    steps: int = STEPS
    guidance: float = GUIDANCE

    def as_json(self) -> dict[str, Any]:
        """Plain types, by name; what is not said here is the model's own."""
        mask = {name: getattr(self.dials, name) for name in ("scope", "binary", "stop_step")}
        return mask | {
            "influence": self.influence,
            "quantity": self.quantity,
            "scored": self.scored,
            "steps": self.steps,
            "guidance": self.guidance,
        }


def initial_noise(rows: Sequence[Trial]) -> Tensor:
    """(n, 16, 16, 16): every method begins a trial with the same."""
    return torch.cat([initial_latent((1, CHANNELS, SIDE, SIDE), row.seed, "cpu") for row in rows])


def text_states(parts: StudioParts, prompts: Sequence[str]) -> Tensor:
    """(n, 32, c): what the UNet reads of the prompts."""
    encoded = parts.tokenizer(
        list(prompts), padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
    )
    hidden: Tensor = parts.text_encoder(encoded.input_ids).last_hidden_state
    return hidden


def kind_words(parts: StudioParts, rows: Sequence[Trial]) -> Tensor:
    """(n, 32): 1 at the tokens of the kind."""
    marks = torch.zeros(len(rows), MAX_LENGTH)
    for place, row in enumerate(rows):
        marks[place, list(word_tokens(row.prompt, row.individual.kind, parts.tokenizer, MAX_LENGTH).indices)] = 1
    return marks


@torch.inference_mode()
def draw_as(parts: StudioParts, rows: Sequence[Trial], how: How) -> Tensor:
    """The pictures (n, 3, 128, 128) in -1..1. Raises ValueError for a release without a visual branch."""
    encoder, projector, attention = visual_branch(parts)
    denoiser, pictures = Denoiser(parts.unet, attention), []
    with scoring(attention, on=how.scored):
        for start in range(0, len(rows), BATCH):
            work = _denoising(parts, rows[start : start + BATCH], how, encoder, projector)
            while not work.done:
                denoiser.step(work)
            pictures.append(parts.autoencoder.decode(work.latent).sample.clamp(-1, 1))
    return torch.cat(pictures)


def visual_branch(parts: StudioParts) -> tuple[StudioImageEncoder, SmallProjector, VisualAttention]:
    """What a reference needs. Raises ValueError for a release without."""
    if parts.image_encoder is None or parts.projector is None or parts.attention is None:
        raise ValueError("this release has no visual branch: train the stages encoder and vision, and ship them")
    return parts.image_encoder, parts.projector, parts.attention


@contextmanager
def scoring(attention: VisualAttention, *, on: bool) -> Iterator[None]:
    """Without it, every visual token gets in with weight 1."""
    modules = [layer.visual_scoring for layer in attention.layers]
    for layer, module in zip(attention.layers, modules, strict=True):
        layer.visual_scoring = module if on else None
    try:
        yield
    finally:
        for layer, module in zip(attention.layers, modules, strict=True):
            layer.visual_scoring = module


def _denoising(
    parts: StudioParts, rows: Sequence[Trial], how: How, encoder: StudioImageEncoder, projector: SmallProjector
) -> Denoising:
    references = torch.cat([row.reference for row in rows])
    seen = projector(VisualFeatures(encoder(references)))
    blank = projector(VisualFeatures(encoder(torch.zeros_like(references))))
    return Denoising(
        initial_noise(rows),
        trailing_sampler(how.steps),
        [Subject(kind_words(parts, rows), Vision(seen), quantity=how.quantity)],
        text=Condition(text_states(parts, [row.prompt for row in rows])),
        negative=Condition(text_states(parts, [""] * len(rows)), blank),
        dials=how.dials,
        scale=how.guidance,
        influence=how.influence,
        layers=STUDIO.mask_layers,
    )
