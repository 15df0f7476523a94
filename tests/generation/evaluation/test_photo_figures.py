"""Do the figures of photographs move the way their names say? Tiny random networks of the true kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPImageProcessor, ViTConfig, ViTModel

from generation.clip_vision import clip_normalised
from generation.evaluation.photo_figures import JudgesMissing, PhotoFigures, _pixels, load_photo_figures
from generation.studio.tokenizer import build_tokenizer
from tests.generation import dummy
from tests.generation.test_photo_judge import clip


def dino() -> ViTModel:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    return ViTModel(config, add_pooling_layer=False).eval()


def save(folder: Path) -> Path:
    """The judges' folder, with the released model's shape."""
    clip().save_pretrained(folder / "clip")
    build_tokenizer().save_pretrained(folder / "clip")
    dino().save_pretrained(folder / "dino")
    return folder


@pytest.fixture
def judges(tmp_path: Path) -> PhotoFigures:
    return load_photo_figures(save(tmp_path), "cpu")


def other(seed: int = 0, size: tuple[int, int] = (128, 96)) -> Image.Image:
    """Coloured noise."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def test_the_same_picture_is_as_near_as_can_be_and_another_is_further(judges: PhotoFigures) -> None:
    real = judges.see([dummy.reference()])
    same, strange = judges.of([dummy.reference(), other()], ["a bottle", "a bottle"], [real, real])
    assert same["clip_i"] == pytest.approx(1, abs=1e-4)
    assert same["dino_i"] == pytest.approx(1, abs=1e-4)
    assert strange["clip_i"] < same["clip_i"] - 1e-3
    assert strange["dino_i"] < same["dino_i"] - 1e-3
    assert strange["clip_t"] != pytest.approx(same["clip_t"], abs=1e-6)


def test_likeness_is_the_mean_over_all_real_pictures(judges: PhotoFigures) -> None:
    both = judges.see([dummy.reference(), other()])
    each = [judges.see([picture]) for picture in (dummy.reference(), other())]
    drawn = [other(1)]
    (of_both,) = judges.of(drawn, ["a bottle"], [both])
    apart = [judges.of(drawn, ["a bottle"], [seen])[0] for seen in each]
    for name in ("clip_i", "dino_i"):
        assert of_both[name] == pytest.approx(sum(figures[name] for figures in apart) / 2, abs=1e-5)


def test_pictures_are_prepared_as_the_authors_of_clip_do() -> None:
    picture = other().resize((90, 60), Image.Resampling.BICUBIC)
    theirs = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    wanted = theirs(picture, return_tensors="pt").pixel_values
    assert torch.allclose(clip_normalised(_pixels([picture], 32, 32)), wanted, atol=0.05)


def test_a_missing_judge_is_named_with_where_to_get_it(tmp_path: Path) -> None:
    clip().save_pretrained(tmp_path / "clip")
    with pytest.raises(JudgesMissing, match="dino is missing: get facebook/dino-vits16"):
        load_photo_figures(tmp_path, "cpu")


def test_people_s_preference_is_asked_where_it_can_be(judges: PhotoFigures) -> None:
    class Longest:
        def score(self, prompt: str, image: Image.Image) -> float:
            return len(prompt) + image.width

    asked = PhotoFigures(judges.clip, judges.tokenizer, judges.dino, Longest())
    (figures,) = asked.of([dummy.reference()], ["a bottle"], [judges.see([dummy.reference()])])
    assert figures["image_reward"] == len("a bottle") + dummy.reference().width
