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
from imprimatur.generations import gate
from imprimatur.generations.selectors import Estimate, estimate
from imprimatur.prompts.rendering import Rendered, render
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, InvalidInput
from imprimatur.tenants.permissions import Permission

GREEN, AMBER, RED = "green", "amber", "red"


@dataclass(frozen=True, kw_only=True)
class Check:
    """What stands beside the form. light: "" as long as there is nothing to ask about.

    reasons: [{"level", "sentence"}]; notes: what the model may not manage; refusal: why the button does nothing, or "".
    before, word, after: the English prompt around the subject's word.
    """

    button: str
    refusal: str = ""
    light: str = ""
    reasons: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    before: str = ""
    word: str = ""
    after: str = ""

    @property
    def prompt(self) -> str:
        """The whole English prompt."""
        return self.before + self.word + self.after


def weigh(actor: Actor, draft: Draft) -> Check:
    """The state of the form as a person reads it. Changes nothing."""
    if draft.reference is None or draft.version is None:
        return Check(button=_("Generate"), refusal=_("Choose a subject and a template."))
    answer = gate.decision(
        actor,
        action="generate",
        reference=draft.reference,
        version=draft.version,
        use=draft.use,
        requested=draft.count,
    )
    rendered, problem = _rendered(draft)
    expected = estimate(profile=draft.version.profile, count=draft.count, steps=draft.steps)
    before, word, after = _around(rendered)
    return Check(
        button=_button(expected),
        refusal=_refusal(actor, answer, problem),
        light=_light(answer),
        reasons=_reasons(answer),
        notes=_notes(draft, expected),
        before=before,
        word=word,
        after=after,
    )


def _rendered(draft: Draft) -> tuple[Rendered | None, str]:
    assert draft.reference is not None and draft.version is not None  # noqa: S101 - weigh has asked
    missing = [v for v in draft.version.variables if not draft.variables.get(v["name"])]
    if missing:
        return None, _("Choose one of each of the template’s words.")
    try:
        return render(draft.version, draft.reference.subject.word, draft.variables), ""
    except InvalidInput as error:
        return None, " ".join(str(item["message"]) for item in error.errors) or str(error)


def _around(rendered: Rendered | None) -> tuple[str, str, str]:
    found = re.search(rf"\b{re.escape(rendered.word)}\b", rendered.prompt, re.IGNORECASE) if rendered else None
    if rendered is None or found is None:
        return "", "", ""
    return rendered.prompt[: found.start()], found[0], rendered.prompt[found.end() :]


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
    assert draft.reference is not None and draft.version is not None  # noqa: S101 - weigh has asked
    notes = []
    word = draft.reference.subject.word
    if not knows(draft.version.profile, word):
        notes.append(_("The studio model never learnt the word “%(word)s”: expect something else.") % {"word": word})
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
