"""The ways to draw a picture that `./run bench step` sets side by side, on one UNet's weights: forwards, and how many.

plain guidance         diffusers' UNet and processors: the words and the negative words as a batch of two
IP-Adapter             the same with an adapter of the published shape (4 tokens), loaded by diffusers' own loader
released               RealCustom as released: three forwards a step, of which the first is left out once frozen
ours, exact and fast   this implementation

Weights are random, which work and time don't depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from generation.attention import attach
from generation.spec import Effort
from tests.generation.full_size import SD15, STEPS, STOP, FullSize, round_mask, step
from tests.generation.reference_path import Forward, ReferencePath

EFFORTS: Final[tuple[Effort, Effort]] = ("exact", "fast")
ADAPTER_TOKENS: Final = 4
ADAPTER_WIDTHS: Final = {768: 1024, 2048: 1280}  # of the image embedding, by the width of the words
NARROW: Final = SD15 | {
    "block_out_channels": (32, 64),
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "layers_per_block": 1,
    "attention_head_dim": 4,
    "cross_attention_dim": 32,
}

Forwards = dict[str, Callable[[], object]]
Recipes = dict[str, dict[str, int]]  # way -> how often a picture runs each forward


@contextmanager
def made_as(dtype: torch.dtype) -> Iterator[None]:
    """New tensors are of `dtype`."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class Paths:
    """One model, and every forward of every way by name. The first of each of ours makes what the later ones keep."""

    def __init__(self, config: dict[str, Any], device: str, dtype: torch.dtype = torch.float32) -> None:
        with made_as(dtype):
            self.size = FullSize(config, device)
            self.mask = round_mask(self.size.side).to("cpu" if device == "meta" else device, torch.float32)
            self.path = ReferencePath(self._twin(visual=True), (self.size.side, self.size.side))
            self.plain, self.adapter = self._twin(), self._twin()
            load_adapter(self.adapter)
            self.forwards = self._forwards()

    def _twin(self, *, visual: bool = False) -> UNet2DConditionModel:
        """The same weights under processors of their own."""
        with torch.device("meta"):
            twin = UNet2DConditionModel(**self.size.config)
            if visual:
                attach(twin)
        own = self.size.unet.state_dict()
        twin.load_state_dict({name: own[name] for name in twin.state_dict()}, assign=True)
        return twin.eval().requires_grad_(False)

    def _forwards(self) -> Forwards:
        latent, asked = self.size.empty(1, 4, self.size.side, self.size.side), self.size.condition()
        look = Forward(word=self.size.empty(1, 77))
        seen = Forward(self.size.tokens(), self.mask.to(self.size.device, latent.dtype))
        both, text = torch.cat([latent, latent]), torch.cat([asked.text, asked.text])
        added = {name: torch.cat([x, x]) for name, x in (asked.added or {}).items()}
        adapted = added | {"image_embeds": [self.size.empty(2, 1, _adapter_width(self.adapter))]}
        found: Forwards = {
            "plain": lambda: self.plain(both, 500, encoder_hidden_states=text, added_cond_kwargs=added),
            "adapter": lambda: self.adapter(both, 500, encoder_hidden_states=text, added_cond_kwargs=adapted),
            "released: guidance": lambda: self._released(latent, asked, look),
            "released: other two": lambda: [self._released(latent, asked, seen) for _ in range(2)],
        }
        for effort in EFFORTS:
            found |= {_name(effort, kind): self._step_of(effort, kind) for kind in dict.fromkeys(kinds(effort))}
        return found

    def _released(self, latent: Tensor, condition: Any, current: Forward) -> Tensor:
        current.maps.clear()
        return self.path.forward(latent, 500, condition, current)

    def _step_of(self, effort: Effort, kind: Kind) -> Callable[[], object]:
        """On a picture of its own, as far as that step; where a mask stands, it stood in the step before."""
        d, place = self.size.picture(effort), kinds(effort).index(kind)
        d.new_masks = lambda maps, attentions: [self.mask.clone()]  # type: ignore[method-assign]  # noqa: ARG005
        d.step = place if kind.fresh else place - 1

        def forward() -> None:
            d.subjects[0].mask = None if kind.looks else self.mask.clone() if kind.fresh else self.mask
            step(self.size.denoiser, d)
            d.step = place

        return forward


def recipes() -> Recipes:
    """Of a picture of STEPS steps, the mask frozen at STOP; the same for every model of at least 512 px."""
    found: Recipes = {
        "plain guidance": {"plain": STEPS},
        "IP-Adapter": {"adapter": STEPS},
        "released, never frozen": {"released: guidance": STEPS, "released: other two": STEPS},
        "released, frozen": {"released: guidance": STOP, "released: other two": STEPS},
    }
    for effort in EFFORTS:
        steps = kinds(effort)
        found[f"ours, {effort}"] = {_name(effort, kind): steps.count(kind) for kind in dict.fromkeys(steps)}
    return found


@dataclass(frozen=True)
class Kind:
    """What a step does. looks: asks the guidance branch; fresh: its mask is a new one, of whose positions the host
    knows only the most there can be; leaves: makes the next step's mask; guided: has a negative branch."""

    looks: bool
    fresh: bool
    leaves: bool
    guided: bool


@cache
def kinds(effort: Effort) -> list[Kind]:
    """Of each step of a picture."""
    d = FullSize(NARROW).picture(effort)
    found, fresh = [], True
    for d.step in range(STEPS):
        looks = d.needs_mask
        found.append(Kind(looks, looks or fresh, d.leaves_mask, d.is_guided))
        fresh = d.leaves_mask
        d.subjects[0].mask = d.latent[:, :1, ::2, ::2]
    return found


def _name(effort: Effort, kind: Kind) -> str:
    return f"{effort}: as step {kinds(effort).index(kind) + 1}"


def load_adapter(unet: UNet2DConditionModel) -> None:
    """An untrained IP-Adapter (Ye et al. 2023, arXiv:2308.06721) of the published shape, as diffusers loads one."""
    like = unet.conv_in.weight
    width, words = _adapter_width(unet), int(unet.config["cross_attention_dim"])

    def weights(*shape: int) -> Tensor:
        return torch.randn(shape, device=like.device, dtype=like.dtype)

    order = {f"{name}.processor": m for name, m in unet.named_modules() if name.endswith(".attn2")}
    adapter: dict[str, Tensor] = {}
    for place, name in enumerate(name for name in unet.attn_processors if name in order):
        inner = order[name].to_q.out_features
        adapter |= {f"{2 * place + 1}.to_{part}_ip.weight": weights(inner, words) for part in "kv"}
    projection = {
        "proj.weight": weights(ADAPTER_TOKENS * words, width),
        "proj.bias": weights(ADAPTER_TOKENS * words),
        "norm.weight": weights(words),
        "norm.bias": weights(words),
    }
    with torch.device(like.device):  # what `pipeline.load_ip_adapter` calls once it has read the file
        state = {"image_proj": projection, "ip_adapter": adapter}
        unet._load_ip_adapter_weights([state], low_cpu_mem_usage=False)
    unet.eval().requires_grad_(False)


def _adapter_width(unet: UNet2DConditionModel) -> int:
    return ADAPTER_WIDTHS[int(unet.config["cross_attention_dim"])]
