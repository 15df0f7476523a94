"""Do the figures on the review page mean what they say?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from generation.evaluation.judge import StudioJudge, sharpness, without_subject
from generation.loading import load_studio_pipeline
from generation.studio.attributes import CLASSES
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.world.render import draw_picture
from tests.generation import dummy


@pytest.fixture
def evaluator() -> StudioEvaluator:
    torch.manual_seed(0)
    return StudioEvaluator(CLASSES).eval()


def sure(evaluator: StudioEvaluator, head: str, name: str | None = None) -> None:
    """Make a head believe in one class whatever it sees, or in all alike."""
    with torch.no_grad():
        evaluator.heads[head].weight.zero_()
        evaluator.heads[head].bias.zero_()
        if name is not None:
            evaluator.heads[head].bias[CLASSES[head].index(name)] = 50


def test_a_blurred_picture_is_less_sharp_and_a_pale_one_is_not() -> None:
    drawn = Image.fromarray(draw_picture(3).picture)
    pale = Image.blend(drawn, Image.new("RGB", drawn.size, "white"), 0.7)
    assert sharpness(pale) == pytest.approx(sharpness(drawn), abs=0.05)
    assert sharpness(drawn.filter(ImageFilter.GaussianBlur(2))) < 0.5 * sharpness(drawn)
    assert sharpness(Image.new("RGB", (64, 64), "red")) == 0


def test_a_reference_resembles_itself_most(evaluator: StudioEvaluator) -> None:
    judge = StudioJudge(evaluator)
    same, other = dummy.reference(), Image.effect_noise((128, 128), 80).convert("RGB")
    assert judge.scores(same, [same], "")["similarity"] == pytest.approx(1, abs=1e-4)
    assert judge.scores(same, [other], "")["similarity"] < 1
    both = judge.scores(same, [same, other], "")["similarity"]
    assert judge.scores(same, [other], "")["similarity"] < both < 1


def test_text_match_is_the_evaluators_belief_in_the_words(evaluator: StudioEvaluator) -> None:
    sure(evaluator, "scene")
    sure(evaluator, "kind", "bottle")
    judge, picture = StudioJudge(evaluator), dummy.reference()
    uniform = 1 / len(CLASSES["scene"])
    found = judge.scores(picture, [picture], "a bottle on the beach")
    assert found["text_match"] == pytest.approx((1 + uniform) / 2, abs=1e-3)
    assert judge.scores(picture, [picture], "a mug")["text_match"] == pytest.approx(0, abs=1e-6)
    assert judge.scores(picture, [picture], "a mug and a bottle")["text_match"] == pytest.approx(1, abs=1e-3)
    assert "text_match" not in judge.scores(picture, [picture], "a thing")


def test_leak_is_what_the_surroundings_are_instead_of_the_words(evaluator: StudioEvaluator) -> None:
    judge, picture = StudioJudge(evaluator), dummy.reference()
    sure(evaluator, "scene", "snow")
    assert judge.scores(picture, [picture], "a bottle in the snow")["leak"] == pytest.approx(0, abs=1e-3)
    assert judge.scores(picture, [picture], "a bottle on the beach")["leak"] == pytest.approx(1, abs=1e-3)
    assert judge.scores(picture, [picture], "a bottle")["leak"] == pytest.approx(1, abs=1e-3), "the reference's place"


def test_a_release_that_knows_fewer_heads_is_judged_by_those_it_has(evaluator: StudioEvaluator) -> None:
    few = {head: CLASSES[head] for head in ("kind", "main")}
    found = StudioJudge(StudioEvaluator(few)).scores(dummy.reference(), [dummy.reference()], "a bottle on the beach")
    assert set(found) == {"similarity", "sharpness", "text_match"}


def test_the_subject_is_painted_over_with_its_surroundings() -> None:
    picture = Image.new("RGB", (40, 20), (10, 200, 10))
    picture.paste((250, 0, 0), (0, 0, 20, 20))
    left = np.zeros((2, 4), np.float32)
    left[:, :2] = 0.7
    over = np.asarray(without_subject(picture, left)).astype(int)
    assert np.abs(over[:, 25:] - (10, 200, 10)).max() == 0
    assert np.abs(over[:, :15] - (10, 200, 10)).max() <= 20
    for nothing in (np.zeros((2, 4), np.float32), np.ones((2, 4), np.float32)):
        assert without_subject(picture, nothing) is picture


def test_the_shipped_judge_tells_a_flooded_background_from_a_kept_one() -> None:
    judge = load_studio_pipeline().parts.judge
    assert judge is not None
    drawings = [draw_picture(seed, mask=True) for seed in range(8)]
    leaks = {"kept": [], "flooded": []}  # type: dict[str, list[float]]
    for drawing in drawings:
        picture = Image.fromarray(drawing.picture)
        mask = np.asarray(drawing.mask, dtype=np.float32) / 255
        flood = Image.blend(picture, Image.new("RGB", picture.size, (200, 30, 40)), 0.8)
        for name, shown in (("kept", picture), ("flooded", flood)):
            leaks[name].append(judge.scores(shown, [dummy.reference()], drawing.caption, mask).get("leak", 0))
    assert np.mean(leaks["kept"]) < 0.25
    assert np.mean(leaks["flooded"]) > np.mean(leaks["kept"]) + 0.25


def test_a_result_carries_its_scores(evaluator: StudioEvaluator) -> None:
    pipe = dummy.pipeline(judge=StudioJudge(evaluator))
    scores = pipe.draw(dummy.spec(), [dummy.reference()]).scores
    assert set(scores) == {"similarity", "text_match", "sharpness", "leak"}
    assert all(0 <= value <= 1 for value in scores.values())
    assert dummy.pipeline().draw(dummy.spec(), [dummy.reference()]).scores == {}
