"""Do the cards show what was measured? Read back from their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from generation.explain_cards import INSIDE, OUTSIDE, TILE, area_curve, explain_card, token_view, word_card
from generation.tracing import Explanation


def told(**changes: object) -> Explanation:
    values: dict[str, object] = {
        "words": ("a", "bottle", "on", "the", "beach"),
        "inside": (0.05, 0.7, 0.05, 0.1, 0.1),
        "outside": (0.1, 0.1, 0.1, 0.1, 0.6),
        "tokens": (np.array([[[0.0, 1.0], [0.0, 1.0]]], dtype=np.float32),),
    }
    return Explanation(**(values | changes))  # type: ignore[arg-type]


def of_colour(card: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    return (np.asarray(card) == colour).all(axis=2)


def longest(rows: np.ndarray) -> int:
    return int(rows.sum(axis=1).max())


def test_the_longest_bars_are_the_words_that_acted_most() -> None:
    card = word_card(told())
    inside, outside = of_colour(card, INSIDE), of_colour(card, OUTSIDE)
    row = lambda word: slice(22 * word + 2, 22 * word + 22)  # noqa: E731
    assert longest(inside[row(2)]) > 5 * longest(inside[row(5)])
    assert longest(outside[row(5)]) > 4 * longest(outside[row(2)])
    assert longest(inside[row(2)]) > longest(outside[row(5)])


def test_no_word_and_many_words_make_a_card() -> None:
    assert word_card(told(words=(), inside=(), outside=())).height > 0
    many = word_card(told(words=("w",) * 70, inside=(0.0,) * 70, outside=(0.0,) * 70))
    assert many.height < 700


@pytest.mark.parametrize(("area", "high"), [([1.0] * 10, True), ([0.0] * 10, False)])
def test_the_curve_stands_where_the_share_is(area: list[float], high: bool) -> None:
    ys, _ = np.nonzero(of_colour(area_curve(area), INSIDE))
    assert bool(ys.mean() < 20) is high


def test_one_step_is_a_curve_too() -> None:
    assert of_colour(area_curve([0.5]), INSIDE).any()


@pytest.mark.parametrize("seen", ["padded", "stretched"])
def test_tokens_that_did_not_get_in_are_dimmed(seen: str) -> None:
    reference = Image.new("RGB", (64, 64), (250, 30, 30))
    view = np.asarray(token_view(reference, told().tokens[0][0], seen)).astype(int)  # type: ignore[arg-type]
    left, right = view[TILE // 2, 10], view[TILE // 2, -10]
    assert right.tolist() == [250, 30, 30]
    assert left.max() < 100


def test_one_card_holds_everything_and_less_where_less_is_known() -> None:
    picture, masks = Image.new("RGB", (128, 128), "white"), np.full((5, 8, 8), 0.5, np.float32)
    reference = Image.new("RGB", (64, 96), (250, 30, 30))
    full = explain_card(picture, masks, [0.2] * 5, told(), [reference], "padded")
    without_words = explain_card(picture, masks, [0.2] * 5, None, [], "padded")
    assert full.height > without_words.height > 100
    assert of_colour(full, (250, 30, 30)).any()
    grey = explain_card(picture, masks, [0.2] * 5, told(), [], "padded")
    assert of_colour(grey, (150, 150, 150)).any(), "a reference that was not given is grey"
