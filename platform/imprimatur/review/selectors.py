"""Reads: the queue is a query, never a table."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from imprimatur.generations.models import GenerationState, Output
from imprimatur.review.facts import state_of, with_review_rows
from imprimatur.review.models import Claim, Comment, Decision, Verdict
from imprimatur.review.states import APPROVALS_NEEDED
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

SCREENED: Final = Q(screening__isnull=False, screening__cleared_at__isnull=True)

__all__ = [
    "approved",
    "awaiting_person",
    "comments",
    "decisions",
    "get_output",
    "held",
    "outputs",
    "own_decision",
    "quarantined",
    "queue",
    "state_of",
    "undecided",
]


def outputs(actor: Actor) -> QuerySet[Output]:
    """Every drawn picture of the tenant, newest first, ready for `state_of`."""
    actor.require(Permission.VIEW)
    return with_review_rows(Output.objects.filter(generation__state=GenerationState.READY))


def queue(actor: Actor, now: datetime | None = None) -> QuerySet[Output]:
    """What this person can decide on now, oldest first: open, not their own, not decided by them, not claimed."""
    person, now = actor.require_person(), now or timezone.now()
    elsewhere = Claim.objects.filter(output=OuterRef("pk"), expires_at__gt=now).exclude(reviewer=person)
    return (
        _undisputed(outputs(actor), approvals__lt=APPROVALS_NEEDED)
        .exclude(Q(generation__requested_by=person) | Q(generation__retried_by__contains=[person.pk]))
        .exclude(SCREENED)
        .filter(~Exists(elsewhere), ~Exists(_standing().filter(reviewer=person)))
        .order_by("created_at")
    )


def undecided(actor: Actor) -> QuerySet[Output]:
    """Pictures without a final decision, whoever may decide on them, newest first."""
    return _undisputed(outputs(actor), approvals__lt=APPROVALS_NEEDED)


def approved(actor: Actor) -> QuerySet[Output]:
    """Pictures two people approved that may be released and have not been yet, newest first."""
    return _undisputed(outputs(actor), approvals__gte=APPROVALS_NEEDED).filter(~SCREENED & Q(unanswered=False))


def held(actor: Actor) -> QuerySet[Output]:
    """Pictures that somebody other than a reviewer must act on first, newest first."""
    by_person = Q(approvals__gte=APPROVALS_NEEDED, unanswered=True)
    return _undisputed(outputs(actor)).filter(SCREENED | by_person)


def awaiting_person(actor: Actor) -> QuerySet[Output]:
    """Pictures two people approved that wait for the yes of the person behind a record alone, newest first."""
    return _undisputed(outputs(actor), approvals__gte=APPROVALS_NEEDED).filter(~SCREENED & Q(unanswered=True))


def quarantined(actor: Actor) -> QuerySet[Output]:
    """Pictures that nobody is shown, newest first: a right fell away, or somebody held them back."""
    return outputs(actor).filter(quarantined_at__isnull=False)


def _undisputed(pictures: QuerySet[Output], **how_many: int) -> QuerySet[Output]:
    """Those in the house that nobody returned or rejected, with so many standing `approvals`."""
    against = _standing().exclude(verdict=Verdict.APPROVE)
    standing = Q(decisions__undone_at__isnull=True, decisions__verdict=Verdict.APPROVE)
    member = Q(decisions__reviewer__memberships__tenant=F("tenant"))  # a removed member's approval counts no more
    approvals = Count("decisions", standing & member, distinct=True)
    return (
        pictures.filter(quarantined_at__isnull=True, release__isnull=True)
        .filter(~Exists(against))
        .annotate(approvals=approvals)
        .filter(**how_many)
        .order_by("-created_at")
    )


def _standing() -> QuerySet[Decision]:
    return Decision.objects.filter(output=OuterRef("pk"), undone_at__isnull=True)


def get_output(actor: Actor, public_id: str) -> Output:
    """One picture ready for `state_of`; NotFound when there is none in this tenant."""
    try:
        return outputs(actor).get(pk=decode(Output.PREFIX, public_id))
    except (MalformedId, Output.DoesNotExist):
        raise NotFound from None


def own_decision(output: Output, person: User) -> Decision:
    """The person's standing decision on the output; NotFound when they made none, or undid it."""
    own = Decision.objects.filter(output=output, reviewer=person, undone_at__isnull=True).first()
    if own is None:
        raise NotFound(_("You have made no decision on this picture that stands."))
    return own


def decisions(output: Output) -> QuerySet[Decision]:
    """Everything ever decided on an output, undone ones included, oldest first."""
    return Decision.objects.filter(output=output).select_related("reviewer")


def comments(output: Output) -> QuerySet[Comment]:
    """What was said about an output, oldest first."""
    return Comment.objects.filter(output=output).select_related("author")
