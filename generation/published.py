"""The released RealCustom weights on the stock diffusers UNet: same names, strict both ways, no pickles at run time.

Weights: Hugging Face hub, bytedance-research/RealCustom, Apache-2.0. The release ships a pickle; `convert_pickle`
turns it into safetensors once, with torch's restricted unpickler.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.attention import VisualAttention, attach
from generation.projector import HighResProjector, HighResShallowProjector, Projector

_PROJECTORS: dict[str, type[HighResProjector | HighResShallowProjector]] = {
    "ProjectorHighResMinAttn": HighResProjector,
    "ProjectorHighResShallowMinAttnV1": HighResShallowProjector,
}


class WeightsMismatch(ValueError):
    """File and model do not name the same parameters, or not of the same shapes; the message lists them."""


@dataclass(frozen=True)
class PublishedModel:
    """The UNet with its visual branch, what drives it, and the projector (also part of the UNet)."""

    unet: UNet2DConditionModel
    attention: VisualAttention
    projector: Projector


def build(config: dict[str, Any]) -> PublishedModel:
    """A model with random weights for the release's `unet_config.json`. ValueError for an unknown projector."""
    settings = {k: v for k, v in config.items() if not k.startswith("_")}
    vision = settings.pop("image_prompt_settings")["vision_projection_config"]
    name = vision["target"].rsplit(".", 1)[-1]
    if name not in _PROJECTORS:
        raise ValueError(f"unknown projector {name!r}: this release is one of {', '.join(_PROJECTORS)}")
    params = vision["params"]
    projector = _PROJECTORS[name](params["vision_dim"], params["out_dim"], params["dim_head"])
    unet = UNet2DConditionModel.from_config(settings)
    return PublishedModel(unet, attach(unet, projector), projector)


def load_published(weights: Path | Sequence[Path], config: Path, dtype: torch.dtype = torch.float32) -> PublishedModel:
    """Read the released state dict from one safetensors file or several (the last one wins). Raises WeightsMismatch."""
    model = build(json.loads(config.read_text()))
    state: dict[str, Tensor] = {}
    for file in [weights] if isinstance(weights, Path) else weights:
        state |= load_file(file)
    check_names(shapes_of(model.unet.state_dict()), shapes_of(state))
    model.unet.load_state_dict(state, strict=True)
    if dtype != torch.float32:
        model.unet.to(dtype)
    model.unet.eval().requires_grad_(False)
    return model


Shapes = Mapping[str, tuple[int, ...]]


def shapes_of(state: Mapping[str, Tensor]) -> Shapes:
    """Parameter name -> its shape."""
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def shapes_in(files: Sequence[Path]) -> Shapes:
    """The same of safetensors files, from their headers alone: no tensor is read. Later files win."""
    found: dict[str, tuple[int, ...]] = {}
    for file in files:
        with safe_open(file, "pt") as opened:
            found |= {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
    return found


def check_names(model: Shapes, file: Shapes) -> None:
    """Raise WeightsMismatch unless both name the same parameters with the same shapes."""
    problems = {
        "missing in the file": sorted(model.keys() - file.keys()),
        "unexpected in the file": sorted(file.keys() - model.keys()),
        "of another shape": sorted(k for k in model.keys() & file.keys() if model[k] != file[k]),
    }
    found = [f"{len(names)} {what}: {', '.join(names[:5])}" for what, names in problems.items() if names]
    if found:
        raise WeightsMismatch("the weights do not fit this model; " + "; ".join(found))


def check_release(files: Sequence[Path], config: Path) -> None:
    """Whether the release's files fit its configuration, without loading them. Raises WeightsMismatch, ValueError."""
    with torch.device("meta"):
        model = build(json.loads(config.read_text()))
    check_names(shapes_of(model.unet.state_dict()), shapes_in(files))


def convert_pickle(source: Path, target: Path) -> None:
    """Rewrite the release's .pth as safetensors. Only plain tensors are unpickled; anything else raises.

    The target appears whole or not at all.
    """
    state = torch.load(source, map_location="cpu", weights_only=True)  # noqa: TID251 - the one audited conversion
    state = state.get("state_dict", state)
    scratch = target.with_name(target.name + ".new")
    try:
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, scratch)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)
