"""Draft, verify, suspend and revoke the right to make a picture.

A draft grants nothing. Whoever may add references may draft; only a rights manager, in person, verifies. A change of
status counts at once: every gate reads the row. Each change is an audit event; the terms themselves never change once
the draft is left, and the database refuses to change them.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from imprimatur.audit.services import record as record_event
from imprimatur.rights import evidence as documents
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.rights.states import TRANSITIONS, require_transition
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, PersonRequired
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

__all__ = [
    "TRANSITIONS",
    "attach_evidence",
    "draft_consent",
    "draft_licence",
    "expire_due",
    "mark_sent",
    "mark_signed",
    "resume",
    "revoke",
    "suspend",
    "verify_record",
]

Terms = ConsentTerms | TrademarkTerms
Record = TypeVar("Record", bound=RightRecord)
MAX_REASON = 300
_CONSENT_KINDS = ("likeness", "copyright", "property")


def draft_consent(
    actor: Actor,
    *,
    title: str,
    kind: str,
    terms: ConsentTerms,
    evidence: bytes | None = None,
    evidence_name: str = "",
) -> ConsentRecord:
    """A new consent record. Its id, grantee, evidence digest and status replace whatever `terms` said about them."""
    author = _require_drafter(actor)
    if kind not in _CONSENT_KINDS or terms.kind != kind:
        raise _invalid("kind", _("Choose likeness, copyright or property; a mark needs a trademark licence."))
    record = ConsentRecord(id=uuid.uuid4(), tenant_id=actor.tenant_id, kind=kind, created_by=author)
    return _draft(actor, record, title=title, terms=terms, evidence=evidence, evidence_name=evidence_name)


def draft_licence(
    actor: Actor,
    *,
    title: str,
    terms: TrademarkTerms,
    evidence: bytes | None = None,
    evidence_name: str = "",
) -> TrademarkLicence:
    """A new trademark licence; as for consents."""
    author = _require_drafter(actor)
    record = TrademarkLicence(id=uuid.uuid4(), tenant_id=actor.tenant_id, created_by=author)
    record.mark, record.owner = terms.mark, terms.owner
    return _draft(actor, record, title=title, terms=terms, evidence=evidence, evidence_name=evidence_name)


def attach_evidence(actor: Actor, record: Record, data: bytes, name: str) -> Record:
    """Add the signed document to a draft, or replace it. Conflict once the draft is left."""
    _require_drafter(actor)
    row = _locked(record)
    if row.status != RightStatus.DRAFT:
        raise Conflict(_("Evidence can only be added to a draft. Draft a new record."), code="not_a_draft")
    documents.attach(row, data, name)
    _freeze_terms(row, _owned(row, _terms(row)))
    return _saved(actor, row, "evidence_attached", {"evidence_sha256": row.evidence_sha256})


def mark_sent(actor: Actor, record: Record) -> Record:
    """The document went out for signature."""
    actor.require(Permission.MANAGE_RIGHTS)
    return _move(actor, _locked(record), RightStatus.SENT)


def mark_signed(actor: Actor, record: Record) -> Record:
    """The signed document came back; nobody looked at it yet."""
    actor.require(Permission.MANAGE_RIGHTS)
    return _move(actor, _locked(record), RightStatus.SIGNED)


def verify_record(actor: Actor, record: Record, now: datetime | None = None) -> Record:
    """A rights manager saw the evidence: the record becomes active, or expired where its term is over already.

    Conflict without evidence: there is nothing to have seen.
    """
    actor.require(Permission.MANAGE_RIGHTS)
    verifier = actor.require_person()
    row = _locked(record)
    require_transition(row.status, RightStatus.VERIFIED)
    if not row.evidence_sha256:
        raise Conflict(_("There is no evidence yet. Add the signed document first."), code="evidence_missing")
    row.verified_by = verifier
    _move(actor, row, RightStatus.VERIFIED)
    over = row.valid_until is not None and row.valid_until <= (now or timezone.now())
    return _move(actor, row, RightStatus.EXPIRED if over else RightStatus.ACTIVE)


def suspend(actor: Actor, record: Record) -> Record:
    """Stop every use for now."""
    actor.require(Permission.MANAGE_RIGHTS)
    return _move(actor, _locked(record), RightStatus.SUSPENDED)


def resume(actor: Actor, record: Record) -> Record:
    """Allow use again after a suspension: like verifying, a person answers for it."""
    actor.require(Permission.MANAGE_RIGHTS)
    actor.require_person()
    row = _locked(record)
    if row.status != RightStatus.SUSPENDED:
        require_transition(row.status, RightStatus.SUSPENDED)
        raise Conflict(_("This record is not suspended."), code="wrong_status", status_now=row.status)
    return _move(actor, row, RightStatus.ACTIVE)


def revoke(actor: Actor, record: Record, reason: str = "") -> Record:
    """End the right for good. From this transaction's commit on, nothing is drawn, released or served under it."""
    actor.require(Permission.MANAGE_RIGHTS)
    if len(reason) > MAX_REASON:
        raise _invalid("reason", _("Keep the reason under 300 characters."))
    row = _locked(record)
    require_transition(row.status, RightStatus.REVOKED)
    row.revoked_at, row.revocation_reason = timezone.now(), reason.strip()
    return _move(actor, row, RightStatus.REVOKED)


