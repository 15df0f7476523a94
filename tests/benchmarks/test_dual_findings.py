"""Are the claims of the comparison what the figures say, also where they say no?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks._dual_findings import Findings, Verdict, print_findings
from benchmarks._dual_points import ADAPTER, NO_MASK, OURS, PLAIN
from generation.evaluation.cells import CellCache
from tests.benchmarks.dual_cells import LEADING, USUAL_ENTRIES, comparison, field, fill, found_in

TEXT, ALIKE = "at equal similarity our text match", "at equal text match our similarity"
LEAK, DRIFT = "at equal similarity we leak less", "at equal similarity we drift less"


def verdicts(folder: Path, means: Mapping[str, Mapping[str, float]]) -> dict[str, Verdict]:
    return {one.claim: one for one in found_in(folder, means).wall.verdicts()}


def about(found: Mapping[str, Verdict], start: str, curve: str) -> Verdict:
    (one,) = [verdict for claim, verdict in found.items() if claim.startswith(start) and claim.endswith(f" {curve}")]
    return one


def test_a_lead_over_every_setting_holds_in_all_four_ways(tmp_path: Path) -> None:
    found = verdicts(tmp_path, LEADING)
    assert [about(found, claim, ADAPTER).holds for claim in (TEXT, ALIKE, LEAK, DRIFT)] == [True] * 4
    # Half way from 0.8 to 0.7, where the curve is as alike as ours: 0.945 - 0.75.
    assert about(found, TEXT, ADAPTER).found.startswith("+0.195 [")
    assert about(found, LEAK, ADAPTER).found.startswith("+0.140 [")
    assert about(found, DRIFT, ADAPTER).found.startswith("+0.035 [")
    assert about(found, ALIKE, ADAPTER).found.startswith("out of the curve's reach, in 100%")


def test_what_is_level_is_no_lead(tmp_path: Path) -> None:
    found = verdicts(tmp_path, LEADING)
    assert [about(found, claim, NO_MASK).holds for claim in (TEXT, ALIKE, LEAK, DRIFT)] == [False, False, False, True]
    assert about(found, TEXT, NO_MASK).found.startswith("+0.000 [")
    assert str(about(found, TEXT, NO_MASK)).endswith("does **not** hold")
    assert str(about(found, DRIFT, NO_MASK)).endswith("**holds**")


def test_whoever_is_behind_is_said_to_be(tmp_path: Path) -> None:
    behind = LEADING | {OURS: {"similarity": 0.6, "text_match": 0.7, "leak": 0.3, "drift": 0.2}}
    found = verdicts(tmp_path, behind)
    assert not any(about(found, claim, ADAPTER).holds for claim in (TEXT, ALIKE, LEAK, DRIFT))
    assert about(found, TEXT, ADAPTER).found.startswith("-0.100 [")
    assert about(found, LEAK, ADAPTER).found.startswith("-0.200 [")
    assert not found["text match within 2% of words alone"].holds


def test_one_setting_that_is_better_is_enough_to_deny_a_lead(tmp_path: Path) -> None:
    found = verdicts(tmp_path, LEADING | {f"{ADAPTER} 1.5": {"similarity": 0.72, "text_match": 0.96}})
    assert not about(found, TEXT, ADAPTER).holds


def test_control_is_measured_against_words_alone(tmp_path: Path) -> None:
    found = verdicts(tmp_path, LEADING)
    assert found["text match within 2% of words alone"].found == "-0.005 [-0.005, -0.005]"
    assert found["text match within 2% of words alone"].holds
    assert found["similarity above words alone"].found.startswith("+0.500")
    assert found["no step of training at test time"].holds
    learnt = verdicts(tmp_path / "2", LEADING | {OURS: LEADING[OURS] | {"test_time_steps": 3.0}})
    assert not learnt["no step of training at test time"].holds
    unlike = verdicts(tmp_path / "3", LEADING | {OURS: {"similarity": 0.1, "text_match": 0.95}})
    assert not unlike["similarity above words alone"].holds


def test_nothing_is_claimed_before_ours_and_words_alone_were_measured(tmp_path: Path) -> None:
    for missing in (OURS, PLAIN):
        assert verdicts(tmp_path / missing, {k: v for k, v in LEADING.items() if k != missing}) == {}
    assert verdicts(tmp_path / "none", {}) == {}


def test_nothing_is_claimed_of_a_curve_without_our_trials(tmp_path: Path) -> None:
    owner, cache, of = comparison(tmp_path), CellCache(tmp_path / "cells.jsonl"), field()
    fill(cache, owner, of, {label: means for label, means in LEADING.items() if not label.startswith(ADAPTER)})
    claims = [one.claim for one in Findings(owner, cache, of).verdicts()]
    assert any(claim.endswith(NO_MASK) for claim in claims)
    assert not any(claim.endswith(ADAPTER) for claim in claims)


def test_rows_on_all_individuals_have_the_same_cells(tmp_path: Path) -> None:
    owner, cache, of = comparison(tmp_path), CellCache(tmp_path / "cells.jsonl"), field()
    fill(cache, owner, of, {label: means for label, means in LEADING.items() if label != ADAPTER})
    adapter = of.main[3]
    one = owner.cells(adapter.method, of.plans[:1])[0]
    cache.add([(one, {"similarity": 0.8, "text_match": 0.7})])
    assert {len(point.figures) for point in Findings(owner, cache, of).main_points} == {1}


def test_a_curve_goes_from_weak_to_strong_and_a_row_stands_once(tmp_path: Path) -> None:
    found = found_in(tmp_path).wall
    assert [spot for spot, _ in found.curves[ADAPTER]] == ["0.5", "1", "1.5"]
    twice = field([*USUAL_ENTRIES, USUAL_ENTRIES[3]])
    again = Findings(found.comparison, found.cache, twice)
    assert [one.label for one in again.curve_points] == [one.label for one in found.curve_points]
    assert [spot for spot, _ in again.curves[ADAPTER]] == ["0.5", "1", "1.5"]


def test_the_same_claim_of_both_kinds_of_references_stands_in_one_row(tmp_path: Path) -> None:
    found = found_in(tmp_path)
    rows = found.verdicts()
    wall, there = rows[f"{DRIFT} than every setting of {ADAPTER}"]
    assert wall is not None
    assert there is not None
    assert (wall.found[:6], there.found[:6]) == ("+0.035", "+0.070")
    assert len(rows) == 3 + 4 * 2


def test_lines_for_a_terminal_name_what_does_not_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"contests": {"shipped": found_in(tmp_path).as_json()}, "left": 7}
    print_findings(result)
    printed = capsys.readouterr().out
    assert "shipped, wall" in printed
    assert "shipped, elsewhere" in printed
    assert f"NOT  {TEXT} is above every setting of {NO_MASK}" in printed
    assert f"ok   {TEXT} is above every setting of {ADAPTER}" in printed
    assert printed.rstrip().endswith("7 cells are left")
