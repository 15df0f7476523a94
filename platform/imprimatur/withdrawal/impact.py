"""What would a revocation reach? A pure read: the same candidates and the same judge as the withdrawal itself."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.utils import timezone

from governance.policy import ConsentTerms, TrademarkTerms
from imprimatur.generations.models import GenerationState, Output
from imprimatur.library.models import ReferenceImage
from imprimatur.releases.models import Release
from imprimatur.review.states import OutputState
from imprimatur.rights import selectors as rights
from imprimatur.rights.models import RightRecord
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.permissions import Permission
from imprimatur.withdrawal import reach, selectors
from imprimatur.withdrawal.judging import Judge
from imprimatur.withdrawal.standing import Standings

SAMPLES: Final = 12
IN_REVIEW: Final = frozenset({OutputState.HELD, OutputState.PENDING, OutputState.CLAIMED, OutputState.APPROVED_1})
CLOSED: Final = frozenset({OutputState.CHANGES_REQUESTED, OutputState.REJECTED})


@dataclass(frozen=True, kw_only=True)
class Impact:
    """How far it reaches. queued, drawing: not finished yet, and refused; the other counts are of finished pictures,
    each in one of them. derived: outputs of ours that serve as references; made_of_them: pictures drawn from those.

    downloads, downloaders, recipients: of the released files. samples: the newest pictures that are shown today.
    """

    queued: int = 0
    drawing: int = 0
    in_review: int = 0
    approved: int = 0
    released: int = 0
    withdrawn: int = 0
    closed: int = 0
    quarantined: int = 0
    references: int = 0
    derived: int = 0
    made_of_them: int = 0
    templates: int = 0
    downloads: int = 0
    downloaders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    samples: list[Output] = field(default_factory=list)

    @property
    def pictures(self) -> int:
        """Finished pictures that would no longer be shown, or are not any more."""
        return sum((self.in_review, self.approved, self.released, self.withdrawn, self.closed, self.quarantined))

    @property
    def touches_nothing(self) -> bool:
        """Nothing was made under it."""
        return not (self.pictures or self.queued or self.drawing or self.derived)


def impact(
    actor: Actor,
    record: RightRecord,
    *,
    as_if: ConsentTerms | TrademarkTerms | None = None,
    now: datetime | None = None,
) -> Impact:
    """What the record reaches if its terms were `as_if` (default: the same terms, revoked). Changes nothing."""
    actor.require(Permission.MANAGE_RIGHTS)
    judge = Judge(now or timezone.now(), as_if or replace(rights.terms_of(record), status="revoked"))
    known = reach.references(record)
    derived = {reference.pk for reference in known if reference.derived_from_id}
    candidates = chain(reach.relying(record), reach.referencing(record))
    fallen = [output for output in candidates if judge.fallen(output)]
    releases = _releases(fallen)
    return Impact(
        **_counts(fallen),
        **_being_made(record, judge),
        references=len(known) - len(derived),
        derived=_shown(known, judge, record),
        made_of_them=sum(_is_made_of(output, derived) for output in fallen),
        templates=len({output.generation.template_version_id for output in fallen}),
        releases=releases,
        samples=_samples(fallen),
        **_reached_people(releases),
    )


def _is_made_of(output: Output, references: set[uuid.UUID]) -> bool:
    return any(row.reference_id in references for row in output.generation.drawn_from.all())


def _counts(fallen: list[Output]) -> dict[str, Any]:
    standings = Standings(fallen)
    states = Counter(standings.of(output) for output in fallen)
    return {
        "in_review": sum(states[state] for state in IN_REVIEW),
        "closed": sum(states[state] for state in CLOSED),
        "approved": states[OutputState.APPROVED],
        "released": states[OutputState.RELEASED],
        "withdrawn": states[OutputState.WITHDRAWN],
        "quarantined": states[OutputState.QUARANTINED],
    }


def _being_made(record: RightRecord, judge: Judge) -> dict[str, Any]:
    refused = [row.state for row in reach.being_made(record) if judge.refusal(row) is not None]
    queued = refused.count(GenerationState.QUEUED)
    return {"queued": queued, "drawing": len(refused) - queued}


def _shown(known: list[ReferenceImage], judge: Judge, record: RightRecord) -> int:
    return sum(bool(r.derived_from_id) and bool(judge.fallen_reference(r, record)) for r in known)


def _releases(fallen: list[Output]) -> list[Release]:
    found = [output.release for output in fallen if getattr(output, "release", None) is not None]
    return sorted(found, key=lambda release: release.created_at, reverse=True)


def _samples(fallen: list[Output]) -> list[Output]:
    shown = [output for output in fallen if output.quarantined_at is None]
    return sorted(shown, key=lambda output: output.created_at, reverse=True)[:SAMPLES]


def _reached_people(releases: list[Release]) -> dict[str, Any]:
    taken = selectors.downloads(releases)
    return {
        "downloads": taken.times,
        "downloaders": sorted(str(person) for person in taken.people),
        "recipients": sorted({str(recipient) for recipient in selectors.recipients(releases)}),
    }
