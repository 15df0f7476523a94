"""Visual branches in files of their own: another one put on a copy of the base it was trained on, and on no other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.attention import attach, is_visual, load_visual_state_dict, visual_state_dict
from generation.published import WeightsMismatch
from generation.studio.drawing import visual_branch
from generation.studio.loading import StudioParts


def is_adapters(name: str) -> bool:
    """Whether a parameter of the UNet is the adapter's: visual, and not of the scoring it does without."""
    return is_visual(name) and "visual_scoring" not in name.split(".")


def own_copy(parts: StudioParts) -> StudioParts:
    """The model with a UNet and a visual branch of its own, equal to the given ones."""
    _, projector, _ = visual_branch(parts)
    unet, projector = deepcopy(parts.unet), deepcopy(projector)
    attention = attach(unet, projector, scoring=True)
    load_visual_state_dict(unet, visual_state_dict(parts.unet))
    return replace(parts, unet=unet, projector=projector, attention=attention)


def write_branch(file: Path, state: Mapping[str, Tensor], model: str, settings: Mapping[str, Any]) -> None:
    """A visual branch, or a part of one, in float16, with the digest of the base it belongs to."""
    halves = {name: tensor.detach().half().contiguous() for name, tensor in state.items()}
    told = {"model": model, "settings": json.dumps(settings, sort_keys=True)}
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(halves, file, metadata=told)
    file.chmod(0o644)


def branch_digest(file: Path) -> str:
    """SHA-256 (hex) of the tensors in a file, by name: the same branch, released or in a file of its own, has one."""
    found = hashlib.sha256()
    for name, tensor in sorted(load_file(file).items()):
        found.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def with_branch(parts: StudioParts, file: Path, model: str) -> StudioParts:
    """A copy of the model with the file's branch; what the file lacks, such as scoring, stays as it is.

    model: digest of the base. Raises WeightsMismatch for a branch of another base, KeyError for names that aren't a
    branch's.
    """
    with safe_open(file, framework="pt") as stored:
        if (stored.metadata() or {}).get("model") != model:
            raise WeightsMismatch(f"{file} was trained on another base: train it again")
        learnt = {name: stored.get_tensor(name).float() for name in stored.keys()}  # noqa: SIM118
    own = own_copy(parts)
    load_visual_state_dict(own.unet, visual_state_dict(own.unet) | learnt)
    return own
