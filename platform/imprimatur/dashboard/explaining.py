"""Why a picture looks as it does, as the review page draws it: bars for words, a veil over the reference's parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from generation.profiles import UnknownProfile, get_profile
from imprimatur.generations import explanations
from imprimatur.generations.models import Output

BAR: Final = 100.0  # units of the widest bar
SQUARE: Final = 100.0  # units of the reference's side
VEIL: Final = 0.85  # how dark a part is that never got in
FAINTEST: Final = 0.04


@dataclass(frozen=True, kw_only=True)
class WordRow:
    """One word: shares in [0, 1], and bars as text in units of BAR."""

    word: str
    inside: float
    outside: float
    inside_bar: str
    outside_bar: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One part of the reference, dimmed by how seldom it got in. All in units of SQUARE, as SVG wants them."""

    x: str
    y: str
    width: str
    height: str
    veil: str


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What the page shows; no words where the model kept no account. fit: how the reference fills its square."""

    words: list[WordRow]
    cells: list[Cell]
    fit: str
    got_in: float


def explained(output: Output) -> Explained:
    """Of the first subject's first reference, which is the one beside the picture."""
    told = explanations.of(output)
    grid: list[list[float]] = next((grid for subject in told["tokens"] for grid in subject), [])
    shares = [share for row in grid for share in row]
    return Explained(
        words=_rows(told["words"]),
        cells=_cells(grid),
        fit="none" if _is_stretched(output) else "xMidYMid meet",
        got_in=sum(shares) / len(shares) if shares else 0.0,
    )


def _rows(words: list[dict[str, Any]]) -> list[WordRow]:
    longest = max((max(w["inside"], w["outside"]) for w in words), default=0.0) or 1.0
    return [
        WordRow(
            word=w["word"],
            inside=w["inside"],
            outside=w["outside"],
            inside_bar=f"{BAR * w['inside'] / longest:.1f}",
            outside_bar=f"{BAR * w['outside'] / longest:.1f}",
        )
        for w in words
    ]


def _cells(grid: list[list[float]]) -> list[Cell]:
    if not grid or not grid[0]:
        return []
    height, width = SQUARE / len(grid), SQUARE / len(grid[0])
    return [
        Cell(
            x=f"{column * width:.2f}",
            y=f"{row * height:.2f}",
            width=f"{width:.2f}",
            height=f"{height:.2f}",
            veil=f"{VEIL * (1 - share):.2f}",
        )
        for row, shares in enumerate(grid)
        for column, share in enumerate(shares)
        if VEIL * (1 - share) >= FAINTEST
    ]


def _is_stretched(output: Output) -> bool:
    try:
        return get_profile(output.generation.spec["profile"]).seen == "stretched"
    except UnknownProfile:
        return False
