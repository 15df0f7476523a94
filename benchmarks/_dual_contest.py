"""Who is compared with whom on which trials, and in which order, so that what is missing is missed least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

from benchmarks._dual_points import (
    Entry,
    Taught,
    adapter_entries,
    bound_entries,
    dial_entries,
    fitted_entries,
    main_entries,
    taught_by_pairs,
    taught_by_views,
    turned_entries,
)
from generation.evaluation.cells import Cell
from generation.evaluation.comparison import Comparison
from generation.evaluation.plan import Planned, planned, planned_elsewhere

#: Individuals of what is costly or turns one dial of ours alone, and of the other curves.
FEW, SEVERAL = 10, 20
SMALL: Final = (4, 3, 1)  # individuals, prompts, seeds
SHIPPED, VIEWS = "shipped", "views"


@dataclass(frozen=True)
class Field:
    """Methods on trials whose references are of one kind.

    main: compared on all of `plans`. sweeps: spots of curves, on `several` of them. costly: what learns each one, and
    bounds; dials: of ours alone; both on `few`.
    """

    plans: Sequence[Planned]
    several: Sequence[Planned]
    main: Sequence[Entry]
    sweeps: Sequence[Entry]
    few: Sequence[Planned] = ()
    costly: Sequence[Entry] = ()
    dials: Sequence[Entry] = ()


@dataclass(frozen=True)
class Contest:
    """One training of the visual branch. wall, elsewhere: by where the references are taken. key: in file names."""

    key: str
    title: str
    wall: Field
    elsewhere: Field

    def cells(self, comparison: Comparison) -> list[Cell]:
        """Round by round: curves before all individuals, and what no claim needs last."""
        turns = [
            in_rounds(comparison, entries, plans)
            for field in (self.elsewhere, self.wall)
            for entries, plans in (
                ([*field.main, *field.sweeps], field.several),
                (field.costly, field.few),
                (field.main, field.plans),
            )
        ]
        dials = [in_rounds(comparison, field.dials, field.few) for field in (self.elsewhere, self.wall)]
        rounds = chain(chain.from_iterable(zip_longest(*turns, fillvalue=[])), chain.from_iterable(dials))
        return list(chain.from_iterable(rounds))


@dataclass(frozen=True)
class Trials:
    """By where the references are taken."""

    wall: Sequence[Planned]
    elsewhere: Sequence[Planned]


def trials(*, small: bool) -> Trials:
    """As planned, or few of them."""
    return Trials(planned(*SMALL), planned_elsewhere(*SMALL)) if small else Trials(planned(), planned_elsewhere())


def shipped(comparison: Comparison, on: Trials, folder: Path) -> Contest:
    """The model as it is, beside IP-Adapter and what learns each subject. folder: of the latter's fits."""
    taught = taught_by_pairs(comparison.parts)
    elsewhere = _elsewhere(comparison, on, taught)
    wall = Field(
        on.wall,
        first(on.wall, SEVERAL),
        elsewhere.main,
        elsewhere.sweeps,
        first(on.wall, FEW),
        [*bound_entries(comparison), *fitted_entries(comparison, folder)],
        dial_entries(taught),
    )
    return Contest(SHIPPED, "As the papers train", wall, elsewhere)


def other_views(comparison: Comparison, on: Trials) -> Contest | None:
    """Branch and IP-Adapter taught with other views of each individual; None where nobody trained that on this base."""
    taught = taught_by_views(comparison.parts, comparison.model)
    if taught is None:
        return None
    elsewhere = _elsewhere(comparison, on, taught)
    wall = Field(on.wall, first(on.wall, FEW), elsewhere.main, elsewhere.sweeps)
    return Contest(VIEWS, "Taught with other views", wall, elsewhere)


def _elsewhere(comparison: Comparison, on: Trials, taught: Taught) -> Field:
    """What every contest compares on all individuals, and the other spots of its curves."""
    adapter = adapter_entries(comparison, taught)
    main, sweeps = main_entries(comparison, taught, adapter), [*turned_entries(taught), *adapter]
    return Field(on.elsewhere, first(on.elsewhere, SEVERAL), main, sweeps)


def first(plans: Sequence[Planned], individuals: int) -> list[Planned]:
    """The plans of so many individuals, with one seed."""
    names = list(dict.fromkeys(plan.individual for plan in plans))[:individuals]
    return [plan for plan in plans if plan.individual in names and plan.seed == 0]


def in_rounds(comparison: Comparison, entries: Sequence[Entry], plans: Sequence[Planned]) -> list[list[Cell]]:
    """A prompt of every individual and entry, then the next one: stopped anywhere, all have as much."""
    places: dict[tuple[str, str], int] = {}
    for plan in plans:
        known = sum(key[0] == plan.individual for key in places)
        places.setdefault((plan.individual, plan.prompt), known)
    rounds = []
    for place in range(max(places.values(), default=-1) + 1):
        now = [plan for plan in plans if places[plan.individual, plan.prompt] == place]
        rounds.append([cell for entry in entries for cell in comparison.cells(entry.method, now)])
    return rounds
