"""Does a claim hang on how the comparison was run? Some of it again in float32, and one method with more steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks._dual_contest import FEW, Field, first
from benchmarks._dual_points import INVERSION, PLAIN, Entry, inversion_entry
from generation.evaluation.cells import Cell, CellCache
from generation.evaluation.comparison import Comparison
from generation.evaluation.plan import Planned
from generation.evaluation.points import Point, aligned, point

#: Ten times what was tuned.
LONG: Final = 1600
#: Individuals and prompts of the longer fits, prompts of the drawings in float32.
LEARNERS, PROMPTS, WIDE_PROMPTS = 3, 4, 2


@dataclass(frozen=True)
class Checks:
    """Drawings of `entries` in the comparison's precision and in float32, and Textual Inversion at four lengths."""

    comparison: Comparison
    wide: Comparison
    entries: Sequence[Entry]
    lengths: Sequence[Entry]
    plans: Sequence[Planned]
    learnt: Sequence[Planned]

    def cells(self) -> list[Cell]:
        """Those in float32 first; `wide` measures them."""
        wide = [cell for entry in self._wide_entries() for cell in self.wide.cells(entry.method, self.plans)]
        longer = [cell for entry in self.lengths for cell in self.comparison.cells(entry.method, self.learnt)]
        return [*wide, *longer]

    def precision(self, cache: CellCache) -> list[tuple[Point, Point]]:
        """Each method as it was compared and in float32, as far as both were measured."""
        narrow = self._points(self.comparison, self.entries, self.plans, cache)
        wide = self._points(self.wide, self._wide_entries(), self.plans, cache)
        return [(narrow[label], wide[label]) for label in narrow if label in wide]

    def longer(self, cache: CellCache) -> list[Point]:
        """From the fewest steps to the most, on the same cells."""
        return aligned(list(self._points(self.comparison, self.lengths, self.learnt, cache).values()))

    def _wide_entries(self) -> list[Entry]:
        """The same methods; words alone are each comparison's own."""
        own = Entry(PLAIN, self.wide.plain)
        return [own if entry.label == PLAIN else entry for entry in self.entries]

    def _points(
        self, comparison: Comparison, entries: Sequence[Entry], plans: Sequence[Planned], cache: CellCache
    ) -> dict[str, Point]:
        found = {entry.label: point(entry.label, comparison.cells(entry.method, plans), cache) for entry in entries}
        return {label: one for label, one in found.items() if one is not None}


def checks(comparison: Comparison, wall: Field, folder: Path) -> Checks:
    """wall: of the shipped model, with what is learnt for each individual. folder: where fits lie."""
    wide = Comparison(comparison.parts, comparison.evaluator, comparison.model, comparison.folder, "float32")
    lengths = [entry for entry in wall.costly if entry.curve == INVERSION]
    return Checks(
        comparison,
        wide,
        [entry for entry in wall.main if entry.shown or entry.label == PLAIN],
        [*lengths[::-1], inversion_entry(comparison, folder, LONG)],
        prompts(first(wall.plans, FEW), WIDE_PROMPTS),
        prompts(first(wall.plans, LEARNERS), PROMPTS),
    )


def prompts(plans: Sequence[Planned], count: int) -> list[Planned]:
    """The first prompts of each individual, of plans with one seed."""
    seen: dict[str, int] = {}
    kept = []
    for plan in plans:
        seen[plan.individual] = seen.get(plan.individual, 0) + 1
        if seen[plan.individual] <= count:
            kept.append(plan)
    return kept
