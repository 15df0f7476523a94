"""Adaptive mask guidance, one step at a time (RealCustom, section 3.3).

Each step asks the text-only branch where the word acts, makes the mask of it, then lets the reference act there.
A `Denoising` holds everything of one batch of requests; a `Denoiser` holds only the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from generation.attention import AttentionPass, Condition, MapsComplete, VisualAttention
from generation.guidance import three_term, two_term
from generation.masks import guidance_mask, half_size
from generation.sampling import TRAIN_STEPS, Sampler
from generation.spec import Guidance, MaskDials


class NonFiniteLatent(ArithmeticError):
    """The latent holds NaN or infinity; the message names the step. Usually half precision overflowed."""

    def __init__(self, step: int, steps: int) -> None:
        super().__init__(
            f"the latent is not finite after step {step} of {steps}: draw in a wider dtype or with less guidance"
        )
        self.step = step


@dataclass
class Denoising:
    """b pictures on their way, all at the same step.

    latent (b, c, h, w) float32. word (b, n_t): 1 at the target word's tokens. text: the text-only condition of b
    rows. generation: text and vision, b rows. negative: negative text and blank vision, b rows; None turns guidance
    off. influence: multiplies the mask; 0 shuts the reference out. layers: which cross-attentions' maps make the mask,
    counted in order of execution; empty takes all. masks: one (b, 1, h/2, w/2) a step done.
    """

    latent: Tensor
    sampler: Sampler
    word: Tensor
    text: Condition
    generation: Condition
    negative: Condition | None
    dials: MaskDials = field(default_factory=MaskDials)
    guidance: Guidance = "release"
    scale: float = 3.5
    image_scale: float = 12.5
    quantity: float = 1.0
    influence: float = 1.0
    layers: tuple[int, ...] = ()
    step: int = 0
    mask: Tensor | None = None
    masks: list[Tensor] = field(default_factory=list)
    _both: Condition | None = field(default=None, repr=False)

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return len(self.sampler.timesteps)

    @property
    def done(self) -> bool:
        """Whether no step is left."""
        return self.step >= self.steps

    @property
    def needs_mask(self) -> bool:
        """Whether this step makes a new mask, or the last one is frozen."""
        stop = self.dials.stop_step
        return self.mask is None or stop is None or self.step < stop

    @property
    def both(self) -> Condition:
        """Generation and negative rows as one batch of 2b, or generation alone without guidance."""
        if self._both is None:
            rows = [self.generation] + ([self.negative] if self.negative else [])
            self._both = join(rows)
        return self._both


def join(conditions: list[Condition]) -> Condition:
    """Conditions of equal kind and token count as one batch."""
    first = conditions[0]
    if len(conditions) == 1:
        return first
    vision = None if first.vision is None else torch.cat([c.vision for c in conditions if c.vision is not None])
    added = None
    if first.added is not None:
        added = {k: torch.cat([c.added[k] for c in conditions if c.added is not None]) for k in first.added}
    return Condition(torch.cat([c.text for c in conditions]), vision, added)


class Denoiser:
    """A UNet with its visual attention; keeps no state between calls."""

    def __init__(self, unet: UNet2DConditionModel, attention: VisualAttention) -> None:
        self.unet = unet
        self.attention = attention

    @torch.inference_mode()
    def step(self, d: Denoising) -> None:
        """Advance every picture of `d` by one step. Raises NonFiniteLatent, or ValueError when nothing is left."""
        if d.done:
            raise ValueError(f"all {d.steps} steps are done")
        timestep = d.sampler.timesteps[d.step]
        mask, text = self._guide(d, timestep)
        d.mask = mask
        d.masks.append(mask)
        prediction = self._guided(d, timestep, mask * d.influence, text)
        d.latent = d.sampler.step(d.step, prediction, d.latent)
        d.step += 1
        if not torch.isfinite(d.latent).all():
            raise NonFiniteLatent(d.step, d.steps)

    def _guide(self, d: Denoising, timestep: int) -> tuple[Tensor, Tensor | None]:
        """The mask, fresh or frozen, and the text-only prediction where the guidance formula needs it."""
        keep = d.guidance == "paper"
        if d.mask is not None and not d.needs_mask:
            return d.mask, self.predict(d.latent, timestep, d.text) if keep else None
        prediction, maps = self.look(d.latent, timestep, d.text, d.word, prediction=keep)
        chosen = [maps[i] for i in d.layers] if d.layers else maps
        return guidance_mask(chosen, half_size(*d.latent.shape[-2:]), d.dials), prediction

    def _guided(self, d: Denoising, timestep: int, mask: Tensor, text: Tensor | None) -> Tensor:
        if d.negative is None:
            return self.predict(d.latent, timestep, d.both, mask=mask, quantity=d.quantity)
        other = mask if d.guidance == "release" else torch.zeros_like(mask)
        masks, latents = torch.cat([mask, other]), torch.cat([d.latent, d.latent])
        both = self.predict(latents, timestep, d.both, mask=masks, quantity=d.quantity)
        generated, negative = both.chunk(2)
        if text is None:
            return two_term(negative, generated, d.scale)
        return three_term(negative, text, generated, d.scale, d.image_scale)

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
        current = self._pass(latent, timestep, condition)
        current.mask, current.quantity = mask, quantity
        return self._forward(latent, timestep, current)

    def look(
        self, latent: Tensor, timestep: int, text: Condition, word: Tensor, *, prediction: bool = True
    ) -> tuple[Tensor | None, list[Tensor]]:
        """The word's map of each cross-attention, (b, h, w) in order of execution, and the prediction.

        Without `prediction` the forward ends at the last map and None is returned in its place.
        """
        current = self._pass(latent, timestep, text)
        current.word = word
        current.wanted_maps = None if prediction else len(self.attention.layers)
        try:
            return self._forward(latent, timestep, current), current.maps
        except MapsComplete:
            return None, current.maps

    def _pass(self, latent: Tensor, timestep: int, condition: Condition) -> AttentionPass:
        b, _, h, w = latent.shape
        time = torch.full((b,), timestep / TRAIN_STEPS, device=latent.device)
        return AttentionPass(condition, h, w, time=time)

    def _forward(self, latent: Tensor, timestep: int, current: AttentionPass) -> Tensor:
        condition = current.condition
        with self.attention.running(current):
            out = self.unet(
                latent.to(self.unet.dtype),
                timestep,
                encoder_hidden_states=condition.text,
                added_cond_kwargs=condition.added,
            )
        prediction: Tensor = out.sample.float()
        return prediction
