"""What was measured of a method at one setting, and the tables made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from generation.evaluation.bootstrap import Interval, difference, interval
from generation.evaluation.cells import Cell, CellCache, Figures

Key = tuple[str, str, int]  # individual, prompt, seed

#: Column of the table -> figure of a cell.
COLUMNS: Final = {
    "similarity": "similarity",
    "attributes kept": "recovery",
    "text match": "text_match",
    "leak": "leak",
    "drift": "drift",
    "variety": "variety",
    "copied": "copied",
}
ATTRIBUTES: Final = {
    "main colour": "main",
    "accent colour": "accent",
    "pattern": "pattern",
    "emblem": "emblem",
}


@dataclass(frozen=True)
class Point:
    """One method at one setting, with the figures of every cell measured so far."""

    method: str
    label: str
    figures: Mapping[Key, Figures]

    def column(self, figure: str, keys: Sequence[Key]) -> list[float]:
        """Of the cells named, in their order. Raises KeyError for one that was not measured."""
        return [self.figures[key][figure] for key in keys]

    def mean(self, figure: str) -> Interval:
        """Of all cells that have it. Raises ValueError where there are none."""
        chosen = [key for key, found in self.figures.items() if figure in found]
        return interval(self.column(figure, chosen), [key[0] for key in chosen])


def point(label: str, cells: Sequence[Cell], cache: CellCache) -> Point | None:
    """Of what the cache has of one method's cells; None where it has nothing."""
    known = {(c.individual, c.prompt, c.seed): cache[c] for c in cells if c in cache}
    return Point(cells[0].method, label, known) if known else None


def shared_keys(points: Sequence[Point]) -> list[Key]:
    """Cells that all of them have, in the first one's order."""
    return [key for key in points[0].figures if all(key in other.figures for other in points)]


def aligned(points: Sequence[Point]) -> list[Point]:
    """The same with only the cells that all have, so that rows of a table can be read against each other."""
    keys = shared_keys(points) if points else []
    return [replace(one, figures={key: one.figures[key] for key in keys}) for one in points] if keys else list(points)


def paired(ours: Point, theirs: Point, figure: str) -> Interval:
    """Ours less theirs, cell by cell, on what both have."""
    keys = shared_keys([ours, theirs])
    return difference(ours.column(figure, keys), theirs.column(figure, keys), [key[0] for key in keys])


def table(points: Sequence[Point], columns: Mapping[str, str]) -> str:
    """Markdown: a row each, means with their 95 % intervals."""
    lines = [["method", *columns, "pictures"], ["---", *["---:"] * (len(columns) + 1)]]
    for one in points:
        cells = [_cell(one, figure) for figure in columns.values()]
        lines.append([one.label, *cells, str(len(one.figures))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(one: Point, figure: str) -> str:
    if not any(figure in found for found in one.figures.values()):
        return ""
    mean = one.mean(figure)
    return f"{mean.mean:.3f} <small>{mean.low:.3f}–{mean.high:.3f}</small>"
