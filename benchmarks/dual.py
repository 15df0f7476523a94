"""Need likeness and text control be traded? Ours beside other methods, on the shipped model and on the same noise.

Every picture is one cell, measured once and kept in a file under IMPRIMATUR_HOME (else var/); a run that was stopped
goes on, several may fill one file. What the repository holds of this model's cells is taken over. With --write the
figures, the plot, the page of pictures and their part of docs/explanation/proof.md are made anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.progress import Progress

from benchmarks._dual_findings import Findings, print_findings
from benchmarks._dual_page import write_page
from benchmarks._dual_points import (
    FEW,
    adapter_entries,
    dial_entries,
    fitted_entries,
    in_rounds,
    main_entries,
    sweep_entries,
)
from benchmarks._report import Result, answer, asking
from generation.evaluation.cells import Cell, CellCache, fill, read_compact, write_compact
from generation.evaluation.comparison import Comparison
from generation.evaluation.plan import Planned, planned, planned_elsewhere
from generation.studio.loading import load_evaluator, load_studio
from generation.studio.weights import weights_digest

ROOT: Final = Path(__file__).parents[1]
COMMITTED: Final = ROOT / "docs" / "data" / "dual-cells.jsonl"
SMALL: Final = (4, 3, 1)  # individuals, prompts, seeds


class Dual:
    """The whole comparison: what is to be measured, in order, and what has been."""

    def __init__(self, folder: Path, *, small: bool = False) -> None:
        self.comparison = Comparison(load_studio(), load_evaluator(), weights_digest(), folder / "plain")
        self.plans = planned(*SMALL) if small else planned()
        self.elsewhere = planned_elsewhere(*SMALL) if small else planned_elsewhere()
        adapter, fitted = adapter_entries(self.comparison), fitted_entries(self.comparison, folder / "fits")
        self.main = main_entries(self.comparison, adapter)
        self.sweeps = sweep_entries(self.comparison, [*adapter, *fitted])
        self.dials = dial_entries(self.comparison)
        self.cache = CellCache(folder / "cells.jsonl")
        self._take_over()

    @property
    def few(self) -> list[Planned]:
        """The plans of the first FEW individuals, with one seed."""
        names = list(dict.fromkeys(plan.individual for plan in self.plans))[:FEW]
        return [plan for plan in self.plans if plan.individual in names and plan.seed == 0]

    def cells(self, part: str) -> list[Cell]:
        """All of them, the main comparison and the sweeps taking turns, or one part."""
        main = in_rounds(self.comparison, self.main, self.plans, 2)
        elsewhere = in_rounds(self.comparison, self.main, self.elsewhere, 2)
        sweeps = in_rounds(self.comparison, self.sweeps, self.few, 4)
        dials = in_rounds(self.comparison, self.dials, self.few, 4)
        first = [*main[:1], *elsewhere, *sweeps[:1], *main[1:2], *dials[:1]]
        order = {
            "all": [*first, *main[2:], *sweeps[1:], *dials[1:]],
            "main": [*main[:1], *elsewhere, *main[1:]],
            "sweeps": [*sweeps[:1], *dials[:1], *sweeps[1:], *dials[1:]],
        }
        return [cell for cells in order[part] for cell in cells]

    def write(self) -> None:
        """What was measured of this model, to be committed."""
        cells = {cell.digest(): cell for cell in self.cells("all")}
        write_compact(COMMITTED, [(cell, self.cache[cell]) for cell in cells.values() if cell in self.cache])

    def findings(self) -> Findings:
        """What the figures say so far."""
        return Findings(
            self.comparison,
            self.cache,
            plans=self.plans,
            elsewhere=self.elsewhere,
            few=self.few,
            main=self.main,
            sweeps=self.sweeps,
            dials=self.dials,
        )

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
        return fill(cells, dual.cache, dual.comparison.measure, minutes=minutes, advanced=advanced)


def main() -> None:
    """Measure what is missing, then say what the figures are."""
    home = Path(os.environ.get("IMPRIMATUR_HOME", ROOT / "var"))
    parser = asking(__doc__)
    parser.add_argument("--minutes", type=float, help="begin nothing new after so many; 0 only reports")
    parser.add_argument("--small", action="store_true", help="4 individuals, 3 prompts, 1 seed")
    parser.add_argument("--part", choices=("all", "main", "sweeps"), default="all")
    parser.add_argument("--folder", type=Path, default=home / "benchmarks" / "dual", help="of the cells")
    parser.add_argument("--write", action="store_true", help="also write docs/data, docs/images/dual and the page")
    asked = parser.parse_args()
    dual = Dual(asked.folder, small=asked.small)
    left = measure(dual, asked.part, asked.minutes)
    findings = dual.findings()
    if asked.write:
        dual.write()
        write_page(findings, ROOT / "docs")
    result: Result = {"benchmark": "dual", "model": dual.comparison.model, "left": left, **findings.as_json()}
    answer(result, print_findings, json=asked.json)


if __name__ == "__main__":
    main()
