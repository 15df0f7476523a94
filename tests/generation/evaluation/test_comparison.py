"""Is every method measured alike, beside what words alone draw from the same noise? In two steps, on the real model."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from generation.evaluation.comparison import Comparison
from generation.evaluation.locating import subject_places
from generation.evaluation.methods import Ours, Prepared, Truth
from generation.evaluation.metrics import covered
from generation.evaluation.plan import planned
from generation.spec import MaskDials
from generation.studio.autoencoder import to_tensor
from generation.studio.drawing import How, Trial, draw_as, scoring, visual_branch
from generation.studio.loading import StudioParts, load_evaluator, load_studio
from generation.studio.world.render import paint_picture

QUICK = How(steps=2)


@pytest.fixture(scope="module")
def parts() -> Iterator[StudioParts]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield load_studio()
    torch.set_num_threads(threads)


@pytest.fixture
def comparison(parts: StudioParts, tmp_path: Path) -> Comparison:
    made = Comparison(parts, load_evaluator(), "w", tmp_path / "plain")
    made.plain = Ours("words alone", parts, How(steps=2, influence=0.0))
    return made


@dataclass
class Learnt:
    """Shows the portrait it was prepared with, wherever it was asked to stand; counts how often it was prepared."""

    name: str = "learnt"
    per_subject: bool = True
    seen: list[str] = field(default_factory=list)

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"steps": 7}

    def prepare(self, row: Trial) -> Prepared:
        self.seen.append(row.individual.kind)
        return Prepared(row.reference, steps=7, seconds=1.5)

    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        assert len({row.individual for row in rows}) == 1
        return prepared.state.expand(len(rows), -1, -1, -1).clone()


def test_words_alone_neither_leak_nor_drift_and_their_pictures_are_kept(comparison: Comparison) -> None:
    plans = planned(2, 1, 2)
    found = comparison.measure(comparison.cells(comparison.plain, plans))
    assert [(f["leak"], f["drift"], f["test_time_steps"]) for f in found] == [(0, 0, 0)] * 4
    assert len(list(comparison.folder.glob("*.png"))) == 4
    assert all(0 <= value <= 1 for f in found for value in f.values())
    assert found[0]["variety"] == found[1]["variety"] > 0


def test_what_is_learnt_for_an_individual_is_learnt_once_and_its_cost_is_kept(comparison: Comparison) -> None:
    plans, method = planned(2, 2, 1), Learnt()
    found = comparison.measure(comparison.cells(method, plans))
    assert len(method.seen) == 2
    assert all((f["test_time_steps"], f["test_time_seconds"]) == (7, 1.5) for f in found)
    assert all(f["similarity"] == pytest.approx(1, abs=1e-3) for f in found)
    assert all(f["copied"] > 0.99 and f["drift"] > 0 for f in found)


def test_the_same_cell_is_drawn_alike_and_another_setting_otherwise(comparison: Comparison) -> None:
    plans, parts = planned(2, 1, 1), comparison.parts
    once, again = (comparison.pictures(Ours("ours", parts, QUICK), plans) for _ in range(2))
    assert torch.equal(once, again)
    others = [How(steps=2, influence=0.5), How(steps=2, scored=False), How(steps=2, dials=MaskDials(binary=True))]
    for how in others:
        assert not torch.equal(comparison.pictures(Ours("ours", parts, how), plans), once)
    assert len({str(Ours("ours", parts, how).settings) for how in (QUICK, *others)}) == 4


def test_a_prompt_that_tells_the_looks_is_another_cell_and_another_picture(comparison: Comparison) -> None:
    plans, how = planned(1, 1, 1), comparison.plain.how
    told = Ours("words alone", comparison.parts, how, told=True)
    assert not torch.equal(comparison.pictures(told, plans), comparison.pictures(comparison.plain, plans))
    (one,), (other,) = comparison.cells(told, plans), comparison.cells(comparison.plain, plans)
    assert one.digest() != other.digest()


def test_another_branch_is_another_cell_and_the_shipped_one_is_not_named(comparison: Comparison) -> None:
    shipped, other = (Ours("ours", comparison.parts, QUICK, branch=branch) for branch in ("", "ab12"))
    assert "branch" not in shipped.settings
    assert other.settings == {**shipped.settings, "branch": "ab12"}
    (one,), (another,) = (comparison.cells(method, planned(1, 1, 1)) for method in (shipped, other))
    assert one.digest() != another.digest()


def test_in_float32_the_same_is_drawn_but_for_rounding_and_kept_apart(comparison: Comparison) -> None:
    plans, how = planned(1, 1, 1), Ours("ours", comparison.parts, QUICK)
    wide = Comparison(comparison.parts, comparison.evaluator, "w", comparison.folder, "float32")
    narrow, exact = comparison.pictures(how, plans), wide.pictures(how, plans)
    assert 0 < float((narrow - exact).abs().mean()) < 0.02
    assert torch.equal(exact, draw_as(comparison.parts, [plan.trial for plan in plans], QUICK))
    (one,), (another,) = comparison.cells(how, plans), wide.cells(how, plans)
    assert one.digest() != another.digest()


def test_the_world_itself_is_named_rightly(comparison: Comparison) -> None:
    found = comparison.measure(comparison.cells(Truth(), planned(8, 1, 1)))
    assert sum(f["text_match"] for f in found) / 8 > 0.9
    assert sum(f["recovery"] for f in found) / 8 > 0.75


def test_a_subject_is_found_where_it_was_drawn(parts: StudioParts) -> None:
    rows = [plan.trial for plan in planned(6, 2, 1)]
    drawings = [
        paint_picture(random.Random(row.seed), row.individual, row.scene, row.layout, mask=True) for row in rows
    ]
    pictures = torch.cat([to_tensor(drawing.picture[None]) for drawing in drawings])
    found = covered(subject_places(parts, pictures, rows), pictures)
    masks = torch.stack([torch.from_numpy(drawing.mask > 128) for drawing in drawings])[:, None]
    assert float((found & masks).sum() / masks.sum()) > 0.9
    assert float(found.float().mean()) < 0.6


def test_the_scoring_module_is_back_whatever_happens(parts: StudioParts) -> None:
    layers = visual_branch(parts)[2].layers
    before = [layer.visual_scoring for layer in layers]
    with pytest.raises(RuntimeError), scoring(visual_branch(parts)[2], on=False):
        assert all(layer.visual_scoring is None for layer in layers)
        raise RuntimeError
    assert [layer.visual_scoring for layer in layers] == before


def test_without_influence_the_reference_does_not_matter(parts: StudioParts) -> None:
    first, second = (plan.trial for plan in planned(2, 1, 1))
    other = Trial(first.individual, first.scene, second.reference, first.seed, first.layout)
    plain = [draw_as(parts, [row], How(steps=2, influence=0.0)) for row in (first, other)]
    assert torch.equal(*plain)
    assert not torch.equal(*(draw_as(parts, [row], QUICK) for row in (first, other)))
