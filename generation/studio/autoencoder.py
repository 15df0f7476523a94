"""Pictures to 16 x 16 latents and back: a fixed linear encoder, fitted once, and a learned decoder."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class Encoded:
    """`latents` (b, c, h/8, w/8), about unit variance over all channels."""

    latents: Tensor


@dataclass
class Decoded:
    """`sample` (b, 3, h, w) in about -1..1."""

    sample: Tensor


class ResidualConv(nn.Module):
    """x + conv(silu(conv(norm(x)))), all of one width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.conv2(F.silu(self.conv1(F.silu(self.norm(x)))))
        return x + change


class StudioAutoencoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Principal components of 8 x 8 x 3 patches in, a small pixel-shuffle decoder out.

    `encode(x).latents` takes x (b, 3, h, w) in -1..1, h and w multiples of 8. A component of standard deviation s is
    divided by s ** 0.5 and an overall factor: coarse components stay louder, so noise eats detail first.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self, latent_channels: int = 16, widths: tuple[int, int, int] = (128, 64, 32), blocks: int = 2
    ) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(3, latent_channels, 8, stride=8)
        self.encoder.requires_grad_(False)
        self.linear_decoder = nn.ConvTranspose2d(latent_channels, 3, 8, stride=8)
        self.linear_decoder.requires_grad_(False)
        wide, middle, narrow = widths
        self.enter = nn.Conv2d(latent_channels, wide, 3, padding=1)
        self.low = nn.Sequential(*(ResidualConv(wide) for _ in range(blocks)))
        self.to_middle = nn.Conv2d(wide, middle * 4, 3, padding=1)
        self.mid = nn.Sequential(*(ResidualConv(middle) for _ in range(blocks)))
        self.to_narrow = nn.Conv2d(middle, narrow * 4, 3, padding=1)
        self.high = ResidualConv(narrow)
        self.leave = nn.Conv2d(narrow, 12, 3, padding=1)
        nn.init.zeros_(self.leave.weight)

    @torch.no_grad()
    def fit_components(self, pictures: npt.NDArray[np.uint8]) -> None:
        """Sets the linear encoder and its inverse from pictures (n, h, w, 3) uint8."""
        mean, covariance = _moments(pictures)
        variance, vectors = np.linalg.eigh(covariance)
        kept = slice(None, -self.config["latent_channels"] - 1, -1)
        spread, directions = np.sqrt(variance[kept]), vectors[:, kept]
        divisor = np.sqrt(spread) * np.sqrt(spread.mean())
        forward, back = directions / divisor, (directions * divisor).T
        shape = (self.config["latent_channels"], 3, 8, 8)
        _set(self.encoder.weight, forward.T.reshape(shape))
        _set(self.encoder.bias, -mean @ forward)
        _set(self.linear_decoder.weight, back.reshape(shape))
        _set(self.linear_decoder.bias, mean.reshape(3, 64).mean(1))

    def encode(self, x: Tensor) -> Encoded:
        return Encoded(self.encoder(x))

    def decode(self, z: Tensor) -> Decoded:
        hidden = self.low(self.enter(z))
        hidden = self.mid(F.pixel_shuffle(self.to_middle(hidden), 2))
        hidden = self.high(F.pixel_shuffle(self.to_narrow(hidden), 2))
        return Decoded(self.linear_decoder(z) + F.pixel_shuffle(self.leave(hidden), 2))


def _set(parameter: Tensor | None, values: npt.NDArray[np.float64]) -> None:
    if parameter is None:
        raise ValueError("the encoder has no bias")
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def _moments(
    pictures: npt.NDArray[np.uint8], chunk: int = 50
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean (192,) and covariance (192, 192) of all patches, a few pictures at a time."""
    total, products, count = np.zeros(192), np.zeros((192, 192)), 0
    for start in range(0, len(pictures), chunk):
        patches = _patches(pictures[start : start + chunk])
        total += patches.sum(0)
        products += patches.T @ patches
        count += len(patches)
    mean = total / count
    return mean, products / count - np.outer(mean, mean)


def _patches(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(n, h, w, 3) uint8 -> (n * h/8 * w/8, 192) in -1..1, each patch channel first."""
    n, h, w, _ = pictures.shape
    split = pictures.reshape(n, h // 8, 8, w // 8, 8, 3).transpose(0, 1, 3, 5, 2, 4)
    return np.asarray(split.reshape(-1, 192), np.float64) / 127.5 - 1


def to_tensor(pictures: npt.NDArray[np.uint8]) -> Tensor:
    """(n, h, w, 3) uint8 -> (n, 3, h, w) float32 in -1..1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pictures(samples: Tensor) -> npt.NDArray[np.uint8]:
    """(n, 3, h, w) in -1..1 -> (n, h, w, 3) uint8, clipped."""
    scaled = (samples.detach().float().clamp(-1, 1) + 1) * 127.5
    return scaled.round().permute(0, 2, 3, 1).to(torch.uint8).numpy()
