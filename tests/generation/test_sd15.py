"""Is Stable Diffusion 1.5 put together with a trained visual branch? Random weights of the true kinds, tiny."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from generation.attention import visual_state_dict
from generation.loading import ModelUnavailable, load_pipeline, misfits
from generation.profiles import SD15
from generation.published import WeightsMismatch
from generation.sd15 import attach_visual_branch, check_sd15, load_sd15_pipeline, missing_sd15_parts
from generation.studio.tokenizer import build_tokenizer
from tests.generation import dummy
from tests.generation.test_photo_judge import clip, dino
from tests.generation.test_published import text_model

WIDTH, SEEN = 32, 32


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like IMPRIMATUR_MODELS/sd15."""
    folder = tmp_path_factory.mktemp("models") / "sd15"
    unet = dummy.unet()
    unet.save_pretrained(folder / "unet")
    AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
    ).save_pretrained(folder / "vae")
    text_model(WIDTH, projected=False).save_pretrained(folder / "text_encoder")
    build_tokenizer().save_pretrained(folder / "tokenizer")
    clip(SEEN).save_pretrained(folder / "clip")
    build_tokenizer().save_pretrained(folder / "clip")
    dino().save_pretrained(folder / "dinov2")
    (folder / "visual").mkdir()
    attach_visual_branch(unet, SEEN)
    save_file(visual_state_dict(unet), folder / "visual" / "visual.safetensors")
    return folder


def test_it_draws_and_judges_from_its_folder(release: Path) -> None:
    assert missing_sd15_parts(release) == []
    pipe = load_sd15_pipeline(release, profile=replace(SD15, width=128, height=128))
    spec = dummy.spec(profile="sd15", width=192, height=128)
    result = pipe.draw(spec, [dummy.reference()])
    assert result.image.size == (192, 128)
    assert result.masks.shape == (4, 8, 12)
    assert set(result.scores) == {"similarity", "text_match", "leak", "sharpness"}
    assert set(pipe.parts.digests) == {
        "visual/visual.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
    }
    assert pipe.draw(spec, [dummy.reference()]).pixel_digest == result.pixel_digest
    assert pipe.draw(spec, [dummy.reference().rotate(180)]).pixel_digest != result.pixel_digest


def test_the_models_folder_leads_to_it(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRIMATUR_MODELS", str(release.parent))
    assert load_pipeline("sd15").profile == SD15
    assert misfits("sd15", release) == []


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRIMATUR_MODELS", str(tmp_path))
    with pytest.raises(ModelUnavailable, match=r"lacks unet, .*train it: imprimatur train.*weights get sd15"):
        load_pipeline("sd15")


def test_a_branch_of_another_model_or_another_training_is_refused(release: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sd15"
    folder.mkdir()
    for part in release.iterdir():
        if part.name != "visual":
            (folder / part.name).symlink_to(part)
    (folder / "visual").mkdir()
    state = load_file(release / "visual" / "visual.safetensors")
    wrong = state | {"extra.to_k_vision.weight": torch.zeros(2)}
    wrong.pop(next(name for name in state if "visual_scoring" in name))
    save_file(wrong, folder / "visual" / "visual.safetensors")
    with pytest.raises(WeightsMismatch, match=r"1 missing.*visual_scoring.*1 unexpected"):
        check_sd15(folder)
    assert "1 unexpected" in misfits("sd15", folder)[0]
    with pytest.raises(KeyError, match="do not fit"):
        load_sd15_pipeline(folder)
    save_file(state, folder / "visual" / "visual.safetensors")
    digest = hashlib.sha256((folder / "visual" / "visual.safetensors").read_bytes()).hexdigest()
    (folder / "visual" / "visual.json").write_text(json.dumps({"sha256": digest}))
    load_sd15_pipeline(folder)
    (folder / "visual" / "visual.json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(WeightsMismatch, match="is not the file that"):
        load_sd15_pipeline(folder)


def test_the_base_is_the_one_in_the_folder(release: Path) -> None:
    loaded = load_sd15_pipeline(release).parts.denoiser.unet
    base = UNet2DConditionModel.from_pretrained(release / "unet").state_dict()
    assert all(torch.equal(loaded.state_dict()[name], tensor) for name, tensor in base.items())
