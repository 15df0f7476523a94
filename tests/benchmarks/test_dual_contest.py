"""Is everything measured in an order that leaves every method as much, and does every committed cell still count?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks._dual_checks import Checks, prompts
from benchmarks._dual_contest import Contest, first, in_rounds
from benchmarks._dual_points import ADAPTER, OURS, PLAIN, taught_by_pairs, taught_by_views
from benchmarks.dual import COMMITTED, Dual
from generation.attention import visual_state_dict
from generation.evaluation.baselines.branches import branch_digest, write_branch
from generation.evaluation.cells import CellCache, read_compact
from tests.benchmarks.dual_cells import PEOPLE, USUAL_ENTRIES, Shade, comparison, few_trials, field


@pytest.fixture(scope="module")
def dual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dual]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Dual(tmp_path_factory.mktemp("dual"))
    torch.set_num_threads(threads)


def test_a_round_has_as_many_prompts_of_every_individual_and_method(tmp_path: Path) -> None:
    owner = comparison(tmp_path)
    rounds = in_rounds(owner, USUAL_ENTRIES[:2], few_trials())
    assert [len(cells) for cells in rounds] == [2 * PEOPLE, 2 * PEOPLE]
    assert len({cell.individual for cell in rounds[0]}) == PEOPLE
    assert not {cell.prompt for cell in rounds[0]} & {cell.prompt for cell in rounds[1]}
    assert [cell.method for cell in rounds[0]] == [PLAIN] * PEOPLE + [OURS] * PEOPLE


def test_a_contest_measures_curves_first_and_dials_last(tmp_path: Path) -> None:
    owner, wall = comparison(tmp_path), field()
    dials = [replace(USUAL_ENTRIES[0], label="dial", method=Shade("dial"))]
    few = first(wall.plans, 2)
    made = Contest(
        "shipped",
        "S",
        replace(wall, several=few, few=few, dials=dials),
        replace(field(elsewhere=True), several=few[:1]),
    )
    cells = made.cells(owner)
    assert {cell.method for cell in cells[-len(few) :]} == {"dial"}
    assert cells[0].individual == few[0].individual
    every = {
        cell.digest()
        for fields in (made.wall, made.elsewhere)
        for cell in owner.cells(wall.main[1].method, fields.plans)
    }
    assert every <= {cell.digest() for cell in cells}


def test_first_takes_one_seed_of_the_first_individuals() -> None:
    other = replace(few_trials()[0], seed=1)
    chosen = first([other, *few_trials()], 2)
    assert len(chosen) == 4
    assert {plan.seed for plan in chosen} == {0}
    assert len(prompts(chosen, 1)) == 2


def test_every_committed_cell_of_this_model_is_one_of_the_comparison(dual: Dual) -> None:
    known = {cell.digest() for cell in dual.cells("all")}
    held = [cell for cell, _ in read_compact(COMMITTED) if cell.model == dual.comparison.model]
    assert len(held) > 4000
    assert [cell for cell in held if cell.digest() not in known] == []
    assert all(cell in dual.cache for cell in held)


def test_methods_of_one_table_are_told_apart_by_their_cells(dual: Dual) -> None:
    for contest in dual.contests:
        for fields in (contest.wall, contest.elsewhere):
            labels = {entry.label: entry for entry in [*fields.main, *fields.sweeps, *fields.costly, *fields.dials]}
            alike = {dual.comparison.cells(entry.method, fields.plans[:1])[0].alike for entry in labels.values()}
            # "mask frozen after" and "scope, quantity" are other settings than the main ones.
            assert len(alike) == len(labels)
    assert [entry.label for entry in dual.contests[0].wall.main][-1] == f"{ADAPTER}, scale 1"


def test_another_branch_has_cells_of_its_own_and_of_another_base_is_none(dual: Dual, tmp_path: Path) -> None:
    parts, model, file = dual.comparison.parts, dual.comparison.model, tmp_path / "branch.safetensors"
    assert taught_by_views(parts, model, file) is None
    state = visual_state_dict(parts.unet)
    write_branch(file, state, "another base", {})
    assert taught_by_views(parts, model, file) is None
    # The released tensors are the released branch, in whatever file they lie.
    write_branch(file, state, model, {})
    assert branch_digest(file) == taught_by_pairs(parts).branch
    write_branch(file, {name: tensor + 1 for name, tensor in state.items()}, model, {})
    taught = taught_by_views(parts, model, file)
    assert taught is not None
    assert taught.ours().settings["branch"] == branch_digest(file)
    plan = dual.contests[0].wall.plans[:1]
    theirs, shipped = (
        dual.comparison.cells(entry, plan)[0] for entry in (taught.ours(), dual.contests[0].wall.main[1].method)
    )
    assert theirs.digest() != shipped.digest()
    assert {**theirs.settings, "branch": ""} == {**shipped.settings, "branch": ""}


def test_in_float32_each_method_has_a_cell_of_its_own_measured_by_the_wide_comparison(dual: Dual) -> None:
    wide = [cell for cell in dual.checks.cells() if cell.settings["precision"] == "float32"]
    narrow = {cell.digest() for contest in dual.contests for cell in contest.cells(dual.comparison)}
    assert {cell.method for cell in wide} == {"words alone", "ours", "ip-adapter"}
    assert len(wide) == 4 * 2 * 10
    assert not narrow & {cell.digest() for cell in wide}


def test_what_was_measured_twice_is_set_side_by_side(tmp_path: Path) -> None:
    owner, wide = comparison(tmp_path), comparison(tmp_path)
    wide.precision = "float32"
    wide.plain = owner.plain
    plans = few_trials()[:2]
    asked = Checks(owner, wide, USUAL_ENTRIES[1:3], USUAL_ENTRIES[3:], plans, plans)
    cache = CellCache(tmp_path / "cells.jsonl")
    assert asked.precision(cache) == []
    assert asked.longer(cache) == []
    cache.add([(cell, {"similarity": 0.1 * place}) for place, cell in enumerate(asked.cells())])
    cache.add([(cell, {"similarity": 0.5}) for cell in owner.cells(USUAL_ENTRIES[1].method, plans)])
    ((narrow, other),) = asked.precision(cache)
    assert (narrow.label, narrow.mean("similarity").mean) == (OURS, 0.5)
    assert other.mean("similarity").mean == pytest.approx(0.05)
    assert len(asked.longer(cache)) == len(USUAL_ENTRIES[3:])
