"""Codes as words, and permissions as the sentence that says why not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from governance.labels import Rule
from imprimatur.dashboard import choices, words
from imprimatur.generations import cast
from imprimatur.generations.models import Generation, Output
from imprimatur.prompts.rendering import describe
from imprimatur.review.reasons import REASONS
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import NotPermitted
from imprimatur.tenants.permissions import ROLE_LABELS, Permission, Role
from imprimatur.webhooks import selectors as webhooks
from imprimatur.withdrawal import selectors as withdrawals
from imprimatur.withdrawal.models import Withdrawal

register = template.Library()


@register.simple_tag
def refusal(actor: Actor, permission: str) -> str:
    """Why the actor may not do this; "" when they may."""
    try:
        actor.require(Permission(permission))
    except NotPermitted as error:
        return str(error)
    return ""


@register.simple_tag
def picture_alt(generation: Generation) -> str:
    """What a picture shows: its subjects, its template, the chosen words."""
    shown = describe(generation.template_version, generation.variables, get_language() or "en")
    return f"{subjects_of(generation)}. {shown}"


@register.filter
def subjects_of(generation: Generation) -> str:
    """The names of everybody and everything a picture shows."""
    return _joined(str(reference.subject) for reference in generation.leading_references)


@register.simple_tag
def places_of(generation: Generation) -> list[dict[str, Any]]:
    """Where its subjects may be, of those that were given a place: subject, sides in percent, sketch."""
    shown = zip(generation.leading_references, cast.shown_in(generation), strict=True)
    return [
        {
            "subject": reference.subject,
            "sides": {side: round(share * 100) for side, share in (said["box"] or {}).items()},
            "sketch": said["sketch"],
        }
        for reference, said in shown
        if said["box"] or said["sketch"]
    ]


@register.simple_tag
def use_word(field: str, slug: str) -> str:
    """The word for a channel, territory or purpose; a dash where none was said."""
    return choices.use_label(field, slug) if slug else "–"


@register.simple_tag
def kind_word(kind: str) -> str:
    """The name of a kind of right."""
    return words.word(words.KINDS, kind)


@register.simple_tag
def kind_help(kind: str) -> str:
    """One sentence about a kind of right."""
    return words.word(words.KIND_HELP, kind)


@register.simple_tag
def source_word(source: str) -> str:
    """Where a reference comes from."""
    return words.word(words.SOURCES, source)


@register.simple_tag
def warning_word(code: str) -> str:
    """A drawing's warning in two words."""
    return words.word(words.WARNINGS, code)


@register.simple_tag
def warning_sentence(code: str) -> str:
    """A drawing's warning as a sentence."""
    return words.word(words.WARNING_SENTENCES, code)


@register.simple_tag
def event_word(event: str) -> str:
    """What happened, for people."""
    return words.word(words.EVENTS, event)


@register.simple_tag
def kinds_words(kinds: list[str]) -> str:
    """What a webhook is told: families whole, single kinds by their word."""
    families = {f"{family}.*": label for family, label in words.EVENT_FAMILIES.items()}
    return _joined(words.word(families | words.EVENTS, kind) for kind in kinds) or _("Everything")


@register.simple_tag
def waiting_words(count: int) -> str:
    """How many events a webhook is still to be told, as far as they are counted."""
    if count >= webhooks.MOST_COUNTED:
        return _("a thousand events or more wait")
    if not count:
        return _("nothing waits")
    return ngettext("%(count)d event waits", "%(count)d events wait", count) % {"count": count}


@register.simple_tag
def withdrawn_word(reason: str) -> str:
    """Why a release was withdrawn: a person's own words, or ours where a right ended."""
    return str(words.WITHDRAWN_REASONS.get(reason, reason))


@register.simple_tag
def stood_word(state: str) -> str:
    """Where a picture stood in review."""
    return words.word(words.STOOD, state)


@register.filter
def withdrawals_of(output: Output) -> list[Withdrawal]:
    """The withdrawals that took a picture out of sight, newest first."""
    return withdrawals.of_output(output)


@register.simple_tag
def reason_word(code: str) -> str:
    """A reviewer's reason."""
    return words.word(REASONS, code)


@register.simple_tag
def label_reason(rule: Rule) -> str:
    """Why a picture must carry a label."""
    return rule.reason(get_language() or "en")


@register.simple_tag
def role_words(roles: Iterable[str]) -> str:
    """Roles, joined."""
    return _joined(str(ROLE_LABELS[Role(role)]) for role in roles)


@register.simple_tag
def permission_words(permissions: Iterable[str]) -> str:
    """Permissions, joined."""
    return _joined(str(words.PERMISSION_LABELS[Permission(p)]) for p in permissions)


def _joined(parts: Iterable[str]) -> str:
    return ("、" if (get_language() or "en").startswith("ja") else ", ").join(parts)
