"""Which dials to try, and which to propose: plain numbers, no pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from statistics import fmean
from typing import Any

Scores = Mapping[str, float]
Dials = tuple[float, float, int]  # scope, quantity, stop step


@dataclass(frozen=True, kw_only=True, order=True)
class Cell:
    """One picture of the sweep. scope, quantity in (0, 1]; stop: the step after which the mask is frozen."""

    scope: float
    quantity: float
    stop: int
    seed: int

    @property
    def dials(self) -> Dials:
        """Without the seed: what is compared."""
        return self.scope, self.quantity, self.stop

    @property
    def file_name(self) -> str:
        """Of its picture."""
        return f"scope-{self.scope:g}_quantity-{self.quantity:g}_stop-{self.stop}_seed-{self.seed}.png"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Dials for this subject, and why: means over the seeds. best_similarity: of any dials tried."""

    scope: float
    quantity: float
    stop: int
    similarity: float
    text_match: float
    best_similarity: float
    within: float
    candidates: int
    tried: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    def told(self) -> dict[str, str]:
        """The figures of the sentence."""
        return {
            "scope": f"{self.scope:g}",
            "quantity": f"{self.quantity:g}",
            "stop": str(self.stop),
            "similarity": f"{self.similarity:.2f}",
            "text_match": f"{self.text_match:.2f}",
            "best": f"{self.best_similarity:.2f}",
            "within": f"{self.within:g}",
            "candidates": str(self.candidates),
            "tried": str(self.tried),
        }


def cells(
    *, scopes: Sequence[float], quantities: Sequence[float], stops: Sequence[int], seeds: Sequence[int]
) -> list[Cell]:
    """Every combination, in the order of the contact sheet."""
    return [Cell(scope=s, quantity=q, stop=t, seed=n) for s, t, q, n in product(scopes, stops, quantities, seeds)]


def means(done: Mapping[Cell, Scores]) -> dict[Dials, tuple[float, float]]:
    """Similarity and text match of each dials, averaged over seeds; without those that lack either score."""
    by_dials: defaultdict[Dials, list[Scores]] = defaultdict(list)
    for cell, scores in done.items():
        if "similarity" in scores and "text_match" in scores:
            by_dials[cell.dials].append(scores)
    return {
        dials: (fmean(s["similarity"] for s in rows), fmean(s["text_match"] for s in rows))
        for dials, rows in by_dials.items()
    }


def proposal(done: Mapping[Cell, Scores], within: float) -> Proposal | None:
    """The best text match among the dials whose similarity is within `within` of the best; None without scores."""
    found = means(done)
    if not found:
        return None
    best = max(similarity for similarity, _ in found.values())
    near = {dials: figures for dials, figures in found.items() if figures[0] >= best - within}
    dials = max(near, key=lambda d: (near[d][1], near[d][0]))
    return Proposal(
        scope=dials[0],
        quantity=dials[1],
        stop=dials[2],
        similarity=near[dials][0],
        text_match=near[dials][1],
        best_similarity=best,
        within=within,
        candidates=len(near),
        tried=len(found),
    )


def front(points: Mapping[Dials, tuple[float, float]]) -> list[Dials]:
    """The Pareto front, by rising similarity: nothing tried beats any of these in both scores."""
    kept: list[Dials] = []
    for dials in sorted(points, key=lambda d: points[d], reverse=True):
        if not kept or points[dials][1] > points[kept[-1]][1]:
            kept.append(dials)
    return kept[::-1]
