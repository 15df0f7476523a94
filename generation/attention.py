"""Cross-attention with two conditions, on the stock diffusers UNet, by attention processors.

    out = softmax(Q K_t' / sqrt(d)) V_t  +  M * softmax(Q K_i' / sqrt(d)) V_i      (RealCustom)

K_t, V_t come from the text, K_i, V_i from the reference; M is the guidance mask, one value per latent position,
resized to the layer. The only new weights are `to_k_vision` and `to_v_vision` beside each cross-attention and,
where a model has one, its `visual_scoring`. Nothing here is global: a forward reads what its `AttentionPass` holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from generation.masks import resize
from generation.projector import Projector
from generation.scoring import AdaptiveScoring, keep_best

PROJECTOR_NAME = "encoder_hidden_states_vision_projection"
_VISUAL_PARTS = {"to_k_vision", "to_v_vision", "visual_scoring", PROJECTOR_NAME}
_ALIGNMENT = 8  # head sizes of fused attention kernels are multiples of 8

KeyValue = tuple[Tensor, Tensor]  # each (b, heads, n, d)


class UnsupportedUNet(TypeError):
    """The UNet's cross-attention is of a kind the method was not built for; the message names layer and reason."""


@dataclass
class Condition:
    """What stays constant over a request's steps, with the keys and values each layer makes of it, made once.

    text (b, n_t, c_t); vision (b, n_i, c) projected visual tokens or None; added: pooled vector and picture size
    for UNets that want them (SDXL).
    """

    text: Tensor
    vision: Tensor | None = None
    added: dict[str, Tensor] | None = None
    _text_kv: dict[int, KeyValue] = field(default_factory=dict, repr=False)
    _vision_kv: dict[int, KeyValue] = field(default_factory=dict, repr=False)

    def text_kv(self, attn: Attention) -> KeyValue:
        """The layer's K_t, V_t."""
        if id(attn) not in self._text_kv:
            self._text_kv[id(attn)] = _split(attn, attn.to_k(self.text)), _split(attn, attn.to_v(self.text))
        return self._text_kv[id(attn)]

    def vision_kv(self, attn: Attention) -> KeyValue:
        """The layer's K_i, V_i of all visual tokens."""
        if id(attn) not in self._vision_kv:
            k, v = attn.to_k_vision(self.vision), attn.to_v_vision(self.vision)
            self._vision_kv[id(attn)] = _split(attn, k), _split(attn, v)
        return self._vision_kv[id(attn)]


@dataclass
class AttentionPass:
    """One forward of the UNet: what its cross-attentions read and what they leave behind.

    height, width: of the latent. mask (b, 1, h, w) or None for no mask (the reference acts everywhere).
    time (b,): t/T, for the scoring module. quantity: share of visual tokens that get in, where there is a scoring
    module. word (b, n_t): 1 at the target word's tokens; then each layer appends its map (b, h, w) to `maps`, in
    order of execution. wanted_maps: stop the forward once so many are there, because nobody needs its prediction.
    """

    condition: Condition
    height: int
    width: int
    mask: Tensor | None = None
    time: Tensor | None = None
    quantity: float = 1.0
    word: Tensor | None = None
    wanted_maps: int | None = None
    maps: list[Tensor] = field(default_factory=list)
    _resized: dict[tuple[int, int], Tensor] = field(default_factory=dict, repr=False)

    def size(self, positions: int) -> tuple[int, int]:
        """Height and width of a layer with so many positions; halves round up, as strided convolutions do."""
        h, w = self.height, self.width
        while h * w > positions:
            h, w = (h + 1) // 2, (w + 1) // 2
        if h * w != positions:
            raise UnsupportedUNet(f"{positions} positions are no halving of {self.height} x {self.width}")
        return h, w

    def mask_at(self, positions: int, dtype: torch.dtype) -> Tensor:
        """The mask at a layer's size, (b, positions, 1); resized once per size."""
        if self.mask is None:
            raise ValueError("this pass has no mask")
        size = self.size(positions)
        if size not in self._resized:
            self._resized[size] = resize(self.mask, size).flatten(2).transpose(1, 2).to(dtype)
        return self._resized[size]

    def collect(self, column: Tensor) -> None:
        """Keep the word's map (b, positions); raises MapsComplete when it was the last wanted one."""
        self.maps.append(column.view(-1, *self.size(column.shape[1])))
        if len(self.maps) == self.wanted_maps:
            raise MapsComplete


class MapsComplete(Exception):
    """The last wanted map is collected; the rest of the forward is not needed."""


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
        query = _split(attn, attn.to_q(hidden_states))
        if current is None:
            text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
            out = _merge(_attend(query, Condition(text).text_kv(attn)))
        else:
            out = self._text(attn, query, current)
            if current.condition.vision is not None:
                out = out + self._vision(attn, query, hidden_states, current)
        projected: Tensor = attn.to_out[1](attn.to_out[0](out))
        return projected

    def _text(self, attn: Attention, query: Tensor, current: AttentionPass) -> Tensor:
        kv = current.condition.text_kv(attn)
        if current.word is None:
            return _merge(_attend(query, kv))
        out, column = attend_with_column(query, *kv, current.word)
        current.collect(column.mean(dim=1))
        return _merge(out)

    def _vision(self, attn: Attention, query: Tensor, features: Tensor, current: AttentionPass) -> Tensor:
        key, value = current.condition.vision_kv(attn)
        scoring = getattr(attn, "visual_scoring", None)
        if scoring is not None:
            key, value = _keep_tokens(scoring, (key, value), features, current)
        out = _merge(_attend(query, (key, value)))
        return out if current.mask is None else out * current.mask_at(out.shape[1], out.dtype)


