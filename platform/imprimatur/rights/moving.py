"""How a record moves: locked, by the table, its text kept, the audit trail told. Nothing else writes a status."""

from __future__ import annotations

from typing import Any, TypeVar

from imprimatur.audit.services import record as record_event
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus
from imprimatur.rights.states import require_transition
from imprimatur.rights.versions import keep_version
from imprimatur.tenants.actor import Actor

Record = TypeVar("Record", bound=RightRecord)


def locked(record: Record) -> Record:
    """The row as it is now, held until the transaction ends: two people may press at the same moment."""
    return type(record).objects.select_for_update(of=("self",)).get(pk=record.pk)


def move(actor: Actor, row: Record, to: RightStatus, **facts: Any) -> Record:
    """Take a locked row to another status. Conflict where the table has no such way."""
    require_transition(row.status, to)
    change = {"from": row.status, "to": str(to)}
    if row.status == RightStatus.DRAFT:
        keep_version(row, actor.label)
    row.status = to
    if to != RightStatus.SUSPENDED:
        row.suspension_reason = ""
    return saved(actor, row, str(to), change | facts)


def saved(actor: Actor, row: Record, verb: str, facts: dict[str, Any]) -> Record:
    """Save a changed row and record what changed."""
    row.version += 1
    row.save()
    return recorded(actor, row, verb, facts)


def recorded(actor: Actor, row: Record, verb: str, facts: dict[str, Any]) -> Record:
    """Digests and statuses only: titles and reasons may name people."""
    noun = "consent" if isinstance(row, ConsentRecord) else "trademark_licence"
    payload = facts | {"terms_digest": row.terms_digest, "terms_version": row.terms_version, "version": row.version}
    record_event(actor.tenant_id, actor.label, f"{noun}.{verb}", row.public_id, payload)
    return row