def expire_due(actor: Actor, now: datetime | None = None) -> int:
    """Mark what ran out as expired, so that lists tell it; the gates go by the dates anyway. Returns how many."""
    moment = now or timezone.now()
    running = {"status__in": [RightStatus.ACTIVE, RightStatus.SUSPENDED], "valid_until__lte": moment}
    due = [*ConsentRecord.objects.filter(**running), *TrademarkLicence.objects.filter(**running)]
    for record in due:
        _move(actor, _locked(record), RightStatus.EXPIRED)
    return len(due)


def _draft(
    actor: Actor, record: Record, *, title: str, terms: Terms, evidence: bytes | None, evidence_name: str
) -> Record:
    if not title.strip():
        raise _invalid("title", _("Give the record a title."))
    record.title, record.salt = title.strip(), secrets.token_hex(32)
    if evidence is not None:
        documents.attach(record, evidence, evidence_name)
    _freeze_terms(record, _owned(record, terms))
    record.save(force_insert=True)
    return _recorded(actor, record, "drafted", {"status": record.status})


def _owned(record: RightRecord, terms: Terms) -> Terms:
    """The terms as this record's: its id, its tenant as the only grantee, its document."""
    grantee = str(record.tenant_id)
    if isinstance(terms, TrademarkTerms):
        return replace(terms, id=record.public_id, grantee=grantee, status="draft")
    digest = record.evidence_sha256
    return replace(terms, id=record.public_id, grantee=grantee, status="draft", evidence_digest=digest)


def _freeze_terms(record: RightRecord, terms: Terms) -> None:
    """Write the terms and the columns that lists read beside them."""
    record.terms, record.terms_digest = terms.to_json(), terms.digest()
    record.reference_digests = sorted(terms.reference_digests)
    record.valid_from, record.valid_until = terms.valid_from, terms.valid_until


def _terms(record: RightRecord) -> Terms:
    kind = ConsentTerms if isinstance(record, ConsentRecord) else TrademarkTerms
    return kind.from_json(record.terms)


def _locked(record: Record) -> Record:
    """The row as it is now, held until the transaction ends: two people may press at the same moment."""
    return type(record).objects.select_for_update(of=("self",)).get(pk=record.pk)


def _move(actor: Actor, row: Record, to: RightStatus) -> Record:
    require_transition(row.status, to)
    change = {"from": row.status, "to": str(to)}
    row.status = to
    return _saved(actor, row, str(to), change)


def _saved(actor: Actor, row: Record, verb: str, facts: dict[str, Any]) -> Record:
    row.version += 1
    row.save()
    return _recorded(actor, row, verb, facts)


def _recorded(actor: Actor, row: Record, verb: str, facts: dict[str, Any]) -> Record:
    """Digests and statuses only: titles and reasons may name people."""
    noun = "consent" if isinstance(row, ConsentRecord) else "trademark_licence"
    payload = facts | {"terms_digest": row.terms_digest, "version": row.version}
    record_event(actor.tenant_id, actor.label, f"{noun}.{verb}", row.public_id, payload)
    return row


def _require_drafter(actor: Actor) -> User:
    """Whoever may add references or manages rights; a key drafts in the name of the person who made it."""
    if not actor.has(Permission.UPLOAD_REFERENCE):
        actor.require(Permission.MANAGE_RIGHTS)
    if actor.user is None:
        raise PersonRequired
    return actor.user


def _invalid(field: str, message: object) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