def _split(attn: Attention, x: Tensor) -> Tensor:
    return x.view(*x.shape[:2], attn.heads, -1).transpose(1, 2)  # (b, heads, n, d)


def _merge(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)  # (b, n, heads * d)


def _attend(query: Tensor, kv: KeyValue) -> Tensor:
    return F.scaled_dot_product_attention(query, *kv)


def attend_with_column(query: Tensor, key: Tensor, value: Tensor, word: Tensor) -> tuple[Tensor, Tensor]:
    """Attention, and the share of it that falls on the word's tokens: (b, heads, hw, d), (b, heads, hw).

    word (b, n) is 1 at the word's tokens. It rides along as one more column of V, so the fused kernel sums the
    word's probabilities and the heads x hw x n matrix never exists. The padding keeps Q, K and V equally wide, which
    fused kernels ask for; its zeros change no score.
    """
    d = query.shape[-1]
    column = word[:, None, :, None].to(value.dtype).expand(-1, value.shape[1], -1, 1)
    value = F.pad(torch.cat([value, column], dim=-1), (0, _ALIGNMENT - 1))
    query, key = F.pad(query, (0, _ALIGNMENT)), F.pad(key, (0, _ALIGNMENT))
    out = F.scaled_dot_product_attention(query, key, value, scale=d**-0.5)
    return out[..., :d], out[..., d]


def _keep_tokens(scoring: AdaptiveScoring, kv: KeyValue, features: Tensor, current: AttentionPass) -> KeyValue:
    """K_i and V_i of the best-scored tokens, weighted. Weighting a token weights its key and value: no bias."""
    condition = current.condition
    if current.time is None or condition.vision is None:
        raise ValueError("the scoring module needs visual tokens and the time: set AttentionPass.time")
    scores = scoring(condition.vision, condition.text, features, current.time)
    index, weight = keep_best(scores, current.quantity)
    index = index[:, None, :, None]  # (b, 1, k, 1)
    weight = weight[:, None, :, None].to(kv[0].dtype)
    key, value = (x.gather(2, index.expand(-1, x.shape[1], -1, x.shape[3])) * weight for x in kv)
    return key, value


def attach(unet: UNet2DConditionModel, projector: Projector | None = None, *, scoring: bool = False) -> VisualAttention:
    """Give every cross-attention its visual half (new weights are random) and return what drives it.

    projector: kept on the UNet under its published name, so that one file holds the whole visual branch.
    scoring: add an adaptive scoring module to every cross-attention. Raises UnsupportedUNet.

    A training step, with `visual_parameters(unet)` as the only trainable ones:

        condition = Condition(text, projector(features))
        with attention.running(AttentionPass(condition, h, w, time=timesteps / 1000, quantity=gamma_num)):
            prediction = unet(noisy, timesteps, encoder_hidden_states=text).sample
    """
    layers = _cross_attentions(unet)
    owner = VisualAttention(list(layers.values()))
    for attn in layers.values():
        _add_weights(attn, scoring=scoring)
    if projector is not None:
        setattr(unet, PROJECTOR_NAME, projector)
    processors = dict(unet.attn_processors)
    processors |= {f"{name}.processor": VisualAttnProcessor(owner) for name in layers}
    unet.set_attn_processor(processors)
    return owner


def _cross_attentions(unet: UNet2DConditionModel) -> dict[str, Attention]:
    layers = {n: m for n, m in unet.named_modules() if isinstance(m, Attention) and n.endswith(".attn2")}
    if not layers:
        raise UnsupportedUNet("the UNet has no cross-attention for a word or a reference to act in")
    for name, attn in layers.items():
        plain = attn.group_norm is None and attn.spatial_norm is None and not attn.residual_connection
        plain = plain and not attn.norm_cross and attn.norm_q is None and attn.rescale_output_factor == 1
        if not plain or attn.only_cross_attention or attn.added_kv_proj_dim is not None:
            raise UnsupportedUNet(f"{name} normalises, adds or rescales in ways the method was not built for")
    return layers


def _add_weights(attn: Attention, *, scoring: bool) -> None:
    like = attn.to_k.weight
    inner, dim = attn.to_k.out_features, attn.to_k.in_features
    attn.to_k_vision = nn.Linear(dim, inner, bias=False, device=like.device, dtype=like.dtype)
    attn.to_v_vision = nn.Linear(dim, inner, bias=False, device=like.device, dtype=like.dtype)
    if scoring:
        attn.visual_scoring = AdaptiveScoring(dim, dim, attn.to_q.in_features).to(like.device, like.dtype)


def is_visual(name: str) -> bool:
    """Whether a parameter of the UNet belongs to the visual branch."""
    return not _VISUAL_PARTS.isdisjoint(name.split("."))


def visual_parameters(unet: UNet2DConditionModel) -> list[nn.Parameter]:
    """What training trains: visual keys and values, scoring and projector; all else is frozen."""
    return [p for n, p in unet.named_parameters() if is_visual(n)]


def visual_state_dict(unet: UNet2DConditionModel) -> dict[str, Tensor]:
    """The visual branch alone, under the UNet's names."""
    return {n: t for n, t in unet.state_dict().items() if is_visual(n)}


def load_visual_state_dict(unet: UNet2DConditionModel, state: dict[str, Tensor]) -> None:
    """Load what `visual_state_dict` gave, strict both ways; KeyError names missing and unexpected names."""
    expected = set(visual_state_dict(unet))
    if expected != set(state):
        missing, unexpected = sorted(expected - set(state)), sorted(set(state) - expected)
        raise KeyError(f"visual weights do not fit: missing {missing[:5]}, unexpected {unexpected[:5]}")
    unet.load_state_dict(state, strict=False)  # strict by the comparison above; the base stays as it is
