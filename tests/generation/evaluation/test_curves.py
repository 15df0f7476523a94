"""Is a point above a curve exactly where it should be?"""

from __future__ import annotations

import math
import random

import pytest

from generation.evaluation.curves import best_at, lead
from generation.evaluation.points import Point, aligned, paired, shared_keys, table


def made(similarity: float, text_match: float, *, individuals: int = 12, noise: float = 0.02, seed: int = 0) -> Point:
    """Figures about those means, of as many individuals, two prompts each."""
    rng = random.Random(seed)
    figures = {
        (f"{i}", prompt, 0): {
            "similarity": similarity + rng.uniform(-noise, noise),
            "text_match": text_match + rng.uniform(-noise, noise),
        }
        for i in range(individuals)
        for prompt in ("a mug on the beach", "a mug in the snow")
    }
    return Point("some", f"{similarity}", figures)


CURVE = [(0.2, 0.9), (0.6, 0.7), (0.8, 0.3)]


def test_a_curve_is_straight_between_its_spots_and_ends_with_them() -> None:
    assert best_at(0.1, CURVE) == 0.9
    assert best_at(0.4, CURVE) == pytest.approx(0.8)
    assert best_at(0.7, CURVE) == pytest.approx(0.5)
    assert best_at(0.8, CURVE) == 0.3
    assert best_at(0.81, CURVE) == -math.inf


def test_a_curve_that_turns_back_counts_with_its_better_side() -> None:
    assert best_at(0.5, [(0.2, 0.9), (0.6, 0.7), (0.3, 0.2)]) == pytest.approx(0.75)


def test_we_lead_where_the_curve_is_below_us() -> None:
    curve = [made(at, of, seed=place) for place, (at, of) in enumerate(CURVE)]
    led = lead(made(0.6, 0.85, seed=9), curve, at="similarity", of="text_match")
    assert led.holds
    assert led.mean == pytest.approx(0.15, abs=0.03)
    assert led.low < led.mean < led.high
    assert (led.pictures, led.sure) == (24, 1.0)
    behind = lead(made(0.6, 0.6, seed=9), curve, at="similarity", of="text_match")
    assert (behind.holds, behind.sure) == (False, 0.0)


def test_a_curve_that_never_comes_so_far_is_out_of_reach() -> None:
    curve = [made(at, of, seed=place) for place, (at, of) in enumerate(CURVE)]
    led = lead(made(0.95, 0.2, seed=9), curve, at="similarity", of="text_match")
    assert (led.holds, str(led)) == (True, "out of the curve's reach")


def test_of_what_is_better_low_the_lead_is_how_far_we_are_below() -> None:
    curve = [made(at, of, seed=place) for place, (at, of) in enumerate([(0.2, 0.1), (0.6, 0.2), (0.8, 0.5)])]
    below = lead(made(0.6, 0.05, seed=9), curve, at="similarity", of="text_match", low=True)
    assert below.holds
    assert below.mean == pytest.approx(0.15, abs=0.03)
    above = lead(made(0.6, 0.3, seed=9), curve, at="similarity", of="text_match", low=True)
    assert (above.holds, above.sure) == (False, 0.0)
    assert above.mean == pytest.approx(-0.1, abs=0.03)


def test_only_what_both_measured_is_compared() -> None:
    ours, theirs = made(0.6, 0.8), made(0.5, 0.8, individuals=5, seed=3)
    assert len(shared_keys([ours, theirs])) == 10
    assert paired(ours, theirs, "similarity").mean == pytest.approx(0.1, abs=0.03)
    stranger = Point("other", "other", {("x", "y", 0): {"similarity": 1.0, "text_match": 1.0}})
    with pytest.raises(ValueError, match="no cell in common"):
        lead(ours, [stranger], at="similarity", of="text_match")


def test_rows_to_be_read_against_each_other_have_the_same_cells() -> None:
    ours, theirs = aligned([made(0.6, 0.8), made(0.5, 0.8, individuals=5)])
    assert list(ours.figures) == list(theirs.figures)
    assert len(ours.figures) == 10
    stranger = Point("other", "other", {("x", "y", 0): {"similarity": 1.0}})
    assert aligned([ours, stranger]) == [ours, stranger]
    assert aligned([]) == []


def test_a_table_says_how_many_pictures_and_leaves_out_what_was_not_measured() -> None:
    rows = table([made(0.6, 0.8)], {"likeness": "similarity", "variety": "variety"}).splitlines()
    assert rows[0] == "| method | likeness | variety | pictures |"
    assert rows[2].startswith("| 0.6 | 0.6")
    assert rows[2].endswith("|  | 24 |")
