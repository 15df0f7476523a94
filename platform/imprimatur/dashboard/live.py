"""A job as its page shows it, now and with every update that comes over the stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from imprimatur.dashboard.templatetags.words import subjects_of
from imprimatur.dashboard.views.drawn import review_state
from imprimatur.generations import failures, selectors
from imprimatur.generations.models import Generation, GenerationState
from imprimatur.generations.states import FINAL, RETRYABLE
from imprimatur.review.states import OutputState
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.permissions import Permission

STAGES: Final = (GenerationState.QUEUED, GenerationState.PREPARING, GenerationState.DRAWING, GenerationState.STAMPING)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One of the four stages before a picture is ready."""

    label: str
    reached: bool
    current: bool


@dataclass(frozen=True, kw_only=True)
class Live:
    """title: of the browser's tab; words: read aloud; text: under the state."""

    title: str
    words: str
    text: str
    final: bool
    retryable: bool
    may_act: bool
    review_state: OutputState | None = None
    stages: list[Stage] = field(default_factory=list)


def live_of(actor: Actor, row: Generation) -> Live:
    """Call inside the scope."""
    return Live(
        title=_title(row),
        words=_words(row),
        text=_text(row),
        final=row.state in FINAL,
        retryable=row.state in RETRYABLE,
        may_act=actor.has(Permission.GENERATE),
        review_state=review_state(actor, row),
        stages=_stages(row),
    )


def update_of(request: HttpRequest, actor: Actor, row: Generation) -> dict[str, Any]:
    """What the stream and the poll send: the page's part as HTML, and what changes outside of it."""
    live = live_of(actor, row)
    context = {"generation": row, "live": live, "csrf_token": get_token(request)}
    return {
        "version": row.version,
        "state": row.state,
        "step": row.step,
        "steps": row.steps,
        "final": live.final,
        "title": f"{live.title} · Imprimatur",
        "words": live.words,
        "html": render_to_string("jobs/_live.html", context),
    }


def _title(row: Generation) -> str:
    state = GenerationState(row.state).label
    name = subjects_of(row)
    if row.state in FINAL or row.state == GenerationState.QUEUED:
        return f"{state}: {name}"
    return f"{selectors.percent(row)} % {name}"


def _words(row: Generation) -> str:
    """What a screen reader says."""
    if row.state == GenerationState.DRAWING:
        return _("Drawing, step %(step)d of %(steps)d") % {"step": row.step, "steps": row.steps}
    text = _text(row)
    state = str(GenerationState(row.state).label)
    return f"{state}. {text}" if text else state


def _text(row: Generation) -> str:
    if row.state == GenerationState.QUEUED:
        return _queue_text(selectors.position(row))
    if row.state == GenerationState.PREPARING:
        return _("A drawing machine has taken it and reads the reference.")
    if row.state == GenerationState.STAMPING:
        return _("The picture is being signed.")
    if row.state == GenerationState.READY:
        return _("The picture is drawn and signed.")
    if row.state == GenerationState.CANCELED:
        return _("You or a colleague stopped it. Nothing was kept.")
    return failures.sentence(row)


def _queue_text(position: int) -> str:
    if position <= 1:
        return _("Next in your company’s queue.")
    return _("Number %(position)d in your company’s queue.") % {"position": position}


def _stages(row: Generation) -> list[Stage]:
    if row.state in FINAL:
        return []
    at = STAGES.index(GenerationState(row.state))
    return [
        Stage(label=str(stage.label), reached=index <= at, current=index == at) for index, stage in enumerate(STAGES)
    ]
