"""The visual half of a stock diffusers UNet: attached, told apart, saved and loaded.

The only new weights are `to_k_vision` and `to_v_vision` beside each cross-attention and, where a model has one, its
`visual_scoring`, and the projector. How they act is `generation.visual_attention`.
"""

from __future__ import annotations

from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention
from torch import Tensor, nn

from generation.conditions import Condition
from generation.projector import Projector
from generation.scoring import AdaptiveScoring
from generation.visual_attention import (
    AttentionPass,
    MapsComplete,
    UnsupportedUNet,
    VisualAttention,
    VisualAttnProcessor,
)

__all__ = [
    "AttentionPass",
    "Condition",
    "MapsComplete",
    "UnsupportedUNet",
    "VisualAttention",
    "attach",
    "is_visual",
    "load_visual_state_dict",
    "visual_parameters",
    "visual_state_dict",
]

PROJECTOR_NAME = "encoder_hidden_states_vision_projection"
_VISUAL_PARTS = {"to_k_vision", "to_v_vision", "visual_scoring", PROJECTOR_NAME}


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
