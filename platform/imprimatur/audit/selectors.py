"""Read the trail, and prove that nobody changed it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import get_language

from governance.checkpoint import Checkpoint
from governance.errors import LedgerBroken
from governance.ledger import GENESIS
from governance.trail import TrailReport, Witness, examine, of_checkpoint
from imprimatur.audit import checkpoints
from imprimatur.audit.models import AuditEvent, Mention
from imprimatur.audit.rows import ledger_rows


@dataclass(frozen=True)
class ChainCheck:
    """`problem` is '' for an unbroken chain, else says what was found. `checkpoint`: the newest one it was held to."""

    rows: int
    head: str
    problem: str = ""
    checkpoint: Checkpoint | None = None

    @property
    def intact(self) -> bool:
        """Nothing was changed, left out or put in."""
        return not self.problem


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
    problem = " ".join(fault.sentence(get_language() or "en") for fault in report.faults)
    return ChainCheck(report.rows, GENESIS if problem else report.head, problem, newest)


def examined(tenant_id: uuid.UUID, witnesses: Sequence[Witness]) -> TrailReport:
    """The tenant's trail held to what is known from outside. Raises LedgerBroken as `governance.trail.examine`."""
    rows = AuditEvent.objects.filter(tenant_id=tenant_id).order_by("seq")
    return examine(ledger_rows(rows), witnesses)
