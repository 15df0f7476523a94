"""Cross-attention with two conditions, as diffusers attention processors.

    out = softmax(Q K_t' / sqrt(d)) V_t  +  sum over subjects s of M_s * softmax(Q K_s' / sqrt(d)) V_s    (RealCustom)

K_t, V_t come from the text, K_s, V_s from a subject's references; M_s is its guidance mask, one value per latent
position, resized to the layer. Nothing here is global: a forward reads what its `AttentionPass` holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import Tensor

from generation.conditions import Condition, KeyValue, split_heads
from generation.influence import Influence, Places
from generation.scoring import AdaptiveScoring, keep_best

_ALIGNMENT = 8  # head sizes of fused attention kernels are multiples of 8


class UnsupportedUNet(TypeError):
    """The UNet's cross-attention is of a kind the method was not built for; the message names layer and reason."""


class MapsComplete(Exception):
    """The last wanted map is collected; the rest of the forward is not needed."""


@dataclass
class AttentionPass:
    """One forward of the UNet over b rows: what its cross-attentions read and what they leave behind.

    height, width: of the latent. time (b,): t/T, for the scoring module.
    influence: the references that act; made of `condition.vision`, `mask` (b, 1, h, w), None for everywhere, and
    `quantity`, the share of visual tokens that gets in, where it is not given.
    word (b, n_t) or (b, s, n_t): 1 at the tokens of a word; then each layer appends the words' maps (b, h, w) or
    (b, s, h, w) to `maps`, in order of execution. wanted_maps: stop the forward once so many are there, because nobody
    needs its prediction.
    counted (e, n): how many layers let each visual token in, kept where `count_tokens`; layers: how many there were.
    """

    condition: Condition
    height: int
    width: int
    mask: Tensor | None = None
    time: Tensor | None = None
    quantity: float = 1.0
    word: Tensor | None = None
    wanted_maps: int | None = None
    influence: Influence | None = None
    count_tokens: bool = False
    maps: list[Tensor] = field(default_factory=list)
    counted: Tensor | None = None
    layers: int = 0

    def __post_init__(self) -> None:
        """The condition's own reference acts in its own rows."""
        seen = self.condition.seen
        if self.influence is None and seen is not None:
            rows = torch.arange(len(seen.tokens), device=seen.tokens.device)
            self.influence = Influence(seen, rows, self.mask, (self.quantity,) * len(rows))

    def size(self, positions: int) -> tuple[int, int]:
        """Height and width of a layer with so many positions; halves round up, as strided convolutions do."""
        h, w = self.height, self.width
        while h * w > positions:
            h, w = (h + 1) // 2, (w + 1) // 2
        if h * w != positions:
            raise UnsupportedUNet(f"{positions} positions are no halving of {self.height} x {self.width}")
        return h, w

    def collect(self, columns: Tensor) -> None:
        """Keep the words' maps (b, s, positions); raises MapsComplete when it was the last wanted one."""
        maps = columns.view(*columns.shape[:2], *self.size(columns.shape[2]))
        self.maps.append(maps[:, 0] if self.word is not None and self.word.dim() == 2 else maps)
        if len(self.maps) == self.wanted_maps:
            raise MapsComplete

    def count(self, index: Tensor, dropped: Tensor | None) -> None:
        """Remember which visual tokens got into one layer; index (e, k), `dropped` those that did not after all."""
        if not self.count_tokens or self.influence is None:
            return
        if self.counted is None:
            tokens = self.influence.vision.tokens
            self.counted = torch.zeros(tokens.shape[:2], device=tokens.device)
        entered = torch.ones_like(index, dtype=torch.float32) if dropped is None else (~dropped).float()
        self.counted.scatter_add_(1, index, entered)
        self.layers += 1


class VisualAttention:
    """The visual half of every cross-attention of one UNet. Made by `attach`; one forward at a time."""

    def __init__(self, layers: list[Attention]) -> None:
        self.layers = layers
        self.current: AttentionPass | None = None

    @contextmanager
    def running(self, attention_pass: AttentionPass) -> Iterator[AttentionPass]:
        """UNet forwards inside read this pass."""
        if self.current is not None:
            raise RuntimeError("a UNet runs one forward at a time: batch the requests instead")
        self.current = attention_pass
        try:
            yield attention_pass
        finally:
            self.current = None


class VisualAttnProcessor:
    """Processor of one cross-attention; outside a pass it is plain text attention."""

    def __init__(self, owner: VisualAttention) -> None:
        self.owner = owner

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """hidden_states (b, hw, c) -> the same shape. Text comes from the pass, so its keys are made once."""
        if attention_mask is not None:
            raise UnsupportedUNet("cross-attention masks are not part of the method")
        current = self.owner.current
        layer = _Layer(attn, attn.to_q(hidden_states), hidden_states)
        if current is None:
            text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
            out = _plain(layer, Condition(text))
        else:
            out = _text(layer, current)
            if current.influence is not None:
                out = _add_references(layer, out, current, current.influence)
        projected: Tensor = attn.to_out[1](attn.to_out[0](out))
        return projected


