"""What a pilot asks and what it found out: plain numbers, no pictures.

A picture is usable when it clears the bar in both scores. Dials are compared over all pictures; references and
templates at the best dials only, because that is how they would be used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final, TypeVar

from imprimatur_cli.failures import CommandError

SLOT: Final = "{subject}"
HOLDS: Final = 0.5  # of its pictures must be usable
Dials = tuple[float, float]  # scope, quantity
Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One picture: reference by name, template as written, dials, seed."""

    reference: str
    template: str
    scope: float
    quantity: float
    seed: int

    @property
    def dials(self) -> Dials:
        """What is compared."""
        return self.scope, self.quantity


@dataclass(frozen=True, kw_only=True)
class Bar:
    """Least similarity and text match, in [0, 1], of a usable picture."""

    similarity: float
    text_match: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one picture. A score the model's judge could not give is None. seconds: to draw it."""

    similarity: float | None
    text_match: float | None
    seconds: float

    def usable(self, bar: Bar) -> bool | None:
        """None where a score is missing."""
        if self.similarity is None or self.text_match is None:
            return None
        return self.similarity >= bar.similarity and self.text_match >= bar.text_match


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Of some pictures. scored: those with both scores, over which the means are taken. seconds: mean of a picture."""

    pictures: int
    scored: int
    usable: int
    similarity: float | None
    text_match: float | None
    seconds: float

    @property
    def share(self) -> float | None:
        """Usable of those scored; None where none was."""
        return self.usable / self.scored if self.scored else None

    @property
    def holds(self) -> bool:
        """At least HOLDS of the scored are usable."""
        return self.share is not None and self.share >= HOLDS

    @property
    def pictures_per_usable(self) -> float | None:
        """How many must be drawn for one; None where none was usable."""
        return self.scored / self.usable if self.usable else None

    @property
    def seconds_per_usable(self) -> float | None:
        """Drawing time of one usable picture on this machine."""
        return None if self.pictures_per_usable is None else self.pictures_per_usable * self.seconds

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, shares and costs included."""
        return asdict(self) | {
            "share": self.share,
            "holds": self.holds,
            "pictures_per_usable": self.pictures_per_usable,
            "seconds_per_usable": self.seconds_per_usable,
        }


@dataclass(frozen=True)
class Findings:
    """What the pilot says. best: None without scores; then references and templates are counted over all pictures."""

    best: Dials | None
    overall: Tally
    dials: dict[Dials, Tally]
    references: dict[str, Tally]
    templates: dict[str, Tally]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "best": None if self.best is None else {"scope": self.best[0], "quantity": self.best[1]},
            "overall": self.overall.to_json(),
            "dials": [{"scope": d[0], "quantity": d[1]} | t.to_json() for d, t in self.dials.items()],
            "references": {name: tally.to_json() for name, tally in self.references.items()},
            "templates": {name: tally.to_json() for name, tally in self.templates.items()},
        }


def read_templates(path: Path) -> list[str]:
    """One a line; empty lines and those that begin with # are left out. Raises CommandError."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no UTF-8 text: save it as UTF-8, one template a line") from error
    found = {line: number for number, line in enumerate(lines, 1) if line and not line.startswith("#")}
    for line, number in found.items():
        if SLOT not in line:
            raise CommandError(f"{path}, line {number}: write {SLOT} where the subject's word goes")
    if not found:
        raise CommandError(f"{path} holds no template: write one a line, such as a {SLOT} on the beach")
    return list(found)


def tally(outcomes: Iterable[Outcome], bar: Bar) -> Tally:
    """At least one outcome."""
    every = list(outcomes)
    scored = [o for o in every if o.usable(bar) is not None]
    return Tally(
        pictures=len(every),
        scored=len(scored),
        usable=sum(bool(o.usable(bar)) for o in scored),
        similarity=_mean(o.similarity for o in scored),
        text_match=_mean(o.text_match for o in scored),
        seconds=fmean(o.seconds for o in every),
    )


def findings(done: Mapping[Trial, Outcome], bar: Bar) -> Findings:
    """At least one trial. The best dials have the greatest usable share, then the greatest sum of both scores."""
    dials = _grouped(done, lambda trial: trial.dials, bar)
    ranked = {d: (t.share, (t.similarity or 0) + (t.text_match or 0)) for d, t in dials.items() if t.share is not None}
    best = max(ranked, key=lambda d: ranked[d]) if ranked else None
    at_best = {t: o for t, o in done.items() if best is None or t.dials == best}
    return Findings(
        best=best,
        overall=tally(at_best.values(), bar),
        dials=dials,
        references=_grouped(at_best, lambda trial: trial.reference, bar),
        templates=_grouped(at_best, lambda trial: trial.template, bar),
    )


def _grouped(done: Mapping[Trial, Outcome], by: Callable[[Trial], Group], bar: Bar) -> dict[Group, Tally]:
    groups: defaultdict[Group, list[Outcome]] = defaultdict(list)
    for trial, outcome in done.items():
        groups[by(trial)].append(outcome)
    return {group: tally(outcomes, bar) for group, outcomes in groups.items()}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
