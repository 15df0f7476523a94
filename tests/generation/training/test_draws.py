"""Does chance fall as the recipe says, and only by the numbers of row and step?"""

from __future__ import annotations

import pytest
import torch

from generation.training.draws import Draws, Recipe, draws_at

LATENT = (2, 2, 2)


def drawn(recipe: Recipe, step: int, rows: range, seed: int = 0) -> Draws:
    return draws_at(recipe, seed, step=step, rows=rows, latent=LATENT)


def test_conditions_are_dropped_as_often_as_the_recipe_says_and_apart() -> None:
    draws = drawn(Recipe(text_dropout=0.1, reference_dropout=0.2), 0, range(8000))
    assert (draws.words == 0).float().mean().item() == pytest.approx(0.1, abs=0.012)
    assert (draws.references == 0).float().mean().item() == pytest.approx(0.2, abs=0.015)
    both = ((draws.words == 0) & (draws.references == 0)).float().mean().item()
    assert both == pytest.approx(0.02, abs=0.007)


def test_no_dropout_drops_nothing() -> None:
    draws = drawn(Recipe(text_dropout=0, reference_dropout=0), 0, range(500))
    assert draws.words.all()
    assert draws.references.all()


def test_the_quantity_is_uniform_between_its_bounds() -> None:
    quantities = torch.tensor([drawn(Recipe(), step, range(1)).quantity for step in range(3000)])
    assert 0.3 <= quantities.min() < 0.302
    assert 0.998 < quantities.max() <= 1.0
    shares = torch.histc(quantities, bins=7, min=0.3, max=1.0) / 3000
    assert (shares - 1 / 7).abs().max() < 0.025


def test_times_are_uniform_or_favour_noise() -> None:
    even = drawn(Recipe(), 0, range(6000)).times
    assert even.min() < 5
    assert even.max() > 994
    assert even.float().mean().item() == pytest.approx(499.5, abs=12)
    noisy = drawn(Recipe(time_exponent=0.7), 0, range(6000)).times.float().mean().item()
    assert noisy == pytest.approx(1000 / 1.7, abs=12)


def test_masks_come_in_their_shares() -> None:
    recipe = Recipe(own_mask=0.6, perfect_mask=0.15)
    kinds = [drawn(recipe, step, range(1)).mask for step in range(3000)]
    assert kinds.count("own") / 3000 == pytest.approx(0.6, abs=0.03)
    assert kinds.count("perfect") / 3000 == pytest.approx(0.15, abs=0.02)
    assert {drawn(Recipe(), step, range(1)).mask for step in range(50)} == {"none"}


def test_two_halves_of_a_step_are_the_whole() -> None:
    whole, first, second = (drawn(Recipe(), 5, rows) for rows in (range(40, 48), range(40, 44), range(44, 48)))
    for name in ("noise", "encoding", "times", "words", "references"):
        halves = torch.cat([getattr(first, name), getattr(second, name)])
        assert torch.equal(getattr(whole, name), halves)
    assert whole.quantity == first.quantity == second.quantity


def test_seeds_rows_and_both_noises_differ() -> None:
    draws = drawn(Recipe(), 0, range(2))
    assert not torch.equal(draws.noise[0], draws.noise[1])
    assert not torch.equal(draws.noise, draws.encoding)
    assert not torch.equal(draws.noise, drawn(Recipe(), 0, range(2), seed=1).noise)