@dataclass(frozen=True)
class _Layer:
    """One cross-attention at work: its query and its features, both (b, hw, c)."""

    attn: Attention
    query: Tensor
    features: Tensor

    @property
    def heads(self) -> Tensor:
        return split_heads(self.attn, self.query)


def _merge(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)  # (b, n, heads * d)


def _plain(layer: _Layer, condition: Condition) -> Tensor:
    return _merge(F.scaled_dot_product_attention(layer.heads, *condition.text_kv(layer.attn)))


def _text(layer: _Layer, current: AttentionPass) -> Tensor:
    if current.word is None:
        return _plain(layer, current.condition)
    words = current.word if current.word.dim() == 3 else current.word[:, None]
    out, columns = attend_with_columns(layer.heads, *current.condition.text_kv(layer.attn), words)
    current.collect(columns.mean(dim=1))
    return _merge(out)


def attend_with_columns(query: Tensor, key: Tensor, value: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
    """Attention, and the share of it that falls on each word's tokens: (b, heads, hw, d), (b, heads, s, hw).

    words (b, s, n) is 1 at a word's tokens. They ride along as more columns of V, so the fused kernel sums the
    words' probabilities and the heads x hw x n matrix never exists. The padding keeps Q, K and V equally wide, which
    fused kernels ask for; its zeros change no score.
    """
    d, s = query.shape[-1], words.shape[1]
    extra = -(-s // _ALIGNMENT) * _ALIGNMENT
    columns = words.transpose(1, 2)[:, None].to(value.dtype).expand(-1, value.shape[1], -1, -1)
    value = F.pad(torch.cat([value, columns], dim=-1), (0, extra - s))
    query, key = F.pad(query, (0, extra)), F.pad(key, (0, extra))
    out = F.scaled_dot_product_attention(query, key, value, scale=d**-0.5)
    return out[..., :d], out[..., d : d + s].transpose(2, 3)


def _add_references(layer: _Layer, out: Tensor, current: AttentionPass, influence: Influence) -> Tensor:
    """`out` (b, hw, c) plus what each entry's reference contributes at its places."""
    query, rows = layer.query, influence.rows
    places = influence.places(current.size(query.shape[1]))
    index = None if places is None else places.index
    if index is not None and index.shape[1] == 0:
        return out
    (key, value), bias = _let_in(layer, current, influence)
    asked = query[rows] if index is None else query[rows[:, None], index.to(query.device)]  # (e, p, c)
    bias = None if bias is None else bias[:, None, None].to(asked.dtype)
    acted = _merge(F.scaled_dot_product_attention(split_heads(layer.attn, asked), key, value, attn_mask=bias))
    for run in influence.runs:
        out = _added(out, acted[run].to(out.dtype), rows[run], _of_run(places, run))
    return out


def _of_run(places: Places | None, run: slice) -> Places | None:
    if places is None:
        return None
    return Places(None if places.index is None else places.index[run], places.weight[run])


def _added(out: Tensor, acted: Tensor, rows: Tensor, places: Places | None) -> Tensor:
    """No row and no position of a row occurs twice, so they are replaced by their sum: quicker than `index_add`."""
    if places is None:
        return out.index_put((rows,), out[rows] + acted)
    weighted = acted * places.weight.to(acted.device, acted.dtype)
    where = (rows,) if places.index is None else (rows[:, None], places.index.to(rows.device))
    return out.index_put(where, out[where] + weighted)


def _let_in(layer: _Layer, current: AttentionPass, influence: Influence) -> tuple[KeyValue, Tensor | None]:
    """K_i and V_i of the tokens that get in, and a bias (e, n) of -inf where a token is there only as padding."""
    kv, padding = influence.vision.kv(layer.attn), influence.vision.padding
    scoring = getattr(layer.attn, "visual_scoring", None)
    if scoring is None:
        return kv, None if padding is None else _bias(padding)
    index, weight, dropped = _best_tokens(scoring, layer.features, current, influence)
    current.count(index, dropped)
    wide, weight = index[:, None, :, None], weight[:, None, :, None].to(kv[0].dtype)  # (e, 1, k, 1)
    key, value = (x.gather(2, wide.expand(-1, x.shape[1], -1, x.shape[3])) * weight for x in kv)
    return (key, value), None if dropped is None else _bias(dropped)


def _best_tokens(
    scoring: AdaptiveScoring, features: Tensor, current: AttentionPass, influence: Influence
) -> tuple[Tensor, Tensor, Tensor | None]:
    """See `keep_best`. Weighting a token weights its key and value, which have no bias."""
    if current.time is None:
        raise ValueError("the scoring module needs the time: set AttentionPass.time")
    rows, vision = influence.rows, influence.vision
    text, seen = (x.mean(dim=1, keepdim=True)[rows] for x in (current.condition.text, features))
    scores = scoring(vision.tokens, text, seen, current.time[rows], vision.padding)
    return keep_best(scores, influence.quantities, vision.lengths)


def _bias(dropped: Tensor) -> Tensor:
    return torch.zeros(dropped.shape, device=dropped.device).masked_fill(dropped, float("-inf"))
