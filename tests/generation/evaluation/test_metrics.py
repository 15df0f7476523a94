"""Do the figures say what is in the picture? Told from drawings, whose truth is known."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from generation.evaluation.metrics import asked, correlation, covered, drift, figures, leak, painted_over, variety
from generation.studio.attributes import CLASSES
from generation.studio.autoencoder import to_tensor
from generation.studio.drawing import Trial
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import PLAIN, Layout
from generation.studio.world.render import paint_picture, paint_reference


def trial(seed: int, scene: str = "beach", layout: Layout = PLAIN) -> Trial:
    rng = random.Random(seed)
    individual = draw_individual(rng, kinds=("mug",), held_out=True)
    return Trial(individual, scene, to_tensor(paint_reference(rng, individual)[None]), seed, layout)


def painted(rows: list[Trial], individuals: list[Individual] | None = None, scene: str = "") -> Tensor:
    shown = individuals or [row.individual for row in rows]
    drawings = [
        paint_picture(random.Random(row.seed), individual, scene or row.scene, row.layout)
        for row, individual in zip(rows, shown, strict=True)
    ]
    return torch.cat([to_tensor(drawing.picture[None]) for drawing in drawings])


@pytest.fixture(scope="module")
def oracle() -> StudioEvaluator:
    """Random, unless a test sets what it believes; see `believing`."""
    torch.manual_seed(0)
    evaluator: StudioEvaluator = StudioEvaluator(CLASSES, embedding=16).eval()
    return evaluator


def believing(monkeypatch: pytest.MonkeyPatch, evaluator: StudioEvaluator, **named: str) -> None:
    """Whatever it sees, it is nearly sure of these classes."""

    def heads(seen: Tensor) -> dict[str, Tensor]:
        wanted = {head: torch.zeros(len(seen), len(names)) for head, names in CLASSES.items()}
        for head, word in named.items():
            wanted[head][:, CLASSES[head].index(word)] = 9.0
        return wanted

    monkeypatch.setattr(evaluator.heads, "forward", heads)


def test_recovery_and_text_match_count_what_is_right(oracle: StudioEvaluator, monkeypatch: pytest.MonkeyPatch) -> None:
    row = trial(1, layout=Layout(position="left"))
    look = replace(row.individual, main="red", accent="blue", pattern="dotted", emblem="star")
    row = replace(row, individual=look)
    wrong = next(word for word in CLASSES["emblem"] if word != "star")
    believing(
        monkeypatch,
        oracle,
        main="red",
        accent="blue",
        pattern="dotted",
        emblem=wrong,
        kind="hat",
        scene="beach",
        position="left",
    )
    (found,) = figures(oracle, painted([row]), [row])
    assert (found["main"], found["accent"], found["pattern"], found["emblem"]) == (1, 1, 1, 0)
    assert (found["recovery"], found["text_match"]) == (0.75, pytest.approx(2 / 3))
    assert "surroundings" not in found


def test_what_the_prompt_does_not_say_is_not_asked() -> None:
    assert asked(trial(1)) == {"kind": "mug", "scene": "beach"}
    assert asked(trial(1, layout=Layout(size="large"))) == {
        "kind": "mug",
        "scene": "beach",
        "size": "large",
    }


def test_the_reference_itself_is_similar_and_copied(oracle: StudioEvaluator) -> None:
    rows = [trial(seed) for seed in range(3)]
    references = torch.cat([row.reference for row in rows])
    for found in (*figures(oracle, references, rows), *figures(oracle, references.flip(3), rows)):
        assert found["copied"] == pytest.approx(1, abs=1e-4)
    assert all(f["similarity"] == pytest.approx(1, abs=1e-4) for f in figures(oracle, references, rows))
    placed = figures(oracle, painted(rows), rows)
    assert max(f["copied"] for f in placed) < 0.95
    assert all(0 <= value <= 1 for f in placed for value in f.values())


def test_surroundings_are_judged_without_the_subject(oracle: StudioEvaluator) -> None:
    rows = [trial(1), trial(2)]
    pictures, places = painted(rows), torch.zeros(2, 1, 8, 8)
    places[:, :, 2:6, 2:6] = 1
    hidden = painted_over(pictures, places)
    inside = covered(places, pictures).expand_as(pictures)
    assert torch.equal(hidden[~inside], pictures[~inside])
    assert inside[:, :, 40:88, 40:88].all()
    assert not inside[:, :, :24].any()
    scene = CLASSES["scene"].index("beach")
    with torch.inference_mode():
        believed = oracle(hidden)["scene"].softmax(1)[:, scene].tolist()
    other = pictures.masked_fill(inside, 0.3)
    for shown in (pictures, other):
        found = [f["surroundings"] for f in figures(oracle, shown, rows, places)]
        assert found == pytest.approx(believed, abs=1e-6)


def test_leak_and_drift_are_what_the_reference_costs_outside_the_subject() -> None:
    assert leak(0.25, 0.75) == 0.5
    assert leak(0.9, 0.75) == 0
    plain, places = torch.zeros(1, 3, 128, 128), torch.zeros(1, 1, 8, 8)
    places[:, :, :, :4] = 1
    inside, outside = plain.clone(), plain.clone()
    inside[..., :60], outside[..., -20:] = 1.0, 1.0
    assert drift(inside, plain, places, places) == [0]
    (found,) = drift(outside, plain, places, places)
    share = float((~covered(places, plain)).float().mean())
    assert found == pytest.approx(0.5 * 20 / 128 / share, abs=1e-5)


def test_variety_falls_where_seeds_draw_the_same() -> None:
    rows = [replace(trial(1), seed=seed) for seed in range(4)]
    pictures = painted(rows)
    assert variety(pictures[:1].repeat(3, 1, 1, 1)) == pytest.approx(0, abs=1e-5)
    assert 0.02 < variety(pictures) <= 1
    assert correlation(pictures, -pictures).tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="at least two"):
        variety(pictures[:1])


def test_pictures_and_trials_must_match(oracle: StudioEvaluator) -> None:
    with pytest.raises(ValueError, match="2 pictures for 1 trials"):
        figures(oracle, torch.zeros(2, 3, 128, 128), [trial(1)])
