"""May this person decide on this picture now? Each check raises the sentence that becomes the button's tooltip."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from imprimatur.generations.models import Output, Screening
from imprimatur.review.facts import live_claim, standing, state_of
from imprimatur.review.models import Decision
from imprimatur.review.states import OPEN, OUT_OF_HOUSE, OutputState
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, DomainError, NotPermitted
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission


def check_can_decide(actor: Actor, output: Output, now: datetime) -> User:
    """The person who may decide; else PersonRequired, NotPermitted or Conflict, whose sentence says why not."""
    person = actor.require_person()
    actor.require(Permission.DECIDE)
    if person.pk in (output.generation.requested_by_id, *output.generation.retried_by):
        raise NotPermitted(_("You asked for this picture: two other people decide on it."))
    check_not_held(output)
    if any(d.reviewer_id == person.pk for d in standing(output)):
        raise Conflict(_("You have decided on this picture. Undo your decision to change it."), "already_decided")
    _check_open(state_of(output, now))
    claim = live_claim(output, now)
    if claim is not None and claim.reviewer_id != person.pk:
        raise Conflict(_("%(name)s is looking at this picture now.") % {"name": claim.reviewer}, "claimed")
    return person


def check_not_held(output: Output) -> None:
    """Conflict as long as something that was noticed about the picture waits for a rights manager."""
    screening = Screening.objects.filter(output=output).first()
    if screening is not None and screening.holds:
        raise Conflict(_("Something was noticed about this picture. A rights manager looks at it first."), "held")


def check_can_undo(actor: Actor, decision: Decision, now: datetime) -> User:
    """The person who may take this decision back: whoever made it, until the picture has been released."""
    person = actor.require_person()
    actor.require(Permission.DECIDE)
    if decision.reviewer_id != person.pk:
        raise NotPermitted(_("Only the person who decided can undo it."))
    if decision.undone_at is not None:
        raise Conflict(_("This decision has been undone already."), "already_undone")
    state = state_of(decision.output, now)
    _check_quarantine(state)
    if state in OUT_OF_HOUSE:
        raise Conflict(_("The picture has been released: withdraw it instead."), "already_released")
    return person


def why_not_decide(actor: Actor, output: Output, now: datetime) -> str:
    """The sentence of the refusal, or "" when the actor may decide."""
    try:
        check_can_decide(actor, output, now)
    except DomainError as refusal:
        return str(refusal)
    return ""


def _check_quarantine(state: OutputState) -> None:
    if state == OutputState.QUARANTINED:
        raise Conflict(_("A right to this picture has fallen away: it is quarantined."), "quarantined")


def _check_open(state: OutputState) -> None:
    _check_quarantine(state)
    if state == OutputState.HELD:
        raise Conflict(_("Two people approved this picture. It waits for the person behind it."), "held")
    if state not in OPEN:
        raise Conflict(_("This picture has its final decision: %(state)s.") % {"state": state.label}, "already_final")
