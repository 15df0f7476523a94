"""Stable Diffusion 1.5 with a visual branch trained by `imprimatur train`, put together from a folder.

unet/ vae/ text_encoder/ tokenizer/     as in stable-diffusion-v1-5/stable-diffusion-v1-5
clip/                                   openai/clip-vit-large-patch14, whose image half is the image encoder
visual/visual.safetensors               the trained branch: projector, scoring, to_k_vision, to_v_vision
visual/visual.json                      how it was trained; its `sha256` and `base`, where they are there, are checked
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPVisionConfig

from generation.attention import attach, visual_state_dict
from generation.downloads import file_sha256
from generation.evaluation.photo_judge import photo_judge
from generation.frozen import dtype_on
from generation.pipeline import RealCustomPipeline
from generation.profiles import SD15, Profile
from generation.projector import SmallProjector
from generation.published import WeightsMismatch, check_names, shapes_in, shapes_of
from generation.training.bases import SD15_FOLDERS, sd15_ground, with_branch
from generation.training.export import check_base

VISUAL = Path("visual") / "visual.safetensors"
SIDECAR = Path("visual") / "visual.json"


def missing_sd15_parts(folder: Path) -> list[str]:
    """What the folder lacks; empty when the model can be loaded."""
    missing = [name for name in SD15_FOLDERS if not (folder / name).is_dir()]
    return missing + ([] if (folder / VISUAL).is_file() else [f"{VISUAL} (train it: imprimatur train)"])


def load_sd15_pipeline(folder: Path, device: str = "cpu", profile: Profile = SD15) -> RealCustomPipeline:
    """bfloat16 on a GPU, float32 on a CPU. Raises WeightsMismatch, or BaseUnavailable for a missing part."""
    ground = sd15_ground(folder, device, dtype_on(device), profile)
    told = _sidecar(folder)
    if "base" in told:
        check_base(folder / VISUAL, told["base"], ground.digests)
    digests = ground.digests | {VISUAL.as_posix(): file_sha256(folder / VISUAL)}
    return with_branch(ground, _visual_state(folder, told), digests, photo_judge(folder, device))


def attach_visual_branch(unet: UNet2DConditionModel, vision_dim: int) -> None:
    """The branch that is trained, untrained: the shape of visual/visual.safetensors."""
    projector = SmallProjector(vision_dim, int(unet.config["cross_attention_dim"]))
    attach(unet, projector, scoring=True)


def check_sd15(folder: Path) -> None:
    """Whether the visual branch fits the base, by names and shapes alone. Raises WeightsMismatch."""
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet"))
        attach_visual_branch(unet, CLIPVisionConfig.from_pretrained(folder / "clip").hidden_size)
    check_names(shapes_of(visual_state_dict(unet)), shapes_in([folder / VISUAL]))


def _sidecar(folder: Path) -> dict[str, Any]:
    """What was told of the branch; nothing for one from elsewhere."""
    told: dict[str, Any] = json.loads((folder / SIDECAR).read_text()) if (folder / SIDECAR).is_file() else {}
    return told


def _visual_state(folder: Path, told: dict[str, Any]) -> dict[str, Tensor]:
    """The branch's tensors. Raises WeightsMismatch where the sidecar names another file."""
    said = told.get("sha256")
    if said and said != file_sha256(folder / VISUAL):
        raise WeightsMismatch(f"{folder / VISUAL} is not the file that {SIDECAR} describes: export it again")
    state: dict[str, Tensor] = load_file(folder / VISUAL)
    return state
