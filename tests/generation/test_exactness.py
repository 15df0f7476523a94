"""Does everything that saves work leave the result alone? Ours against the release's way, with real numbers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from generation.attention import attach
from generation.conditions import Condition, Vision
from generation.denoising import Denoiser, Denoising, Subject
from generation.sampling import published_sampler, trailing_sampler
from generation.spec import MaskDials
from tests.generation import dummy
from tests.generation.reference_path import ReferencePath

SDXL_LIKE: dict[str, Any] = {
    "sample_size": 16,
    "block_out_channels": (16, 32),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 1,
    "attention_head_dim": (2, 4),
    "transformer_layers_per_block": (1, 2),
    "cross_attention_dim": dummy.WIDTH,
    "norm_num_groups": 8,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 24 + 6 * 8,
}


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def unet(kind: str) -> UNet2DConditionModel:
    if kind == "sd15":
        net = dummy.unet()
    else:
        torch.manual_seed(0)
        net = UNet2DConditionModel(**SDXL_LIKE).eval()
    attach(net)
    return net


def condition(kind: str, seed: int) -> Condition:
    added = {"text_embeds": noise(seed + 9, 1, 24), "time_ids": torch.tensor([[128.0, 128, 0, 0, 128, 128]])}
    text, vision = noise(seed, 1, 27, dummy.WIDTH), noise(seed + 1, 1, 16, dummy.WIDTH)
    return Condition(text, vision, added if kind == "sdxl" else None)


def word() -> Tensor:
    marks = torch.zeros(1, 27)
    marks[0, [3, 4]] = 1
    return marks


def ours(kind: str, latent: Tensor, dials: MaskDials, sampler: str = "published") -> tuple[Tensor, Denoising]:
    net, seen = unet(kind), condition(kind, 1)
    make = {"published": published_sampler, "trailing": trailing_sampler}[sampler]
    d = Denoising(
        latent=latent,
        sampler=make(10),
        subjects=[Subject(word(), Vision(seen.vision))],  # type: ignore[arg-type]
        text=Condition(seen.text, added=seen.added),
        negative=condition(kind, 5),
        dials=dials,
    )
    denoiser = Denoiser(net, attach_again(net))
    while not d.done:
        denoiser.step(d)
    return d.latent, d


def attach_again(net: UNet2DConditionModel) -> Any:
    return next(p.owner for p in net.attn_processors.values() if hasattr(p, "owner"))


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
@pytest.mark.parametrize("stop", [4, None])
@pytest.mark.parametrize("size", [(16, 16), (15, 18)])
def test_exact_is_the_releases_way(kind: str, stop: int | None, size: tuple[int, int]) -> None:
    dials, latent = MaskDials(stop_step=stop), noise(3, 1, 4, *size)
    found, d = ours(kind, latent, dials)
    path = ReferencePath(unet(kind), size)
    wanted = path.draw(
        latent, published_sampler(10), word(), condition(kind, 1), condition(kind, 5), dials=dials, scale=3.5
    )
    assert 0 < float((d.masks[-1] > 0).float().mean()) < 0.5
    assert float((found - wanted).abs().max() / wanted.abs().max()) <= 1e-4


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_the_shared_prefix_is_run_once_for_all_branches(kind: str) -> None:
    net = unet(kind)
    denoiser = Denoiser(net, attach_again(net))
    seen = condition(kind, 1)
    d = Denoising(
        latent=noise(3, 1, 4, 16, 16),
        sampler=published_sampler(4),
        subjects=[Subject(word(), Vision(seen.vision))],  # type: ignore[arg-type]
        text=Condition(seen.text, added=seen.added),
        negative=condition(kind, 5),
        dials=MaskDials(stop_step=3),
    )
    denoiser.step(d)
    assert denoiser.prefix.modules is not None
    first = next(n for n, m in net.named_modules() if n.endswith(".attn2"))
    assert net.get_submodule(first.replace("attn2", "attn1")) in denoiser.prefix.modules
    rows = {"attn1": 0, "attn2": 0}

    def count(name: str) -> Any:
        def hook(_: Any, args: tuple[Tensor, ...], kwargs: dict[str, Tensor]) -> None:
            rows[name] += len(args[0] if args else kwargs["hidden_states"])

        return hook

    before = net.get_submodule(first.replace("attn2", "attn1.to_q"))
    net.get_submodule(first).register_forward_pre_hook(count("attn2"), with_kwargs=True)
    before.register_forward_pre_hook(count("attn1"), with_kwargs=True)
    denoiser.step(d)
    assert rows == {"attn1": 1 if kind == "sd15" else 2, "attn2": 3}, "pooled words differ between prompt and negative"
    assert not [m for m in denoiser.prefix.modules if "forward" in m.__dict__], "no forward stays replaced"
