"""A trained visual branch as two files: visual.safetensors and, beside it, visual.json with where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.attention import visual_state_dict
from generation.downloads import file_sha256
from generation.published import WeightsMismatch

BRANCH: Final = "visual.safetensors"
FORMAT: Final = 1


@dataclass(frozen=True)
class Exported:
    """A branch read back. state: tensors under the UNet's names; base: SHA-256 (hex) of the base's files, by name."""

    state: dict[str, Tensor]
    base: dict[str, str]
    sha256: str
    facts: dict[str, Any]


def sidecar_of(branch: Path) -> Path:
    """The JSON beside a branch."""
    return branch.with_suffix(".json")


def export_branch(unet: UNet2DConditionModel, folder: Path, facts: Mapping[str, Any]) -> Path:
    """Writes the branch of `unet` in float16 and its sidecar, each whole; returns the path of the weights.

    facts: plain JSON; its `base` are the base's digests by file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    branch = folder / BRANCH
    state = {name: t.detach().to("cpu", torch.float16).contiguous() for name, t in visual_state_dict(unet).items()}
    fresh, side = branch.with_suffix(".new"), sidecar_of(branch)
    save_file(state, fresh)
    fresh.chmod(0o644)  # a worker reads it as another user
    told = {
        "format": FORMAT,
        "sha256": file_sha256(fresh),
        "bytes": fresh.stat().st_size,
        "parameters": sum(tensor.numel() for tensor in state.values()),
        **facts,
    }
    fresh_side = side.with_suffix(".new-json")
    fresh_side.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    fresh.replace(branch)
    fresh_side.replace(side)
    return branch


def read_branch(branch: Path) -> Exported:
    """Read and check an exported branch. Raises FileNotFoundError, or WeightsMismatch for files that do not agree."""
    facts = json.loads(sidecar_of(branch).read_text())
    if facts.get("format") != FORMAT:
        raise WeightsMismatch(f"{sidecar_of(branch)} is of format {facts.get('format')}: this program reads {FORMAT}")
    sha256 = file_sha256(branch)
    if sha256 != facts["sha256"]:
        raise WeightsMismatch(f"{branch} is not the file its sidecar describes: export it again")
    try:
        return Exported(load_file(branch), dict(facts["base"]), sha256, facts)
    except SafetensorError as error:
        raise WeightsMismatch(f"{branch} cannot be read: {error}") from error


def check_base(branch: Path, trained_on: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Both: digests of a base's files by name. Raises WeightsMismatch, naming both bases, where they differ."""
    if dict(trained_on) != dict(here):
        raise WeightsMismatch(
            f"{branch} was trained on another base than the one that is here: it belongs to {_told(trained_on)}, "
            f"here is {_told(here)}. Put that base there, or train anew"
        )


def _told(base: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {digest[:12]}" for name, digest in sorted(base.items())) or "a base without files"
