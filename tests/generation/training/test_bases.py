"""Is the frozen base what the folder holds, also where the release's files carry a visual branch of their own?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from generation.attention import attach, is_visual
from generation.projector import HighResProjector
from generation.published import WeightsMismatch
from generation.training.bases import Ground, sdxl_ground
from tests.generation.training import tiny


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a UNet folder of its own."""
    return tiny.write_sdxl(tmp_path_factory.mktemp("sdxl"))


@pytest.fixture
def released(whole: Path, tmp_path: Path) -> Path:
    """The same base inside the release's files: one state dict, in two shards, with a visual branch."""
    folder = tmp_path / "released"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("unet"))
    unet = UNet2DConditionModel.from_pretrained(whole / "unet")
    attach(unet, HighResProjector(32, int(unet.config["cross_attention_dim"])))
    state = {name: tensor.contiguous() for name, tensor in unet.state_dict().items()}
    names = sorted(state)
    (folder / "realcustom").mkdir()
    for place, part in enumerate((names[::2], names[1::2])):
        save_file({name: state[name] for name in part}, folder / "realcustom" / f"shard-{place}.safetensors")
    config = json.loads((whole / "unet" / "config.json").read_text()) | {"image_prompt_settings": {"kind": "highres"}}
    (folder / "realcustom" / "unet_config.json").write_text(json.dumps(config))
    return folder


def load(folder: Path, dtype: torch.dtype = torch.float32) -> Ground:
    return sdxl_ground(folder, "cpu", dtype, tiny.PROFILES["sdxl-realcustom"], siglip_block=1, dino_block=1)


def test_the_released_base_is_the_base_without_the_releases_branch(whole: Path, released: Path) -> None:
    ours, theirs = (load(folder).base.unet for folder in (released, whole))
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    assert all(torch.equal(ours.state_dict()[name], tensor) for name, tensor in theirs.state_dict().items())
    assert not any(is_visual(name) for name in ours.state_dict())
    assert not any(parameter.requires_grad for parameter in ours.parameters())


def test_the_released_base_is_known_by_the_files_it_came_from(released: Path) -> None:
    assert set(load(released).digests) == {"realcustom/shard-0.safetensors", "realcustom/shard-1.safetensors"}


def test_the_released_base_is_as_narrow_as_asked(released: Path) -> None:
    assert load(released, torch.bfloat16).base.unet.dtype == torch.bfloat16


def test_a_released_file_that_lacks_parameters_is_refused(released: Path) -> None:
    shard = released / "realcustom" / "shard-0.safetensors"
    state = load_file(shard)
    lost = next(name for name in sorted(state) if not is_visual(name))
    save_file({name: tensor for name, tensor in state.items() if name != lost}, shard)
    with pytest.raises(WeightsMismatch, match=f"lacks parameters of the UNet: {lost}"):
        load(released)
