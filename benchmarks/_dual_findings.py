"""What the cells of `./run bench dual` say: points, curves, and the verdicts computed of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from benchmarks._dual_contest import Contest, Field
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
#: Rows that are a bound rather than a spot of a curve.
LONE: Final = (PLAIN, TOLD, TRUTH)


@dataclass(frozen=True)
class Led:
    """What is held equal, what is compared there, and how that is said of a curve. low: it is better low."""

    at: str
    of: str
    claim: str
    low: bool = False


LEADS: Final = (
    Led("similarity", "text_match", "at equal similarity our text match is above every setting of"),
    Led("text_match", "similarity", "at equal text match our similarity is above every setting of"),
    Led("similarity", "leak", "at equal similarity we leak less than every setting of", low=True),
    Led("similarity", "drift", "at equal similarity we drift less than every setting of", low=True),
)


@dataclass(frozen=True)
class Verdict:
    """One claim, what was measured of it, and whether the whole interval is on its side."""

    claim: str
    found: str
    holds: bool

    def __str__(self) -> str:
        return f"{self.found} {'**holds**' if self.holds else 'does **not** hold'}"


@dataclass(frozen=True)
class Findings:
    """All that can be said of one field's cells measured so far."""

    comparison: Comparison
    cache: CellCache
    field: Field

    def points(self, entries: Sequence[Entry], plans: Sequence[Planned]) -> list[Point]:
        """Those of which something was measured, each label once."""
        once: dict[str, Entry] = {}
        for entry in entries:
            once.setdefault(entry.label, entry)
        found = [point(label, self.comparison.cells(entry.method, plans), self.cache) for label, entry in once.items()]
        return [one for one in found if one is not None]

    @cached_property
    def main_points(self) -> list[Point]:
        """On all individuals, the same cells for every method."""
        return aligned(self.points(self.field.main, self.field.plans))

    @cached_property
    def curve_points(self) -> list[Point]:
        """On some of the individuals, the main methods first, and what is costly on fewer of them."""
        field = self.field
        return [*self.points([*field.main, *field.sweeps], field.several), *self.points(field.costly, field.few)]

    @cached_property
    def dial_points(self) -> list[Point]:
        """Scope x quantity and early stop, on few of the individuals."""
        return self.points(self.field.dials, self.field.few)

    @cached_property
    def curves(self) -> dict[str, list[tuple[str, Point]]]:
        """Curve -> its spots' words and points, from the weakest setting to the strongest."""
        named = {one.label: one for one in self.curve_points}
        found: dict[str, dict[str, Point]] = {}
        for entry in [*self.field.main, *self.field.sweeps, *self.field.costly]:
            if entry.curve and entry.label in named:
                found.setdefault(entry.curve, {})[entry.spot] = named[entry.label]
        return {curve: sorted(spots.items(), key=lambda pair: float(pair[0])) for curve, spots in found.items()}

    def verdicts(self) -> list[Verdict]:
        """The claims, in the order in which the page makes them."""
        named = {one.label: one for one in self.points(self.field.main, self.field.plans)}
        if OURS not in named or PLAIN not in named:
            return []
        return [*_control(named[OURS], named[PLAIN]), *self._curve_verdicts()]

    def _curve_verdicts(self) -> list[Verdict]:
        ours = next((one for one in self.curve_points if one.label == OURS), None)
        made = []
        for curve, spots in self.curves.items():
            points = [one for _, one in spots]
            if ours is None or curve == OURS or not shared_keys([ours, *points]):
                continue
            for asked in LEADS:
                led = lead(ours, points, at=asked.at, of=asked.of, low=asked.low)
                found = f"{led}, in {led.sure:.0%} of resamplings of {led.pictures} pictures,"
                made.append(Verdict(f"{asked.claim} {curve}", found, led.holds))
        return made

    def as_json(self) -> Result:
        """Means with bounds, and the verdicts."""
        return {
            "all individuals": [_figures(one) for one in self.main_points],
            "curves": [_figures(one) for one in [*self.curve_points, *self.dial_points]],
            "verdicts": [vars(verdict) for verdict in self.verdicts()],
        }


@dataclass(frozen=True)
class Both:
    """A contest's findings, by where the references were taken."""

    contest: Contest
    wall: Findings
    elsewhere: Findings

    def verdicts(self) -> dict[str, tuple[Verdict | None, Verdict | None]]:
        """Claim -> what was found before a wall and in another scene."""
        wall, there = ({one.claim: one for one in found.verdicts()} for found in (self.wall, self.elsewhere))
        return {claim: (wall.get(claim), there.get(claim)) for claim in wall | there}

    def as_json(self) -> Result:
        """Of both."""
        return {"wall": self.wall.as_json(), "elsewhere": self.elsewhere.as_json()}


def both(comparison: Comparison, cache: CellCache, contest: Contest) -> Both:
    """All that can be said of a contest so far."""
    return Both(contest, Findings(comparison, cache, contest.wall), Findings(comparison, cache, contest.elsewhere))


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
    for title, found in result["contests"].items():
        for where, said in found.items():
            print(f"\n{f'{title}, {where}':<36}" + "".join(f"{name:>12}" for name in names) + f"{'pictures':>10}")
            for row in [*said["all individuals"], *said["curves"]]:
                means = "".join(f"{row[name]['mean']:>12.3f}" if name in row else f"{'':>12}" for name in names)
                print(f"{row['method']:<36}{means}{row['similarity']['count']:>10}")
            for verdict in said["verdicts"]:
                print(f"{'ok ' if verdict['holds'] else 'NOT'}  {verdict['claim']}: {verdict['found']}")
    print(f"\n{result['left']} cells are left")
