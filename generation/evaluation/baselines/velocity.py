"""The base's own loss and the base's own way to draw, for methods that change its words or its weights alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.guidance import two_term
from generation.sampling import trailing_sampler
from generation.studio.drawing import BATCH, GUIDANCE, STEPS


@dataclass(frozen=True)
class Asked:
    """Noisy latents (b, c, h, w) at time steps (b,), and the velocity that answers them."""

    latents: Tensor
    times: Tensor
    velocity: Tensor


def noised(scheduler: Any, latents: Tensor, exponent: float, generator: torch.Generator) -> Asked:
    """With time steps 1000 u ** exponent, u uniform."""
    noise = torch.randn(latents.shape, generator=generator)
    times = (1000 * torch.rand(len(latents), generator=generator) ** exponent).long()
    return Asked(scheduler.add_noise(latents, noise, times), times, scheduler.get_velocity(latents, noise, times))


def squared_error(unet: Any, asked: Asked, text: Tensor) -> Tensor:
    """(b,) of the velocity; text (b, n, c)."""
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        predicted = unet(asked.latents, asked.times, text).sample
    error: Tensor = predicted.float() - asked.velocity
    return error.square().mean((1, 2, 3))


@torch.no_grad()
def draw_latents(
    unet: Any, noise: Tensor, text: Tensor, empty: Tensor, *, steps: int = STEPS, guidance: float = GUIDANCE
) -> Tensor:
    """Latents (n, c, h, w) from noise by DDIM and classifier-free guidance; text and empty (n, tokens, c)."""
    drawn = []
    for start in range(0, len(noise), BATCH):
        rows = slice(start, start + BATCH)
        latent, sampler = noise[rows], trailing_sampler(steps)
        both = torch.cat([text[rows], empty[rows]])
        for index, time in enumerate(sampler.timesteps):
            given, without = unet(torch.cat([latent, latent]), time, both).sample.float().chunk(2)
            latent = sampler.step(index, two_term(without, given, guidance), latent)
        drawn.append(latent)
    return torch.cat(drawn)


@torch.no_grad()
def decode(autoencoder: Any, latents: Tensor) -> Tensor:
    """Pictures (n, 3, 8h, 8w) in -1..1."""
    parts = latents.chunk(-(-len(latents) // BATCH))
    pictures = [autoencoder.decode(rows).sample.clamp(-1, 1) for rows in parts]
    return torch.cat(pictures)
