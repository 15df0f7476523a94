"""Do the scores of photographs move the way their names say? Tiny random networks of the true kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPModel, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from generation.evaluation.photo_judge import PhotoJudge, photo_judge
from generation.published import WeightsMismatch
from generation.studio.tokenizer import build_tokenizer
from tests.generation import dummy


def clip(image_width: int = 32) -> CLIPModel:
    torch.manual_seed(1)  # some random networks find nothing alike: every cosine below zero
    tokenizer = build_tokenizer()
    shared = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = shared | {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 32,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = shared | {"hidden_size": image_width, "image_size": 32, "patch_size": 8}
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)).eval()


def dino() -> Dinov2WithRegistersModel:
    torch.manual_seed(0)
    config = Dinov2WithRegistersConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=56, patch_size=14, num_register_tokens=4
    )
    return Dinov2WithRegistersModel(config).eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clip().save_pretrained(tmp_path / "clip")
    build_tokenizer().save_pretrained(tmp_path / "clip")
    dino().save_pretrained(tmp_path / "dinov2")
    return tmp_path


@pytest.fixture
def judge(folder: Path) -> PhotoJudge:
    found = photo_judge(folder, "cpu")
    assert found is not None
    return found


def test_all_four_scores_lie_between_nothing_and_one(judge: PhotoJudge) -> None:
    mask = np.zeros((8, 8), np.float32)
    mask[2:6, 2:6] = 1
    found = judge.scores(dummy.reference(), [dummy.reference()], "a bottle on the beach", mask)
    assert set(found) == {"similarity", "text_match", "leak", "sharpness"}
    assert all(0 <= value <= 1 for value in found.values())


def test_the_same_picture_is_the_same_subject(judge: PhotoJudge) -> None:
    same = dummy.reference()
    assert judge.scores(same, [same], "a bottle")["similarity"] == pytest.approx(1, abs=1e-4)
    other = Image.effect_noise((96, 128), 90).convert("RGB")
    assert judge.scores(other, [same], "a bottle")["similarity"] < 1 - 1e-3


def test_other_words_match_otherwise(judge: PhotoJudge) -> None:
    prompts = ("a bottle", "snow", "a mug in the city", "rain")
    matches = {judge.scores(dummy.reference(), [dummy.reference()], p)["text_match"] for p in prompts}
    assert len(matches) > 1


def test_leak_is_full_where_the_reference_stands_outside_the_mask_and_needs_an_outside(judge: PhotoJudge) -> None:
    same = dummy.reference()
    corner = np.zeros((8, 8), np.float32)
    corner[0, 0] = 1
    assert judge.scores(same, [same], "a bottle", corner)["leak"] == pytest.approx(1, abs=1e-3)
    assert "leak" not in judge.scores(same, [same], "a bottle", np.ones((8, 8), np.float32))
    assert "leak" not in judge.scores(same, [same], "a bottle")


def test_what_is_not_there_takes_its_scores_along(folder: Path, tmp_path: Path) -> None:
    (folder / "dinov2" / "config.json").unlink()
    by_clip = photo_judge(folder, "cpu")
    assert by_clip is not None
    assert set(by_clip.scores(dummy.reference(), [dummy.reference()], "a mug")) == {
        "similarity",
        "text_match",
        "sharpness",
    }
    assert photo_judge(tmp_path / "nowhere", "cpu") is None


def test_a_network_with_missing_parameters_is_refused(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "dinov2" / "model.safetensors"
    state = load_file(path)
    state.pop("layernorm.weight")
    save_file(state, path, metadata={"format": "pt"})
    with pytest.raises(WeightsMismatch, match=r"lacks 1 parameters of Dinov2.*layernorm\.weight"):
        photo_judge(folder, "cpu")
