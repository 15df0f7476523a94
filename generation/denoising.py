"""Adaptive mask guidance, one step at a time, for pictures that share a batch (RealCustom, section 3.3).

Each step asks the text-only branch where the words act, makes the masks of it, then lets the references act there.
A `Denoising` holds everything of its pictures and stands at its own step; a `Denoiser` holds only the model.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor

from generation.attention import AttentionPass, Condition, MapsComplete, VisualAttention
from generation.branches import Branches, asking, groups, padded_words, slices, text_condition
from generation.conditions import join
from generation.denoising_state import Denoising, NonFiniteLatent
from generation.guidance import three_term, two_term
from generation.masks import QueryKey, half_size
from generation.prefix import SharedPrefix, StepMemory
from generation.sampling import TRAIN_STEPS
from generation.self_attention import SelfAttentions
from generation.subject import Subject

__all__ = ["Denoiser", "Denoising", "Look", "NonFiniteLatent", "Subject", "join"]


@dataclass(frozen=True)
class Look:
    """What one picture's guidance branch gave: its subjects' masks, and the text-only prediction where needed."""

    masks: list[Tensor]
    text: Tensor | None = None


@dataclass(frozen=True)
class Drawn:
    """What one picture's other branches gave: its guided prediction (b, c, h, w), and the next step's masks where the
    generation branch makes them."""

    prediction: Tensor
    masks: list[Tensor] | None = None


class Denoiser:
    """A UNet with its visual attention; keeps no state between calls."""

    def __init__(self, unet: UNet2DConditionModel, attention: VisualAttention) -> None:
        self.unet = unet
        self.attention = attention
        self.prefix = SharedPrefix(unet, attention.layers)
        self.self_attentions = SelfAttentions(unet)

    @torch.inference_mode()
    def step(self, *pictures: Denoising) -> None:
        """Advance each by one step, all in one batch where they are of one kind.

        Raises ValueError when one has no step left, and the first NonFiniteLatent after all have advanced: `error`
        says which it was.
        """
        for d in pictures:
            if d.done:
                raise ValueError(f"all {d.steps} steps are done")
        for group in groups(pictures):
            memory = StepMemory()
            looks = self.guide(group, memory)
            shown = self.predictions(group, looks, memory)
            for d, look, drawn in zip(group, looks, shown, strict=True):
                d.advance(look.masks, drawn.prediction, drawn.masks)
        for d in pictures:
            if d.error is not None:
                raise d.error

    def guide(self, group: Sequence[Denoising], memory: StepMemory) -> list[Look]:
        """Masks, fresh or kept, and text-only predictions of pictures of one kind."""
        looks = {id(d): Look([s.mask for s in d.subjects if s.mask is not None]) for d in group}
        curious = asking(group)
        if curious:
            looks |= {id(d): look for d, look in zip(curious, self._looks(curious, memory), strict=True)}
        return [looks[id(d)] for d in group]

    def _looks(self, curious: Sequence[Denoising], memory: StepMemory) -> list[Look]:
        """Of pictures of one kind, in one forward."""
        latent, first = torch.cat([d.latent for d in curious]), curious[0]
        current = self._pass(latent, _timesteps(curious), text_condition(curious))
        if any(d.needs_mask for d in curious):
            current.word = padded_words(curious)
        current.wanted_maps = None if first.needs_text else first.last_layer or len(self.attention.layers)
        kinds: list[Hashable] = [(id(d), i, 0) for d in curious for i in range(d.rows)]
        height, width = half_size(*first.latent.shape[-2:])
        refining = any(d.dials.refine and d.needs_mask for d in curious)
        with self.self_attentions.kept(height * width if refining else 0) as attentions:
            text = self._look(latent, _timesteps(curious), current, kinds, memory)
        return [
            _look_of(d, rows, current.maps, attentions, text) for d, rows in zip(curious, slices(curious), strict=True)
        ]

    def predictions(self, group: Sequence[Denoising], looks: Sequence[Look], memory: StepMemory) -> list[Drawn]:
        """What pictures of one kind show in this step, from one forward."""
        branches = Branches(group, [look.masks for look in looks])
        latent, times = branches.latent, _timesteps(branches.rows)
        current = self._pass(latent, times, branches.condition)
        current.influence = branches.influence
        current.count_tokens = any(d.word_shares is not None for d in group)
        if any(d.leaves_mask for d in group):
            words = padded_words(group)
            current.word = F.pad(words, (0, 0, 0, 0, 0, len(latent) - len(words)))  # nobody reads the negative rows'
        out = self._forward(latent, times, current, branches.kinds, memory)
        branches.count(current)
        return [
            Drawn(
                _guided(d, out[rows], out[branches.negative[id(d)]] if d.is_guided else None, look.text),
                _own_masks(d, rows, current.maps) if d.leaves_mask else None,
            )
            for d, rows, look in zip(group, branches.generated, looks, strict=True)
        ]

    def predict(
        self,
        latent: Tensor,
        timestep: int,
        condition: Condition,
        *,
        mask: Tensor | None = None,
        quantity: float = 1.0,
    ) -> Tensor:
        """The model's prediction, (b, c, h, w) float32; `mask` None lets the reference act everywhere."""
        times = torch.full((len(latent),), timestep, device=latent.device)
        current = self._pass(latent, times, condition, mask, quantity)
        return self._forward(latent, times, current, range(len(latent)), StepMemory())

    def look(
        self, latent: Tensor, timestep: int, text: Condition, word: Tensor, *, prediction: bool = True
    ) -> tuple[Tensor | None, list[Tensor]]:
        """The word's map of each cross-attention, (b, h, w) in order of execution, and the prediction.

        Without `prediction` the forward ends at the last map and None is returned in its place.
        """
        times = torch.full((len(latent),), timestep, device=latent.device)
        current = self._pass(latent, times, text)
        current.word = word
        current.wanted_maps = None if prediction else len(self.attention.layers)
        return self._look(latent, times, current, range(len(latent)), StepMemory()), current.maps

    def _look(
        self, latent: Tensor, times: Tensor, current: AttentionPass, kinds: Sequence[Hashable], memory: StepMemory
    ) -> Tensor | None:
        try:
            return self._forward(latent, times, current, kinds, memory)
        except MapsComplete:
            return None

    def _pass(
        self, latent: Tensor, times: Tensor, condition: Condition, mask: Tensor | None = None, quantity: float = 1.0
    ) -> AttentionPass:
        h, w = latent.shape[-2:]
        return AttentionPass(condition, h, w, mask, times / TRAIN_STEPS, quantity)

    def _forward(
        self, latent: Tensor, times: Tensor, current: AttentionPass, kinds: Sequence[Hashable], memory: StepMemory
    ) -> Tensor:
        condition = current.condition
        with self.attention.running(current), self.prefix.sharing(kinds, memory):
            out = self.unet(
                latent.to(self.unet.dtype),
                times,
                encoder_hidden_states=condition.text,
                added_cond_kwargs=condition.added,
            )
        prediction: Tensor = out.sample.float()
        return prediction


def _timesteps(pictures: Sequence[Denoising]) -> Tensor:
    """One a row."""
    return torch.cat([d.times[d.step].expand(d.rows) for d in pictures])


def _look_of(
    d: Denoising, rows: slice, maps: Sequence[Tensor], attentions: Sequence[QueryKey], text: Tensor | None
) -> Look:
    own = None if text is None else text[rows]
    if not d.needs_mask:
        return Look([s.mask for s in d.subjects if s.mask is not None], own)
    pairs = [(query[rows], key[rows]) for query, key in attentions]
    return Look(_own_masks(d, rows, maps, pairs), own)


def _own_masks(d: Denoising, rows: slice, maps: Sequence[Tensor], attentions: Sequence[QueryKey] = ()) -> list[Tensor]:
    words = d.words.shape[1]
    return d.new_masks([m[rows, :words] for m in maps], attentions)


def _guided(d: Denoising, generated: Tensor, negative: Tensor | None, text: Tensor | None) -> Tensor:
    if negative is None:
        return generated
    if text is None:
        return two_term(negative, generated, d.scale)
    return three_term(negative, text, generated, d.scale, d.image_scale)
