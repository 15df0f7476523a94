"""Stage autoencoder: the encoder's components are fitted, then the decoder learns to undo them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from generation.studio.autoencoder import StudioAutoencoder
from generation.studio.batches import drawings_at, generator_at, pictures_of, validation_drawings
from generation.studio.world.render import draw_picture

#: Latents of the UNet are never exact: the decoder is trained to forgive this much noise (standard deviation).
LATENT_NOISE = 0.1
CROP = 8
FITTED_ON = 1500


def fitted_autoencoder(seed: int) -> StudioAutoencoder:
    """A fresh autoencoder whose encoder is fitted on drawn pictures."""
    autoencoder: StudioAutoencoder = StudioAutoencoder()
    autoencoder.fit_components(np.stack([draw_picture((seed << 20) + n).picture for n in range(FITTED_ON)]))
    return autoencoder


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """L1 + 2 MSE + half the L1 of horizontal and vertical gradients."""
    edges = sum(F.l1_loss(a, b) for a, b in zip(_gradients(made), _gradients(wanted), strict=True))
    return F.l1_loss(made, wanted) + 2 * F.mse_loss(made, wanted) + 0.5 * edges


def loss_at(model: StudioAutoencoder, seed: int, step: int, batch: int) -> Tensor:
    """Random crops of `CROP` x `CROP` latent cells, slightly noisy latents."""
    generator = generator_at(seed, step)
    pictures = pictures_of(drawings_at(seed, step, batch))
    top, left = (int(n) for n in torch.randint(0, 16 - CROP + 1, (2,), generator=generator))
    wanted = pictures[..., top * 8 : (top + CROP) * 8, left * 8 : (left + CROP) * 8]
    latents = model.encode(wanted).latents
    loudness = LATENT_NOISE * torch.rand(batch, 1, 1, 1, generator=generator)
    noisy = latents + loudness * torch.randn(latents.shape, generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        made = model.decode(noisy).sample
    return reconstruction_loss(made.float(), wanted)


@torch.inference_mode()
def reconstruction_psnr(model: StudioAutoencoder, count: int = 64) -> float:
    """Decibels over held-out drawings, peak 2 (pictures in -1..1)."""
    pictures = pictures_of(validation_drawings(count))
    made = model.decode(model.encode(pictures).latents).sample.clamp(-1, 1)
    return float(10 * torch.log10(4 / F.mse_loss(made, pictures)))
