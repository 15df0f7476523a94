"""The kind's word must attend where the product is: a small extra loss on the cross-attention maps.

RealCustom makes its guidance mask of these maps. A large model's words localise by themselves; in one this small the
maps of slender products (bottle, lamp, chair) strayed to the scene until they were told.
"""

from dataclasses import dataclass, field

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention, AttnProcessor
from torch import Tensor
from torch.nn import functional as F


@dataclass
class WordMaps:
    """`word` (b, n): 1 at the word's tokens, or None to watch nothing; `maps` then gets (b, positions) a layer."""

    word: Tensor | None = None
    maps: list[Tensor] = field(default_factory=list)


class WatchingAttnProcessor:
    """Plain cross-attention that keeps the word's share of every position."""

    def __init__(self, seen: WordMaps) -> None:
        self.seen = seen

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """hidden_states (b, hw, c) -> the same shape."""
        text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            attn.head_to_batch_dim(t) for t in (attn.to_q(hidden_states), attn.to_k(text), attn.to_v(text))
        )
        shares = attn.get_attention_scores(query, key, attention_mask)  # (b * heads, hw, n)
        if self.seen.word is not None:
            mean = shares.unflatten(0, (-1, attn.heads)).mean(1).float()
            self.seen.maps.append(torch.einsum("bpn,bn->bp", mean, self.seen.word))
        out: Tensor = attn.to_out[1](attn.to_out[0](attn.batch_to_head_dim(shares @ value)))
        return out


def watch(unet: UNet2DConditionModel) -> WordMaps:
    """Gives every attention a plain processor, and every cross-attention one that watches.

    Over 64 positions the fused CPU kernel's backward costs more than plain products: a fifth of a training step.
    """
    seen = WordMaps()
    names = unet.attn_processors
    unet.set_attn_processor(
        {name: WatchingAttnProcessor(seen) if ".attn2." in name else AttnProcessor() for name in names}
    )
    return seen


def localisation_loss(maps: list[Tensor], subject: Tensor, named: Tensor) -> Tensor:
    """Mean over layers of the cross-entropy between where the subject is and where its word is looked at.

    maps (b, h * w) a layer, square; subject (b, 1, H, W) coverage; named (b,): 1 for rows whose caption has the word.
    """
    losses = []
    for share in maps:
        side = int(share.shape[1] ** 0.5)
        wanted = F.adaptive_avg_pool2d(subject, side).flatten(1)
        wanted = wanted / wanted.sum(1, keepdim=True).clamp_min(1e-6)
        looked = share / share.sum(1, keepdim=True).clamp_min(1e-6)
        losses.append(-(wanted * (looked + 1e-6).log()).sum(1))
    rows = torch.stack(losses).mean(0)
    return (rows * named).sum() / named.sum().clamp_min(1)
