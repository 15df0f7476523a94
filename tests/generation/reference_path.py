"""The method as the release computes it, kept to measure ours against: nothing shared, nothing kept, nothing skipped.

Three forwards a step; every layer of each materialises the probabilities of all words for all heads; keys and values
of words and reference are projected anew in each; the mask is never frozen unless `stop` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor

from generation import masks
from generation.conditions import Condition
from generation.guidance import two_term
from generation.sampling import Sampler
from generation.spec import MaskDials


@dataclass
class Forward:
    """What one forward reads and leaves."""

    vision: Tensor | None = None
    mask: Tensor | None = None
    word: Tensor | None = None
    maps: list[Tensor] = field(default_factory=list)


class ReferenceProcessor:
    """One cross-attention; `current` is shared by all of a UNet."""

    def __init__(self, path: ReferencePath) -> None:
        self.path = path

    def __call__(
        self, attn: Attention, hidden_states: Tensor, encoder_hidden_states: Tensor, attention_mask: None = None
    ) -> Tensor:
        assert attention_mask is None
        current = self.path.current
        query = _heads(attn, attn.to_q(hidden_states))
        probabilities = _probabilities(query, _heads(attn, attn.to_k(encoder_hidden_states)))
        if current.word is not None:
            column = (probabilities * current.word[:, None, None]).sum(-1).mean(1)
            current.maps.append(column.view(-1, *self.path.size(column.shape[1])))
        out = probabilities @ _heads(attn, attn.to_v(encoder_hidden_states))
        if current.vision is not None and current.mask is not None:
            seen = _probabilities(query, _heads(attn, attn.to_k_vision(current.vision)))
            seen = seen @ _heads(attn, attn.to_v_vision(current.vision))
            resized = masks.resize(current.mask, self.path.size(out.shape[2]))
            out = out + seen * resized.flatten(2).transpose(1, 2)[:, None]
        projected: Tensor = attn.to_out[1](attn.to_out[0](out.transpose(1, 2).flatten(2)))
        return projected


def _heads(attn: Attention, x: Tensor) -> Tensor:
    return x.view(*x.shape[:2], attn.heads, -1).transpose(1, 2)


def _probabilities(query: Tensor, key: Tensor) -> Tensor:
    scores: Tensor = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    return scores.softmax(-1)


class ReferencePath:
    """A UNet whose visual weights are attached already."""

    def __init__(self, unet: UNet2DConditionModel, side: tuple[int, int]) -> None:
        self.unet, self.side, self.current = unet, side, Forward()
        processors = dict(unet.attn_processors)
        processors |= {name: ReferenceProcessor(self) for name in processors if ".attn2." in name}
        unet.set_attn_processor(processors)

    def size(self, positions: int) -> tuple[int, int]:
        h, w = self.side
        while h * w > positions:
            h, w = (h + 1) // 2, (w + 1) // 2
        return h, w

    def forward(self, latent: Tensor, timestep: int, condition: Condition, current: Forward) -> Tensor:
        """One prediction."""
        self.current = current
        out = self.unet(latent, timestep, encoder_hidden_states=condition.text, added_cond_kwargs=condition.added)
        prediction: Tensor = out.sample
        return prediction

    @torch.inference_mode()
    def draw(
        self,
        latent: Tensor,
        sampler: Sampler,
        word: Tensor,
        generation: Condition,
        negative: Condition,
        *,
        dials: MaskDials,
        scale: float,
    ) -> Tensor:
        """The last latent."""
        mask = None
        for step, timestep in enumerate(sampler.timesteps):
            if mask is None or dials.stop_step is None or step < dials.stop_step:
                look = Forward(word=word)
                self.forward(latent, timestep, generation, look)
                mask = masks.guidance_mask(look.maps, masks.half_size(*latent.shape[-2:]), dials)
            seen = self.forward(latent, timestep, generation, Forward(generation.vision, mask))
            other = self.forward(latent, timestep, negative, Forward(negative.vision, mask))
            latent = sampler.step(step, two_term(other, seen, scale), latent)
        return latent
