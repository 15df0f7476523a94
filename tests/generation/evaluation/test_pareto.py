"""Does the plot hold every spot, and can any browser read it?"""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from generation.evaluation.bootstrap import interval
from generation.evaluation.pareto import Spot, pareto

SVG = "{http://www.w3.org/2000/svg}"


def spot(x: float, y: float, label: str = "") -> Spot:
    return Spot(interval([x - 0.01, x + 0.01]), interval([y - 0.01, y + 0.01]), label)


def test_further_right_is_more_alike_and_further_up_obeys_more() -> None:
    drawn = pareto(
        {"ours": [spot(0.3, 0.9, "0.5"), spot(0.7, 0.8, "1")], "<theirs>": [spot(0.5, 0.5)]},
        x_title="similarity",
        y_title="text match",
    )
    root = ElementTree.fromstring(drawn)  # noqa: S314
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"ours", "<theirs>", "0.5", "1", "similarity", "text match"} <= set(texts)
    places = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in root.iter(f"{SVG}circle")]
    (weak, strong), other = places[:2], places[2]
    assert weak[0] < other[0] < strong[0]
    assert weak[1] < strong[1] < other[1]
    assert all(0 < x < 760 and 0 < y < 520 for x, y in places)


def test_nothing_measured_is_said() -> None:
    with pytest.raises(ValueError, match="nothing to plot"):
        pareto({"ours": []}, x_title="x", y_title="y")
