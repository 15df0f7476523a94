"""What stays constant over a request's steps: its words, its references, and what each layer makes of them, made once.

Requests share a batch by joining their conditions; a joined one reuses what its parts made, so that keys and values
are projected once a request however the batch changes around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import Tensor

from generation.host import constant

KeyValue = tuple[Tensor, Tensor]  # each (b, heads, n, d)


def split_heads(attn: Attention, x: Tensor) -> Tensor:
    """(b, n, heads * d) -> (b, heads, n, d)."""
    return x.view(*x.shape[:2], attn.heads, -1).transpose(1, 2)


@dataclass
class Vision:
    """Projected visual tokens (b, n, c) with each layer's K_i, V_i of them.

    lengths: how many of the n tokens of each row are real; the rest is padding of a joined batch. Empty: all are.
    """

    tokens: Tensor
    lengths: tuple[int, ...] = ()
    parts: tuple[Vision, ...] = ()
    _kv: dict[int, KeyValue] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Without lengths every token is real."""
        if not self.lengths:
            self.lengths = (self.tokens.shape[1],) * len(self.tokens)

    @property
    def padding(self) -> Tensor | None:
        """(b, n), true where a token is only padding; None where no row has any."""
        n = self.tokens.shape[1]
        if min(self.lengths) == n:
            return None
        lengths = constant(self.lengths, self.tokens.device, torch.long)
        return torch.arange(n, device=self.tokens.device) >= lengths[:, None]

    def kv(self, attn: Attention) -> KeyValue:
        """The layer's K_i, V_i."""
        if id(attn) not in self._kv:
            self._kv[id(attn)] = self._joined(attn) if self.parts else self._projected(attn)
        return self._kv[id(attn)]

    def _projected(self, attn: Attention) -> KeyValue:
        k, v = attn.to_k_vision(self.tokens), attn.to_v_vision(self.tokens)
        return split_heads(attn, k), split_heads(attn, v)

    def _joined(self, attn: Attention) -> KeyValue:
        pairs, n = [part.kv(attn) for part in self.parts], self.tokens.shape[1]
        key, value = (torch.cat([_padded(pair[i], 2, n) for pair in pairs]) for i in (0, 1))
        return key, value


def join_visions(visions: Sequence[Vision]) -> Vision:
    """Several references as one batch, padded to the most tokens."""
    if len(visions) == 1:
        return visions[0]
    n = max(v.tokens.shape[1] for v in visions)
    tokens = torch.cat([_padded(v.tokens, 1, n) for v in visions])
    lengths = tuple(length for v in visions for length in v.lengths)
    return Vision(tokens, lengths, tuple(visions))


def _padded(x: Tensor, dim: int, length: int) -> Tensor:
    missing = length - x.shape[dim]
    if missing == 0:
        return x
    return F.pad(x, (0, 0) * (x.dim() - dim - 1) + (0, missing))


@dataclass
class Condition:
    """Words, and optionally one reference that acts with them.

    text (b, n_t, c_t); vision (b, n_i, c) projected visual tokens or None; added: pooled vector and picture size
    for UNets that want them (SDXL). shared: the visual tokens as other conditions use them, with keys made before.
    """

    text: Tensor
    vision: Tensor | None = None
    added: dict[str, Tensor] | None = None
    parts: tuple[Condition, ...] = field(default=(), repr=False)
    shared: Vision | None = field(default=None, repr=False)
    _text_kv: dict[int, KeyValue] = field(default_factory=dict, repr=False)

    @property
    def seen(self) -> Vision | None:
        """The visual tokens with their keys and values."""
        if self.shared is None and self.vision is not None:
            seen = [part.seen for part in self.parts]
            self.shared = join_visions([v for v in seen if v is not None]) if seen else Vision(self.vision)
        return self.shared

    def text_kv(self, attn: Attention) -> KeyValue:
        """The layer's K_t, V_t."""
        if id(attn) not in self._text_kv:
            self._text_kv[id(attn)] = self._joined(attn) if self.parts else self._projected(attn)
        return self._text_kv[id(attn)]

    def _projected(self, attn: Attention) -> KeyValue:
        return split_heads(attn, attn.to_k(self.text)), split_heads(attn, attn.to_v(self.text))

    def _joined(self, attn: Attention) -> KeyValue:
        pairs = [part.text_kv(attn) for part in self.parts]
        return torch.cat([k for k, _ in pairs]), torch.cat([v for _, v in pairs])


def join(conditions: Sequence[Condition]) -> Condition:
    """Conditions of equal kind and token counts as one batch."""
    first = conditions[0]
    if len(conditions) == 1:
        return first
    vision = None if first.vision is None else torch.cat([c.vision for c in conditions if c.vision is not None])
    added = None
    if first.added is not None:
        added = {k: torch.cat([c.added[k] for c in conditions if c.added is not None]) for k in first.added}
    return Condition(torch.cat([c.text for c in conditions]), vision, added, tuple(conditions))
