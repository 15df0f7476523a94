"""Reads: the queue is a query, never a table."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from imprimatur.generations.models import GenerationState, Output
from imprimatur.review.facts import state_of, with_review_rows
from imprimatur.review.models import Claim, Comment, Decision, Verdict
from imprimatur.review.states import APPROVALS_NEEDED
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.permissions import Permission

__all__ = ["approved", "comments", "decisions", "get_output", "outputs", "queue", "state_of"]


def outputs(actor: Actor) -> QuerySet[Output]:
    """Every drawn picture of the tenant, newest first, ready for `state_of`."""
    actor.require(Permission.VIEW)
    return with_review_rows(Output.objects.filter(generation__state=GenerationState.READY))


def queue(actor: Actor, now: datetime | None = None) -> QuerySet[Output]:
    """What this person can decide on now, oldest first: open, not their own, not decided by them, not claimed."""
    person, now = actor.require_person(), now or timezone.now()
    elsewhere = Claim.objects.filter(output=OuterRef("pk"), expires_at__gt=now).exclude(reviewer=person)
    return (
        _undisputed(outputs(actor))
        .exclude(generation__requested_by=person)
        .filter(~Exists(elsewhere), ~Exists(_standing().filter(reviewer=person)))
        .filter(approvals__lt=APPROVALS_NEEDED)
        .order_by("created_at")
    )


def approved(actor: Actor) -> QuerySet[Output]:
    """Pictures two people approved that have not been released yet, newest first."""
    return _undisputed(outputs(actor)).filter(approvals__gte=APPROVALS_NEEDED)


def _undisputed(pictures: QuerySet[Output]) -> QuerySet[Output]:
    """Those in the house that nobody returned or rejected, with their standing `approvals` counted."""
    against = _standing().exclude(verdict=Verdict.APPROVE)
    approvals = Count("decisions", Q(decisions__undone_at__isnull=True, decisions__verdict=Verdict.APPROVE))
    return (
        pictures.filter(quarantined_at__isnull=True, release__isnull=True)
        .filter(~Exists(against))
        .annotate(approvals=approvals)
    )


def _standing() -> QuerySet[Decision]:
    return Decision.objects.filter(output=OuterRef("pk"), undone_at__isnull=True)


def get_output(actor: Actor, public_id: str) -> Output:
    """One picture ready for `state_of`; NotFound when there is none in this tenant."""
    try:
        return outputs(actor).get(pk=decode(Output.PREFIX, public_id))
    except (MalformedId, Output.DoesNotExist):
        raise NotFound from None


def decisions(output: Output) -> QuerySet[Decision]:
    """Everything ever decided on an output, undone ones included, oldest first."""
    return Decision.objects.filter(output=output).select_related("reviewer")


def comments(output: Output) -> QuerySet[Comment]:
    """What was said about an output, oldest first."""
    return Comment.objects.filter(output=output).select_related("author")
