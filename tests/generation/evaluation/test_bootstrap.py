"""Do the bounds say how sure a mean is?"""

from __future__ import annotations

import numpy as np
import pytest

from generation.evaluation.bootstrap import difference, interval


def test_the_mean_lies_between_its_bounds_and_the_same_seed_gives_the_same() -> None:
    values = np.random.default_rng(1).random(50).tolist()
    found = interval(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.low < found.mean < found.high
    assert found == interval(values)
    assert (found.count, found.groups) == (50, 50)


def test_bounds_hold_the_true_mean_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(2)
    held = [0.0 + (f.low <= 0.5 <= f.high) for f in (interval(rng.random(40).tolist(), seed=i) for i in range(200))]
    assert 0.88 <= np.mean(held) <= 0.99


def test_pictures_of_one_individual_do_not_count_as_many() -> None:
    means = np.random.default_rng(3).random(10)
    values = np.repeat(means, 20).tolist()
    alone, grouped = interval(values), interval(values, np.repeat(np.arange(10), 20).tolist())
    assert grouped.groups == 10
    assert grouped.mean == pytest.approx(alone.mean)
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)


def test_pairs_show_a_difference_that_means_hide() -> None:
    rng = np.random.default_rng(4)
    theirs = rng.random(30)
    ours = theirs + 0.05 + rng.normal(0, 0.01, 30)
    assert difference(ours.tolist(), theirs.tolist()).low > 0
    assert interval(ours.tolist()).low < interval(theirs.tolist()).high


def test_nothing_and_unequal_lists_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        interval([])
    with pytest.raises(ValueError, match="zip"):
        difference([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="zip"):
        interval([1.0, 2.0], ["a"])
