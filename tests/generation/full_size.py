"""The true sizes of SD1.5 and SDXL without their weights: on the meta device work can be counted, not done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from generation.attention import attach
from generation.conditions import Condition, Vision
from generation.denoising import Denoiser, Denoising, Subject
from generation.prefix import StepMemory
from generation.sampling import published_sampler
from generation.savings import savings_of
from generation.spec import Effort, MaskDials
from tests.generation.reference_path import Forward, ReferencePath

STEPS, STOP, SCOPE = 25, 12, 0.25
TOKENS = 729  # visual ones, of the released encoder

SD15: dict[str, Any] = {
    "sample_size": 64,
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    "attention_head_dim": 8,
    "cross_attention_dim": 768,
}
SDXL: dict[str, Any] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (5, 10, 20),
    "transformer_layers_per_block": (1, 2, 10),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


@dataclass(eq=False)
class FullSize:
    """One model of true size; tensors on `device`, masks on the CPU: what a mask keeps must be known to be counted."""

    config: dict[str, Any]
    device: str = "meta"

    def __post_init__(self) -> None:
        with torch.device(self.device):
            self.unet = UNet2DConditionModel(**self.config).eval().requires_grad_(False)
            self.attention = attach(self.unet)
        self.denoiser = Denoiser(self.unet, self.attention)
        self.side: int = self.config["sample_size"]

    def condition(self) -> Condition:
        """One row of words."""
        added = None
        if "addition_embed_type" in self.config:
            added = {"text_embeds": self.empty(1, 1280), "time_ids": self.empty(1, 6)}
        return Condition(self.empty(1, 77, self.config["cross_attention_dim"]), added=added)

    def tokens(self) -> Tensor:
        """One reference."""
        return self.empty(1, TOKENS, self.config["cross_attention_dim"])

    def empty(self, *shape: int) -> Tensor:
        """Noise, where there is anything."""
        return torch.randn(shape, device=self.device)

    def denoising(self, effort: Effort = "exact", stop: int | None = STOP) -> Denoising:
        """One picture before its first step."""
        word = torch.zeros(1, 77, device=self.device)
        return Denoising(
            latent=self.empty(1, 4, self.side, self.side),
            sampler=published_sampler(STEPS),
            subjects=[Subject(word, Vision(self.tokens()))],
            text=self.condition(),
            negative=replace(self.condition(), vision=self.tokens()),
            dials=MaskDials(scope=SCOPE, stop_step=stop),
            savings=savings_of(effort),
        )

    def picture(self, effort: Effort = "exact") -> Denoising:
        """The same, whose every new mask is a known one: a tensor of its own, as new masks are."""
        d = self.denoising(effort)
        d.new_masks = lambda maps, attentions: [round_mask(self.side)]  # type: ignore[method-assign]
        return d


def round_mask(side: int) -> Tensor:
    """A disc over SCOPE of the positions, (1, 1, side/2, side/2): a subject is one thing, not scattered dots."""
    axis = torch.linspace(-1, 1, side // 2)
    distance = (axis[:, None].square() + axis.square()).flatten()
    kept = torch.zeros_like(distance)
    kept[distance.argsort()[: int(SCOPE * len(distance))]] = 1
    return kept.view(1, 1, side // 2, side // 2)


def counted(work: Callable[[], object]) -> int:
    """Floating point operations."""
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        work()
    return int(counter.get_total_flops())


def plain_flops(size: FullSize) -> int:
    """Plain classifier-free guidance with the stock UNet, keys and values of two rows made anew, STEPS steps."""
    with torch.device(size.device):
        stock = UNet2DConditionModel(**size.config).eval().requires_grad_(False)
    both = [size.condition(), size.condition()]
    added = both[0].added and {k: torch.cat([c.added[k] for c in both if c.added]) for k in both[0].added}
    text = torch.cat([c.text for c in both])
    latent = size.empty(2, 4, size.side, size.side)
    return STEPS * counted(lambda: stock(latent, 1, encoder_hidden_states=text, added_cond_kwargs=added))


@cache
def picture_flops(size: FullSize, effort: Effort) -> int:
    """One picture, step by step as `Denoiser.step` takes them (each kind of step once), under known masks."""
    d, found = size.picture(effort), {}
    kinds: list[tuple[int | bool, ...]] = []
    stood = 0
    for d.step in range(STEPS):
        fresh = d.subjects[0].mask is None or d.needs_mask
        stood = 0 if fresh else stood + 1
        kinds.append((d.step == 0, fresh, min(stood, 2), d.leaves_mask, d.is_guided))
        if kinds[-1] not in found:
            found[kinds[-1]] = counted(lambda: step(size.denoiser, d))
        if d.leaves_mask:
            d.subjects[0].mask, stood = round_mask(size.side), 0
        elif fresh:
            d.subjects[0].mask = round_mask(size.side)
    return sum(found[kind] for kind in kinds)


def step(denoiser: Denoiser, d: Denoising) -> None:
    """The forwards of one step, without taking it."""
    memory = StepMemory()
    denoiser.predictions([d], denoiser.guide([d], memory), memory)


def reference_flops(size: FullSize) -> int:
    """STEPS steps of the release's way, never frozen: each of its three forwards counted once."""
    path = ReferencePath(FullSize(size.config, size.device).unet, (size.side, size.side))
    latent, vision, mask = size.empty(1, 4, size.side, size.side), size.tokens(), size.empty(1, 1, 32, 32)
    look, seen = Forward(word=size.empty(1, 77)), Forward(vision, mask)
    asked = size.condition()
    return STEPS * (
        counted(lambda: path.forward(latent, 1, asked, look))
        + 2 * counted(lambda: path.forward(latent, 1, asked, seen))
    )
