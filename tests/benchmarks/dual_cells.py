"""Cells with figures that are known: a small comparison in which nothing is drawn by a model."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from benchmarks._dual_contest import Contest, Field
from benchmarks._dual_findings import Both, both
from benchmarks._dual_points import ADAPTER, NO_MASK, OURS, PLAIN, Entry
from generation.evaluation.cells import CellCache, Figures
from generation.evaluation.comparison import Comparison
from generation.evaluation.methods import Prepared
from generation.evaluation.plan import Planned, planned
from generation.studio.drawing import Trial
from generation.studio.loading import StudioParts
from generation.studio.vision_networks import StudioEvaluator

#: What most rows have; a test says what differs.
USUAL = {"recovery": 0.7, "leak": 0.02, "drift": 0.02, "copied": 0.1, "test_time_steps": 0.0, "test_time_seconds": 0.0}
ATTRIBUTES = {"main": 0.9, "accent": 0.8, "pattern": 0.6, "emblem": 0.5}
PEOPLE, PROMPTS = 6, 2


@dataclass(frozen=True)
class Shade:
    """Draws one grey, so that its pictures can be told from all others."""

    name: str
    grey: float = 0.0
    per_subject: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"grey": self.grey}

    def prepare(self, row: Trial) -> Prepared:
        raise NotImplementedError

    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        del prepared
        return torch.full((len(rows), 3, 128, 128), self.grey)


def entries(spots: Mapping[str, Sequence[str]]) -> list[Entry]:
    """Curve -> the numbers of its settings: words alone, each curve's setting "1", and the others."""
    first = [Entry(PLAIN, Shade(PLAIN, -1.0))]
    for place, curve in enumerate(spots):
        first.append(Entry(curve, Shade(curve, place / 10), curve, "1", shown=True))
    others = [
        Entry(f"{curve} {spot}", Shade(f"{curve} {spot}", float(spot) / 4), curve, spot)
        for curve, numbers in spots.items()
        for spot in numbers
    ]
    return [*first, *others]


USUAL_ENTRIES = entries({OURS: ["0.5"], NO_MASK: ["0.5"], ADAPTER: ["0.5", "1.5"]})


@cache
def few_trials() -> tuple[Planned, ...]:
    """Painted once."""
    return tuple(planned(PEOPLE, PROMPTS, 1))


def field(made: Sequence[Entry] = USUAL_ENTRIES, *, elsewhere: bool = False) -> Field:
    """The first four methods on all, the others on the same."""
    plans = list(few_trials())
    if elsewhere:
        plans = [replace(plan, individual=f"{plan.individual}, elsewhere") for plan in plans]
    return Field(plans, plans, made[:4], made[4:])


def comparison(folder: Path, model: str = "w") -> Comparison:
    """Knows its cells; has no model to draw or judge with."""
    return Comparison(cast(StudioParts, None), cast(StudioEvaluator, None), model, folder / "plain")


def fill(kept: CellCache, owner: Comparison, of: Field, means: Mapping[str, Mapping[str, float]]) -> None:
    """Each label's figures about its means: every individual has its own ease, the same for all methods."""
    for entry in [*of.main, *of.sweeps, *of.costly]:
        if entry.label in means:
            cells = owner.cells(entry.method, of.plans)
            kept.add([(cell, _figures(means[entry.label], cell.individual)) for cell in cells])


def _figures(means: Mapping[str, float], individual: str) -> Figures:
    ease = random.Random(individual.split(",", maxsplit=1)[0]).uniform(-0.02, 0.02)
    told = {**USUAL, **ATTRIBUTES, **means}
    eased = {name: told[name] + ease for name in ("similarity", "text_match")}
    return told | eased


#: Ours is as alike as IP-Adapter at half its scale and obeys more; without the mask it is level with ours.
LEADING: Mapping[str, Mapping[str, float]] = {
    PLAIN: {"similarity": 0.2, "text_match": 0.95, "leak": 0.0, "drift": 0.0},
    OURS: {"similarity": 0.7, "text_match": 0.945, "leak": 0.01, "drift": 0.01},
    NO_MASK: {"similarity": 0.7, "text_match": 0.945, "leak": 0.01, "drift": 0.02},
    ADAPTER: {"similarity": 0.8, "text_match": 0.7, "leak": 0.2, "drift": 0.05},
    f"{OURS} 0.5": {"similarity": 0.5, "text_match": 0.95},
    f"{NO_MASK} 0.5": {"similarity": 0.5, "text_match": 0.95},
    f"{ADAPTER} 0.5": {"similarity": 0.6, "text_match": 0.8, "leak": 0.1, "drift": 0.04},
    f"{ADAPTER} 1.5": {"similarity": 0.85, "text_match": 0.6, "leak": 0.3, "drift": 0.06},
}


def found_in(folder: Path, means: Mapping[str, Mapping[str, float]] = LEADING, *, key: str = "shipped") -> Both:
    """A whole contest, its references elsewhere a little less alike everywhere but for words alone."""
    owner, kept = comparison(folder), CellCache(folder / "cells.jsonl")
    wall, there = field(), field(elsewhere=True)
    fill(kept, owner, wall, means)
    fill(kept, owner, there, {label: told | {"drift": 2 * told.get("drift", 0.0)} for label, told in means.items()})
    return both(owner, kept, Contest(key, f"The {key} one", wall, there))
