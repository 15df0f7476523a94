"""Read the trail, and prove that nobody changed it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import get_language

from governance.checkpoint import Checkpoint
from governance.errors import LedgerBroken
from governance.ledger import GENESIS
from governance.trail import TrailReport, Witness, examine, of_checkpoint
from imprimatur.audit import checkpoints
from imprimatur.audit.models import AuditEvent, Mention
from imprimatur.audit.rows import ledger_rows

FULL_CHECK: Final = "audit.verified"
TOUCHED: Final = "audit.touched"


@dataclass(frozen=True)
class ChainCheck:
    """`problem` is '' for an unbroken chain, else says what was found. `checkpoint`: the newest one it was held to.

    after: rows up to this one were not computed again, because the checkpoint vouches for them.
    """

    rows: int
    head: str
    problem: str = ""
    checkpoint: Checkpoint | None = None
    after: int = 0

    @property
    def intact(self) -> bool:
        """Nothing was changed, left out or put in."""
        return not self.problem


@dataclass(frozen=True)
class FullCheck:
    """When somebody last had the whole chain computed, and whether it was unbroken then."""

    at: datetime
    intact: bool


def events(tenant_id: uuid.UUID, *, subject: str = "", event: str = "") -> QuerySet[AuditEvent]:
    """The tenant's events, newest first; of one subject (`gen_...`) or one kind (`consent.revoked`) when named."""
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("-seq")
    if subject:
        rows = rows.filter(subject=subject)
    return rows.filter(event=event) if event else rows


def about(tenant_id: uuid.UUID, subject: str, digests: Iterable[str]) -> QuerySet[AuditEvent]:
    """The subject's own events and those that name one of these terms, newest first; by indexes alone."""
    own = AuditEvent.objects.filter(tenant_id=tenant_id, subject=subject).order_by().values("pk")
    naming = Mention.objects.filter(tenant_id=tenant_id, digest__in=list(digests)).values("event_id")
    return events(tenant_id).filter(pk__in=own.union(naming))


def verify(tenant_id: uuid.UUID) -> ChainCheck:
    """Compute the whole chain again, outside the database's trigger, and hold it to the newest checkpoint."""
    newest = checkpoints.newest(tenant_id)
    try:
        report = examined(tenant_id, [of_checkpoint(newest)] if newest else [])
    except LedgerBroken as broken:
        rows = AuditEvent.objects.filter(tenant_id=tenant_id).count()
        return ChainCheck(rows, GENESIS, str(broken), newest)
    problem = _sentences(report)
    return ChainCheck(report.rows, GENESIS if problem else report.head, problem, newest)


def verify_since_checkpoint(tenant_id: uuid.UUID) -> ChainCheck:
    """Compute what was added since the newest checkpoint: as long as that was, however long the trail is.

    The checkpoint is signed and lies outside the database, and its row must be there with its hash. What lies before
    it is not read: an edit there is found by `verify`, and so is whatever is wrong with the checkpoint's own row.
    """
    newest = checkpoints.newest(tenant_id)
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("seq")
    if newest is None or not rows.filter(seq=newest.seq, hash=newest.head).exists():
        return verify(tenant_id)
    try:
        report = examine(ledger_rows(rows.filter(seq__gt=newest.seq)), after=of_checkpoint(newest))
    except LedgerBroken as broken:
        return ChainCheck(rows.count(), GENESIS, str(broken), newest, newest.seq)
    problem = _sentences(report)
    return ChainCheck(report.rows, GENESIS if problem else report.head, problem, newest, newest.seq)


def last_full_check(tenant_id: uuid.UUID) -> FullCheck | None:
    """As the trail itself remembers it; None before the first."""
    found = events(tenant_id, event=FULL_CHECK).first()
    return FullCheck(found.occurred_at, json.loads(found.payload)["intact"]) if found else None


def alarm(tenant_id: uuid.UUID) -> AuditEvent | None:
    """That the trail was found to be touched, as long as no whole check has found it unbroken since."""
    found = events(tenant_id, event=TOUCHED).first()
    if found is None:
        return None
    later = events(tenant_id, event=FULL_CHECK).filter(seq__gt=found.seq)
    return None if any(json.loads(check.payload)["intact"] for check in later) else found


def examined(tenant_id: uuid.UUID, witnesses: Sequence[Witness]) -> TrailReport:
    """The tenant's trail held to what is known from outside. Raises LedgerBroken as `governance.trail.examine`."""
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("seq")
    return examine(ledger_rows(rows), witnesses)


def _sentences(report: TrailReport) -> str:
    return " ".join(fault.sentence(get_language() or "en") for fault in report.faults)
