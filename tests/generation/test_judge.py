"""Do the figures on the review page mean what they say?"""

from __future__ import annotations

import pytest
import torch
from PIL import Image, ImageFilter

from generation.evaluation.judge import StudioJudge, sharpness
from generation.studio.attributes import CLASSES
from generation.studio.vision_networks import StudioEvaluator
from tests.generation import dummy


@pytest.fixture
def evaluator() -> StudioEvaluator:
    torch.manual_seed(0)
    return StudioEvaluator(CLASSES).eval()


def test_a_blurred_picture_is_less_sharp() -> None:
    noise = Image.effect_noise((128, 128), 20).convert("RGB")
    assert sharpness(noise) > sharpness(noise.filter(ImageFilter.GaussianBlur(3))) + 0.2


def test_a_reference_resembles_itself_most(evaluator: StudioEvaluator) -> None:
    judge = StudioJudge(evaluator, CLASSES)
    same, other = dummy.reference(), Image.effect_noise((128, 128), 80).convert("RGB")
    assert judge.scores(same, same, "")["similarity"] == pytest.approx(1, abs=1e-4)
    assert judge.scores(same, other, "")["similarity"] < 1


def test_text_match_is_the_evaluators_belief_in_the_words(evaluator: StudioEvaluator) -> None:
    with torch.no_grad():
        for head in ("kind", "scene"):
            evaluator.heads[head].weight.zero_()
            evaluator.heads[head].bias.zero_()
        evaluator.heads["kind"].bias[CLASSES["kind"].index("bottle")] = 50
    judge, picture = StudioJudge(evaluator, CLASSES), dummy.reference()
    uniform = 1 / len(CLASSES["scene"])
    found = judge.scores(picture, picture, "a bottle on the beach")
    assert found["text_match"] == pytest.approx((1 + uniform) / 2, abs=1e-3)
    assert judge.scores(picture, picture, "a mug")["text_match"] == pytest.approx(0, abs=1e-6)
    assert "text_match" not in judge.scores(picture, picture, "a thing")


def test_a_result_carries_its_scores(evaluator: StudioEvaluator) -> None:
    pipe = dummy.pipeline(judge=StudioJudge(evaluator, CLASSES))
    scores = pipe.draw(dummy.spec(), [dummy.reference()]).scores
    assert set(scores) == {"similarity", "text_match", "sharpness"}
    assert all(0 <= value <= 1 for value in scores.values())
    assert dummy.pipeline().draw(dummy.spec(), [dummy.reference()]).scores == {}
