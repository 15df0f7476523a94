"""Does SDXL fit in 16 GB? Every byte is counted at true size on the meta device, where tensors have no data.

What is counted: weights, and the tensors alive at once in the heaviest moment of each stage, attention by a fused
kernel. What is not: the workspaces of convolutions and what an allocator keeps in reserve, for which a fifth is left.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from generation.attention import attach
from generation.projector import HighResProjector
from tests.generation.full_size import SDXL, FullSize, step

GIGABYTE = 2**30
ROOM = 16 * GIGABYTE * 4 / 5
HALF, FULL = 2, 4  # bytes


class Alive(TorchDispatchMode):
    """The most bytes of tensors that were alive at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.most = 0, 0
        self._seen: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else (result,):
            if isinstance(tensor, Tensor):
                self._add(tensor.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return
        self._seen[key] = weakref.ref(storage, lambda _: self._gone(key, size))
        self.now += size
        self.most = max(self.most, self.now)

    def _gone(self, key: int, size: int) -> None:
        del self._seen[key]
        self.now -= size


def weights(*networks: nn.Module, each: int = HALF) -> int:
    return sum(parameter.numel() for network in networks for parameter in network.parameters()) * each


def alive(work: Callable[[], object], each: int) -> int:
    """Tensors are of float32 here; `each` is what one number takes there."""
    with torch.inference_mode(), Alive() as counted:
        work()
    return counted.most * each // FULL


def fused(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> Tensor:
    return query.new_empty(*query.shape[:-1], value.shape[-1])


@pytest.fixture(scope="module")
def counted() -> dict[str, int]:
    """Bytes by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(F, "scaled_dot_product_attention", fused)
        return _counted()


def _counted() -> dict[str, int]:
    size = FullSize(SDXL)
    with torch.device("meta"):
        size.attention = attach(size.unet, HighResProjector(2176, 2048))
        text = [CLIPTextModel(_text(768, 12)), CLIPTextModel(_text(1280, 32))]
        shape = {"num_attention_heads": 16, "patch_size": 14}
        siglip = SiglipVisionModel(
            SiglipVisionConfig(hidden_size=1152, intermediate_size=4304, num_hidden_layers=27, image_size=384, **shape)
        )
        dino = Dinov2WithRegistersModel(
            Dinov2WithRegistersConfig(hidden_size=1024, num_hidden_layers=24, image_size=518, **shape)
        )
        decoder = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
            sample_size=1024,
        ).eval()
        latent, views = torch.empty(1, 4, 128, 128), torch.empty(5, 3, 384, 384)
    picture = size.picture()
    return {
        "unet": weights(size.unet),
        "encoders": weights(*text, siglip, dino),
        "autoencoder": weights(decoder, each=FULL),
        "a step": alive(lambda: step(size.denoiser, picture), HALF),
        "encoding": alive(lambda: (siglip(views), dino(views)), HALF),
        "decoding": alive(lambda: decoder.decode(latent), FULL),
    }


def _text(width: int, layers: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
    )


def test_sdxl_fits_in_16_gigabytes_and_needs_less_where_networks_rest(counted: dict[str, int]) -> None:
    for name, size in counted.items():
        print(f"{name}: {size / GIGABYTE:.2f} GB")  # noqa: T201 - shown by pytest -s
    encoding = counted["encoders"] + counted["encoding"]
    decoding = counted["autoencoder"] + counted["decoding"]
    rested = counted["unet"] + max(counted["a step"], encoding, decoding)
    whole = counted["unet"] + counted["encoders"] + counted["autoencoder"]
    whole += max(counted["a step"], counted["encoding"], counted["decoding"])
    print(f"all there: {whole / GIGABYTE:.2f} GB, resting: {rested / GIGABYTE:.2f} GB")  # noqa: T201
    assert rested < whole < ROOM
    assert counted["unet"] > 5 * 10**9, "the true size"


def test_the_counter_counts_what_is_alive_at_once() -> None:
    def work() -> None:
        kept = torch.empty(1000, device="meta")
        for _ in range(3):
            kept = kept + 1

    assert alive(work, FULL) == 8000
