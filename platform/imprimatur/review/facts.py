"""What happened to an output, gathered from its rows for `states.state_from`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from imprimatur.generations.models import Output
from imprimatur.review import holds
from imprimatur.review.models import Claim, Decision, Verdict
from imprimatur.review.states import APPROVALS_NEEDED, OutputState, ReviewFacts, state_from


def with_review_rows(outputs: QuerySet[Output]) -> QuerySet[Output]:
    """The same outputs with everything `facts_of` reads, in a constant number of queries.

    `release` belongs to a later stage; only its existence is read here, through the reverse relation.
    """
    rows = outputs.select_related("generation__requested_by", "claim__reviewer", "release", "screening")
    return rows.prefetch_related("decisions__reviewer__memberships").annotate(unanswered=holds.unanswered())


def standing(output: Output) -> list[Decision]:
    """The decisions that count: those not undone, oldest first."""
    return [d for d in output.decisions.all() if d.undone_at is None]


def counts(decision: Decision) -> bool:
    """An approval counts as long as its reviewer belongs to the company; a no stands whoever said it."""
    return decision.verdict != Verdict.APPROVE or bool(decision.reviewer.memberships.all())


def live_claim(output: Output, now: datetime) -> Claim | None:
    """The claim that still holds, if any."""
    claim: Claim | None = getattr(output, "claim", None)
    return claim if claim is not None and claim.expires_at > now else None


def facts_of(output: Output, now: datetime) -> ReviewFacts:
    """Count what `states.RULES` asks about."""
    verdicts = [d.verdict for d in standing(output) if counts(d)]
    approvals = verdicts.count(Verdict.APPROVE)
    release = getattr(output, "release", None)
    return ReviewFacts(
        approvals=approvals,
        changes_requested=verdicts.count(Verdict.REQUEST_CHANGES),
        rejections=verdicts.count(Verdict.REJECT),
        claimed=live_claim(output, now) is not None,
        released=release is not None,
        withdrawn=release is not None and release.withdrawn_at is not None,
        quarantined=output.quarantined_at is not None,
        screened=holds.is_screened(output),
        unanswered=approvals >= APPROVALS_NEEDED and release is None and holds.is_unanswered(output),
    )


def state_of(output: Output, now: datetime | None = None) -> OutputState:
    """Where the output stands in review at `now` (default: now)."""
    return state_from(facts_of(output, now or timezone.now()))
