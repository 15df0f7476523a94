"""Why a picture looks as it does, as the review page draws it: bars for words, a veil over the reference's parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from generation.profiles import UnknownProfile, get_profile
from imprimatur.generations import explanations
from imprimatur.generations.models import Output
from imprimatur.library.models import ReferenceImage

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
class Veiled:
    """A reference under its veil. got_in: share of its parts, on average over the steps."""

    reference: ReferenceImage
    cells: list[Cell]
    got_in: float


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What the page shows; no words where the model kept no account. fit: how references fill their squares."""

    words: list[WordRow]
    veiled: list[Veiled]
    fit: str


def explained(output: Output) -> Explained:
    """Of every subject its first reference; the first one's stands beside the picture."""
    told = explanations.of(output)
    leading = zip(output.generation.leading_references, told["tokens"], strict=False)
    return Explained(
        words=_rows(told["words"]),
        veiled=[_veiled(reference, grids[0]) for reference, grids in leading if grids],
        fit="none" if _is_stretched(output) else "xMidYMid meet",
    )


def _veiled(reference: ReferenceImage, grid: list[list[float]]) -> Veiled:
    shares = [share for row in grid for share in row]
    got_in = sum(shares) / len(shares) if shares else 0.0
    return Veiled(reference=reference, cells=_cells(grid), got_in=got_in)


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
