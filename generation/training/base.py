"""The frozen half of training: a ready-made model that turns pairs into what the loss compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn

from generation.attention import Condition
from generation.encoders import TextEncoder, VisualEncoder
from generation.projector import VisualFeatures


class UnsupportedTarget(ValueError):
    """The base predicts something the loss does not know; the message names it."""


@dataclass(frozen=True)
class Question:
    """What the UNet is asked: noisy latents (b, c, h, w) at time steps (b,), and the text condition of each row."""

    noisy: Tensor
    times: Tensor
    text: Condition

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the latents."""
        return self.noisy.shape[-2], self.noisy.shape[-1]


class Base(nn.Module):
    """UNet, autoencoder, encoders and noise schedule of one model; nothing in here is ever trained.

    scheduler: any diffusers scheduler with `add_noise`; its `prediction_type` says what the UNet answers.
    mask_layers: as in `generation.profiles.Profile`.
    """

    def __init__(
        self,
        unet: UNet2DConditionModel,
        autoencoder: Any,
        text_encoder: TextEncoder,
        visual_encoder: VisualEncoder,
        scheduler: Any,
        *,
        mask_layers: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.unet, self.autoencoder = unet.requires_grad_(False), autoencoder.requires_grad_(False)
        self.text_encoder, self.visual_encoder = text_encoder, visual_encoder
        self.scheduler, self.mask_layers = scheduler, mask_layers
        self._blank: VisualFeatures | None = None
        if scheduler.config.prediction_type not in ("epsilon", "v_prediction"):
            raise UnsupportedTarget(
                f"the base predicts “{scheduler.config.prediction_type}”: use one that predicts epsilon or v_prediction"
            )

    @property
    def device(self) -> torch.device:
        """Where the UNet is."""
        device: torch.device = self.unet.device
        return device

    @torch.no_grad()
    def latents(self, pictures: Tensor, encoding: Tensor) -> Tensor:
        """(b, 3, h, w) in [-1, 1] -> (b, c, h/f, w/f) as the UNet knows them; float32, whatever the precision.

        encoding: standard normal noise of the result's shape, for autoencoders that give a distribution.
        """
        with torch.autocast(self.device.type, enabled=False):
            pictures = pictures.to(self.device, self.autoencoder.dtype)
            encoded = self.autoencoder.encode(pictures)
        if hasattr(encoded, "latent_dist"):
            spread = encoded.latent_dist
            latents: Tensor = spread.mean + spread.std * encoding.to(spread.mean)
        else:
            latents = encoded.latents
        return latents.float() * getattr(self.autoencoder.config, "scaling_factor", 1.0)

    @torch.no_grad()
    def read(self, captions: Sequence[str], sizes: Tensor) -> Condition:
        """The text condition of b captions; sizes (b, 6) as `pairs.size_ids` gives them."""
        features = self.text_encoder.encode(captions)
        if features.pooled is None:
            return Condition(features.tokens)
        return Condition(
            features.tokens, added={"text_embeds": features.pooled, "time_ids": sizes.to(features.pooled.device)}
        )

    @torch.no_grad()
    def see(self, references: Sequence[Image.Image], kept: Tensor) -> VisualFeatures:
        """Features of b references; where kept (b,) is 0, those of a blank one."""
        if self._blank is None:
            self._blank = self.visual_encoder.blank()
        seen, blank = self.visual_encoder.encode(references), self._blank
        rows = kept.bool()

        def chosen(own: Tensor, none: Tensor) -> Tensor:
            return torch.where(rows.to(own.device)[:, None, None], own, none.to(own))

        local = None if seen.local is None or blank.local is None else chosen(seen.local, blank.local)
        shallow = tuple(chosen(own, none) for own, none in zip(seen.shallow, blank.shallow, strict=True))
        return VisualFeatures(chosen(seen.deep, blank.deep), local, shallow)

    def noised(self, latents: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        """Noisy latents, and what the UNet should answer to them: the noise, or the velocity.

        v = sqrt(a) noise - sqrt(1 - a) x (Salimans & Ho 2022, arXiv:2202.00512).
        """
        noisy: Tensor = self.scheduler.add_noise(latents, noise, times)
        if self.scheduler.config.prediction_type == "epsilon":
            return noisy, noise
        velocity: Tensor = self.scheduler.get_velocity(latents, noise, times)
        return noisy, velocity

    def answer(self, question: Question) -> Tensor:
        """The UNet's prediction (b, c, h, w); what acts in its cross-attentions is the running pass's business."""
        text = question.text
        out = self.unet(question.noisy, question.times, encoder_hidden_states=text.text, added_cond_kwargs=text.added)
        sample: Tensor = out.sample
        return sample
