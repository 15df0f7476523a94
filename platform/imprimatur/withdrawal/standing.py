"""Where do thousands of pictures stand in review? By the rules of `review.states`, counted in one query."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from imprimatur.generations.models import Output
from imprimatur.review.models import Claim, Verdict
from imprimatur.review.states import OutputState, ReviewFacts, state_from


def counted(outputs: QuerySet[Output]) -> QuerySet[Output]:
    """With the numbers that `review.states` goes by, in one query for all of them."""

    def standing(verdict: Verdict) -> Count:
        return Count("decisions", Q(decisions__undone_at__isnull=True, decisions__verdict=verdict), distinct=True)

    held = Claim.objects.filter(output=OuterRef("pk"), expires_at__gt=timezone.now())
    return outputs.annotate(
        approvals=standing(Verdict.APPROVE),
        returns=standing(Verdict.REQUEST_CHANGES),
        rejections=standing(Verdict.REJECT),
        is_claimed=Exists(held),
    )


def state_of(output: Output, *, but_quarantine: bool = False) -> OutputState:
    """Where a picture of `counted` stands; as if it were not quarantined, when asked."""
    numbers: Any = output
    release = getattr(output, "release", None)
    return state_from(
        ReviewFacts(
            approvals=numbers.approvals,
            changes_requested=numbers.returns,
            rejections=numbers.rejections,
            claimed=numbers.is_claimed,
            released=release is not None,
            withdrawn=release is not None and release.withdrawn_at is not None,
            quarantined=output.quarantined_at is not None and not but_quarantine,
        )
    )
