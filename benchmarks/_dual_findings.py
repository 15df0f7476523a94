"""What the cells of `./run bench dual` say: points, curves, and the verdicts computed of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from benchmarks._dual_points import OURS, PLAIN, TOLD, TRUTH, Entry
from benchmarks._report import Result
from generation.evaluation.bootstrap import Interval
from generation.evaluation.cells import CellCache
from generation.evaluation.comparison import Comparison
from generation.evaluation.curves import lead
from generation.evaluation.plan import Planned
from generation.evaluation.points import ATTRIBUTES, COLUMNS, Point, aligned, paired, point, shared_keys

WITHIN: Final = 0.02  # of what words alone obey
COST: Final = {"test-time steps": "test_time_steps", "seconds a subject": "test_time_seconds"}


@dataclass(frozen=True)
class Verdict:
    """One claim, what was measured of it, and whether the whole interval is on its side."""

    claim: str
    found: str
    holds: bool

    def __str__(self) -> str:
        return f"| {self.claim} | {self.found} | {'**holds**' if self.holds else 'does **not** hold'} |"


@dataclass(frozen=True)
class Findings:
    """All that can be said of the cells measured so far."""

    comparison: Comparison
    cache: CellCache
    plans: Sequence[Planned]
    elsewhere: Sequence[Planned]
    few: Sequence[Planned]
    main: Sequence[Entry]
    sweeps: Sequence[Entry]
    dials: Sequence[Entry]

    def points(self, entries: Sequence[Entry], plans: Sequence[Planned]) -> list[Point]:
        """Those of which something was measured."""
        found = [point(entry.label, self.comparison.cells(entry.method, plans), self.cache) for entry in entries]
        return [one for one in found if one is not None]

    @cached_property
    def main_points(self) -> list[Point]:
        """On all individuals, the same cells for every method."""
        return aligned(self.points(self.main, self.plans))

    @cached_property
    def elsewhere_points(self) -> list[Point]:
        """With references taken in another scene, the same cells for every method."""
        return aligned(self.points(self.main, self.elsewhere))

    @cached_property
    def few_points(self) -> list[Point]:
        """On the individuals of the sweeps, the main methods first."""
        return self.points([*self.main, *self.sweeps], self.few)

    @cached_property
    def dial_points(self) -> list[Point]:
        """Scope x quantity and early stop, on the individuals of the sweeps."""
        return self.points([*self.dials], self.few)

    @cached_property
    def curves(self) -> dict[str, list[tuple[str, Point]]]:
        """Curve -> its spots' words and points, from the weakest setting to the strongest."""
        named = {one.label: one for one in self.few_points}
        found: dict[str, list[tuple[str, Point]]] = {}
        for entry in [*self.main, *self.sweeps]:
            if entry.curve and entry.label in named:
                found.setdefault(entry.curve, []).append((entry.spot, named[entry.label]))
        return {curve: sorted(spots, key=lambda pair: float(pair[0])) for curve, spots in found.items()}

    @property
    def lone(self) -> list[str]:
        """Rows that are a bound rather than a spot of a curve."""
        return [PLAIN, TOLD, TRUTH]

    def verdicts(self) -> list[Verdict]:
        """The claims, in the order in which the page makes them."""
        named = {one.label: one for one in self.points(self.main, self.plans)}
        if OURS not in named or PLAIN not in named:
            return []
        return [*_control(named[OURS], named[PLAIN]), *self._curve_verdicts()]

    def _curve_verdicts(self) -> list[Verdict]:
        ours = next((one for one in self.few_points if one.label == OURS), None)
        made = []
        for curve, spots in self.curves.items():
            if ours is None or curve == OURS or not shared_keys([ours, *(one for _, one in spots)]):
                continue
            points = [one for _, one in spots]
            for at, of, equal, other in (
                ("similarity", "text_match", "similarity", "text match"),
                ("text_match", "similarity", "text match", "similarity"),
            ):
                led = lead(ours, points, at=at, of=of)
                claim = f"at equal {equal} our {other} is above every setting of {curve}"
                made.append(Verdict(claim, f"{led}, in {led.sure:.0%} of resamplings", led.holds))
        return made

    def as_json(self) -> Result:
        """Means with bounds, and the verdicts."""
        return {
            "all individuals": [_figures(one) for one in self.main_points],
            "references taken elsewhere": [_figures(one) for one in self.elsewhere_points],
            "ten individuals": [_figures(one) for one in [*self.few_points, *self.dial_points]],
            "verdicts": [vars(verdict) for verdict in self.verdicts()],
        }


def _control(ours: Point, plain: Point) -> list[Verdict]:
    """What can be said without any other method."""
    obeyed, kept = paired(ours, plain, "text_match"), paired(ours, plain, "similarity")
    steps = max(found["test_time_steps"] for found in ours.figures.values())
    return [
        Verdict(f"text match within {WITHIN:.0%} of words alone", _signed(obeyed), obeyed.low >= -WITHIN),
        Verdict("similarity above words alone", _signed(kept), kept.low > 0),
        Verdict("no step of training at test time", f"{steps:.0f} steps", steps == 0),
    ]


def _signed(found: Interval) -> str:
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _figures(one: Point) -> dict[str, Any]:
    names = [*COLUMNS.values(), *ATTRIBUTES.values(), *COST.values()]
    return {"method": one.label} | {name: vars(one.mean(name)) for name in names if _has(one, name)}


def _has(one: Point, name: str) -> bool:
    return any(name in found for found in one.figures.values())


def print_findings(result: Result) -> None:
    """Lines for a terminal."""
    names = list(COLUMNS.values())
    for title in ("all individuals", "references taken elsewhere", "ten individuals"):
        print(f"{title:<36}" + "".join(f"{name:>12}" for name in names) + f"{'pictures':>10}")
        for row in result[title]:
            means = "".join(f"{row[name]['mean']:>12.3f}" if name in row else f"{'':>12}" for name in names)
            print(f"{row['method']:<36}{means}{row['similarity']['count']:>10}")
        print()
    for verdict in result["verdicts"]:
        print(f"{'ok ' if verdict['holds'] else 'NOT'}  {verdict['claim']}: {verdict['found']}")
    print(f"\n{result['left']} cells are left")
