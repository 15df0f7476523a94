"""Where do thousands of pictures stand in review? By the rules of `review.states`, counted for all at once."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Final

from django.db.models import Count
from django.utils import timezone

from imprimatur.generations.models import Output, Screening
from imprimatur.review import holds
from imprimatur.review.models import Claim, Decision, Verdict
from imprimatur.review.states import APPROVALS_NEEDED, OutputState, ReviewFacts, state_from

CHUNK: Final = 2000  # ids in one question


class Standings:
    """What review knows of these pictures, asked in four queries for each CHUNK of them."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        """Inside the tenant's scope."""
        self._verdicts: dict[uuid.UUID, Counter[str]] = {}
        self._claimed: set[uuid.UUID] = set()
        self._screened: set[uuid.UUID] = set()
        self._unanswered: set[uuid.UUID] = set()
        ids = [output.pk for output in outputs]
        for start in range(0, len(ids), CHUNK):
            self._read(ids[start : start + CHUNK])

    def of(self, output: Output, *, but_quarantine: bool = False) -> OutputState:
        """Where one of them stands; as if it were not quarantined, when asked."""
        verdicts = self._verdicts.get(output.pk, Counter())
        release = getattr(output, "release", None)
        return state_from(
            ReviewFacts(
                approvals=verdicts[Verdict.APPROVE],
                changes_requested=verdicts[Verdict.REQUEST_CHANGES],
                rejections=verdicts[Verdict.REJECT],
                claimed=output.pk in self._claimed,
                released=release is not None,
                withdrawn=release is not None and release.withdrawn_at is not None,
                quarantined=output.quarantined_at is not None and not but_quarantine,
                screened=output.pk in self._screened,
                unanswered=output.pk in self._unanswered,
            )
        )

    def _read(self, ids: list[uuid.UUID]) -> None:
        standing = Decision.objects.order_by().filter(output__in=ids, undone_at__isnull=True)
        for output_id, verdict, many in standing.values_list("output", "verdict").annotate(many=Count("pk")):
            self._verdicts.setdefault(output_id, Counter())[verdict] = many
        claims = Claim.objects.filter(output__in=ids, expires_at__gt=timezone.now())
        self._claimed.update(claims.values_list("output", flat=True))
        noticed = Screening.objects.filter(output__in=ids, cleared_at=None)
        self._screened.update(noticed.values_list("output", flat=True))
        enough = [pk for pk in ids if self._verdicts.get(pk, Counter())[Verdict.APPROVE] >= APPROVALS_NEEDED]
        reserved = Output.objects.order_by().filter(holds.unanswered(), pk__in=enough)
        self._unanswered.update(reserved.values_list("pk", flat=True))
