"""Need likeness and text control be traded? Ours beside other methods, on the shipped model and on the same noise.

Two contests by the same code: the shipped visual branch, learnt from text-image pairs alone as the papers train it,
and one taught with other views of each individual, each with an IP-Adapter taught alike. Every picture is one cell,
measured once and kept in a file under IMPRIMATUR_HOME (else var/); a run that was stopped goes on, several may fill
one file. What the repository holds of this base's cells is taken over. With --write the figures, the plots, the
pages of pictures and their part of docs/explanation/proof.md are made anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rich.progress import Progress

from benchmarks._dual_checks import Checks, checks
from benchmarks._dual_contest import SHIPPED, VIEWS, Contest, other_views, shipped, trials
from benchmarks._dual_findings import Both, both, print_findings
from benchmarks._dual_page import Report, write_page
from benchmarks._report import Result, answer, asking
from generation.evaluation.cells import Cell, CellCache, fill, read_compact, write_compact
from generation.evaluation.comparison import Comparison
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.looking import evaluator_figures
from generation.studio.weights import base_digest

ROOT: Final = Path(__file__).parents[1]
COMMITTED: Final = ROOT / "docs" / "data" / "dual-cells.jsonl"
CHECKS: Final = "checks"
PARTS: Final = ("all", SHIPPED, VIEWS, CHECKS)


class Dual:
    """The whole comparison: what is to be measured, in order, and what has been."""

    def __init__(self, folder: Path, *, small: bool = False) -> None:
        self.comparison = Comparison(load_studio(), load_evaluator(), base_digest(), folder / "plain")
        on, fits = trials(small=small), folder / "fits"
        theirs = shipped(self.comparison, on, fits)
        views = other_views(self.comparison, on)
        self.contests: list[Contest] = [theirs, *([views] if views else [])]
        self.checks: Checks = checks(self.comparison, theirs.wall, fits)
        self.cache = CellCache(folder / "cells.jsonl")
        self._take_over()

    def cells(self, part: str) -> list[Cell]:
        """Of one contest, of the checks, or all."""
        found = {contest.key: contest.cells(self.comparison) for contest in self.contests}
        found[CHECKS] = self.checks.cells()
        return [cell for name, cells in found.items() if part in (name, "all") for cell in cells]

    def measure(self, cells: Sequence[Cell]) -> list[dict[str, float]]:
        """Of cells that are alike, by the comparison that draws in their precision."""
        wide = cells[0].settings["precision"] == self.checks.wide.precision
        return (self.checks.wide if wide else self.comparison).measure(cells)

    def write(self) -> None:
        """What was measured of this model, to be committed."""
        cells = {cell.digest(): cell for cell in self.cells("all")}
        write_compact(COMMITTED, [(cell, self.cache[cell]) for cell in cells.values() if cell in self.cache])

    def findings(self) -> list[Both]:
        """What the figures say so far."""
        return [both(self.comparison, self.cache, contest) for contest in self.contests]

    def report(self) -> Report:
        """All that the page says."""
        parts, evaluator = self.comparison.parts, self.comparison.evaluator
        trusted = {
            "held-out drawings": evaluator_figures(evaluator),
            "the same, decoded from their latents": evaluator_figures(evaluator, parts.autoencoder),
        }
        return Report(self.findings(), self.checks.precision(self.cache), self.checks.longer(self.cache), trusted)

    def _take_over(self) -> None:
        """Cells of this model that the repository holds."""
        if COMMITTED.exists():
            held = [pair for pair in read_compact(COMMITTED) if pair[0] not in self.cache]
            self.cache.add([pair for pair in held if pair[0].model == self.comparison.model])


def measure(dual: Dual, part: str, minutes: float | None) -> int:
    """Fill the cells behind a progress bar; how many are left."""
    cells = dual.cells(part)
    with Progress() as progress:
        task = progress.add_task("cells", total=len(dual.cache.missing(cells)))
        advanced: Callable[[int], None] = lambda count: progress.advance(task, count)  # noqa: E731
        return fill(cells, dual.cache, dual.measure, minutes=minutes, advanced=advanced)


def main() -> None:
    """Measure what is missing, then say what the figures are."""
    home = Path(os.environ.get("IMPRIMATUR_HOME", ROOT / "var"))
    parser = asking(__doc__)
    parser.add_argument("--minutes", type=float, help="begin nothing new after so many; 0 only reports")
    parser.add_argument("--small", action="store_true", help="4 individuals, 3 prompts, 1 seed")
    parser.add_argument("--part", choices=PARTS, default="all")
    parser.add_argument("--folder", type=Path, default=home / "benchmarks" / "dual", help="of the cells")
    parser.add_argument("--write", action="store_true", help="also write docs/data, docs/images/dual and the page")
    asked = parser.parse_args()
    dual = Dual(asked.folder, small=asked.small)
    left = measure(dual, asked.part, asked.minutes)
    findings = {found.contest.key: found.as_json() for found in dual.findings()}
    if asked.write:
        dual.write()
        write_page(dual.report(), ROOT / "docs")
    result: Result = {"benchmark": "dual", "model": dual.comparison.model, "left": left, "contests": findings}
    answer(result, print_findings, json=asked.json)


if __name__ == "__main__":
    main()
