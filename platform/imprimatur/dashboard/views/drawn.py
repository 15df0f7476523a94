"""Jobs and pictures as pages list them: each with where it stands in review."""

from __future__ import annotations

from collections.abc import Iterable

from imprimatur.generations.models import Generation, Output
from imprimatur.review import selectors as review
from imprimatur.review.holds import holds_of
from imprimatur.review.states import OutputState
from imprimatur.tenants.actor import Actor


def with_review_states(actor: Actor, generations: Iterable[Generation]) -> list[Generation]:
    """The same rows, each with `review_state`: an OutputState, or None while there is no picture."""
    rows = list(generations)
    standing = {o.generation_id: review.state_of(o) for o in review.outputs(actor).filter(generation__in=rows)}
    for row in rows:
        row.review_state = standing.get(row.pk)  # type: ignore[attr-defined]
    return rows


def with_holds(outputs: Iterable[Output]) -> list[Output]:
    """The same pictures, each with its `review_state` and, where that is held, why: `holds`."""
    rows = list(outputs)
    found = holds_of(rows)
    for row in rows:
        row.review_state = review.state_of(row)  # type: ignore[attr-defined]
        row.holds = found[row] if row.review_state == OutputState.HELD else []  # type: ignore[attr-defined]
    return rows


def review_state(actor: Actor, generation: Generation) -> OutputState | None:
    """Where this job's picture stands in review; None while there is none."""
    found = review.outputs(actor).filter(generation=generation).first()
    return review.state_of(found) if found else None
