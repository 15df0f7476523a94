"""May this picture be made, what would the model read, how long would it take? Asked while the form is filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from governance.policy import Permitted, Refusal
from imprimatur.dashboard.forms.create import Draft
from imprimatur.dashboard.model_facts import knows
from imprimatur.generations import cast, gate
from imprimatur.generations.selectors import Estimate, estimate
from imprimatur.prompts.rendering import Rendered, render
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, InvalidInput
from imprimatur.tenants.permissions import Permission

GREEN, AMBER, RED = "green", "amber", "red"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of the prompt; whether it is a subject's word."""

    text: str
    is_word: bool = False


@dataclass(frozen=True, kw_only=True)
class Check:
    """What stands beside the form. light: "" as long as there is nothing to ask about.

    reasons: [{"level", "sentence"}]; notes: what the model may not manage; refusal: why the button does nothing, or "".
    parts: the English prompt, cut around its subjects' words.
    """

    button: str
    refusal: str = ""
    light: str = ""
    reasons: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """The whole English prompt."""
        return "".join(part.text for part in self.parts)


def weigh(actor: Actor, draft: Draft) -> Check:
    """The state of the form as a person reads it. Changes nothing."""
    if draft.first.reference is None or draft.version is None:
        return Check(button=_("Generate"), refusal=_("Choose a subject and a template."))
    try:
        members = [one.member for one in draft.chosen]
        cast.check(members, actor.tenant_id)
    except DomainError as error:
        return Check(button=_("Generate"), refusal=_sentences(error))
    answer = gate.decision(
        actor,
        action="generate",
        references=cast.all_references(members),
        version=draft.version,
        use=draft.use,
        requested=draft.count,
    )
    rendered, problem = _rendered(draft)
    expected = estimate(profile=draft.version.profile, count=draft.count, steps=draft.steps)
    return Check(
        button=_button(expected),
        refusal=_refusal(actor, answer, problem),
        light=_light(answer),
        reasons=_reasons(answer),
        notes=_notes(draft, expected),
        parts=_parts(rendered),
    )


def _rendered(draft: Draft) -> tuple[Rendered | None, str]:
    assert draft.version is not None  # noqa: S101 - weigh has asked
    if not draft.is_cast:
        return None, _("This template shows several subjects: choose each of them.")
    missing = [v for v in draft.version.variables if not draft.variables.get(v["name"])]
    if missing:
        return None, _("Choose one of each of the template’s words.")
    try:
        return render(draft.version, [one.member.word for one in draft.cast], draft.variables), ""
    except InvalidInput as error:
        return None, _sentences(error)


def _sentences(error: DomainError) -> str:
    said = error.errors if isinstance(error, InvalidInput) else []
    return " ".join(str(item["message"]) for item in said) or str(error)


def _parts(rendered: Rendered | None) -> list[Part]:
    if rendered is None:
        return []
    words = "|".join(re.escape(word) for word in rendered.words)
    pieces = re.split(rf"\b({words})\b", rendered.prompt, flags=re.IGNORECASE)
    return [Part(text=piece, is_word=bool(place % 2)) for place, piece in enumerate(pieces) if piece]


def _refusal(actor: Actor, answer: Permitted | Refusal, problem: str) -> str:
    """The first thing that stands in the way: the role, then the rights, then what is not chosen yet."""
    try:
        actor.require(Permission.GENERATE)
    except DomainError as error:
        return str(error)
    if isinstance(answer, Refusal):
        return answer.reasons[0].sentence(get_language() or "en")
    return problem


def _light(answer: Permitted | Refusal) -> str:
    if isinstance(answer, Refusal):
        return RED
    return AMBER if answer.warnings else GREEN


def _reasons(answer: Permitted | Refusal) -> list[dict[str, str]]:
    language = get_language() or "en"
    found = [*(answer.reasons if isinstance(answer, Refusal) else ()), *answer.warnings]
    return [{"level": reason.level, "sentence": reason.sentence(language)} for reason in found]


def _notes(draft: Draft, expected: Estimate) -> list[str]:
    assert draft.version is not None  # noqa: S101 - weigh has asked
    notes = [
        _("The studio model never learnt the word “%(word)s”: expect something else.") % {"word": one.word}
        for one in (chosen.member for chosen in draft.chosen)
        if not knows(draft.version.profile, one.word)
    ]
    if expected.workers == 0:
        notes.append(_("No drawing machine is on right now. The picture waits until one comes."))
    return notes


def _button(expected: Estimate) -> str:
    count: dict[str, Any] = {"count": expected.pictures, "time": _duration(expected.seconds)}
    return (
        ngettext(
            "Generate %(count)d picture (about %(time)s)",
            "Generate %(count)d pictures (about %(time)s)",
            expected.pictures,
        )
        % count
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return _("%(seconds)d s") % {"seconds": max(round(seconds), 1)}
    return _("%(minutes)d min") % {"minutes": round(seconds / 60)}
