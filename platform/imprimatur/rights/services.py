"""Draft, verify, narrow, suspend and revoke the right to make a picture.

A draft grants nothing. Whoever may add references may draft; only another person, a rights manager, verifies. A change
of status counts at once: every gate reads the row. Each change is an audit event. What was agreed changes in one way
only once the draft is left: into a smaller version of itself, with its own digest; the former stays on record.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.consent import ConsentTerms
from governance.narrowing import widened
from governance.trademark import TrademarkTerms
from imprimatur.rights import evidence as documents
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.rights.moving import locked, move, recorded, saved
from imprimatur.rights.sealing import Contact, contact_of, seal_contact
from imprimatur.rights.states import TRANSITIONS, require_transition
from imprimatur.rights.versions import Terms, keep_version, terms_in, write_terms
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

__all__ = [
    "TRANSITIONS",
    "attach_evidence",
    "check_verifier",
    "draft_consent",
    "draft_licence",
    "expire_due",
    "mark_sent",
    "mark_signed",
    "narrow",
    "owned",
    "redraft",
    "renew",
    "resume",
    "revoke",
    "set_contact",
    "suspend",
    "verify_record",
]

Record = TypeVar("Record", bound=RightRecord)
MAX_REASON: Final = 300
UNVERIFIED: Final = frozenset({RightStatus.DRAFT, RightStatus.SENT, RightStatus.SIGNED})
IN_FORCE: Final = frozenset({RightStatus.VERIFIED, RightStatus.ACTIVE, RightStatus.SUSPENDED})
_CONSENT_KINDS: Final = ("likeness", "copyright", "property")


def draft_consent(
    actor: Actor,
    *,
    title: str,
    kind: str,
    terms: ConsentTerms,
    evidence: bytes | None = None,
    evidence_name: str = "",
    contact: Contact | None = None,
) -> ConsentRecord:
    """A new consent record. Its id, grantee, evidence digest and status replace whatever `terms` said about them."""
    author = _require_drafter(actor)
    if kind not in _CONSENT_KINDS or terms.kind != kind:
        raise _invalid("kind", _("Choose likeness, copyright or property; a mark needs a trademark licence."))
    record = ConsentRecord(id=uuid.uuid4(), tenant_id=actor.tenant_id, kind=kind, created_by=author)
    _describe(record, title, evidence, evidence_name, contact)
    return _draft(actor, record, terms)


def draft_licence(
    actor: Actor,
    *,
    title: str,
    terms: TrademarkTerms,
    evidence: bytes | None = None,
    evidence_name: str = "",
    contact: Contact | None = None,
) -> TrademarkLicence:
    """A new trademark licence; as for consents."""
    author = _require_drafter(actor)
    record = TrademarkLicence(id=uuid.uuid4(), tenant_id=actor.tenant_id, created_by=author)
    record.mark, record.owner = terms.mark, terms.owner
    _describe(record, title, evidence, evidence_name, contact)
    return _draft(actor, record, terms)


def redraft(actor: Actor, record: Record, terms: Terms) -> Record:
    """Write a draft anew, for example because the person asked for changes; whoever does so is its author now."""
    author = _require_drafter(actor)
    row = locked(record)
    if row.status != RightStatus.DRAFT:
        raise Conflict(_("Only a draft can be rewritten. Draft a new record."), code="not_a_draft")
    write_terms(row, owned(row, terms))
    row.created_by = author
    return saved(actor, row, "redrafted", {})


def renew(actor: Actor, record: Record, valid_until: datetime) -> Record:
    """A new draft of the same terms that goes on where this record ends. It needs a signature of its own."""
    author = _require_drafter(actor)
    terms = terms_in(record)
    if terms.valid_until is None:
        raise Conflict(_("This record never ends, so there is nothing to renew."), code="never_ends")
    if valid_until <= terms.valid_until:
        raise _invalid("valid_until", _("The new end must lie after the present one."))
    following = type(record)(id=uuid.uuid4(), tenant_id=actor.tenant_id, created_by=author, title=record.title)
    for name in ("kind", "mark", "owner"):
        if hasattr(record, name):
            setattr(following, name, getattr(record, name))
    following.renews, following.salt = record, secrets.token_hex(32)
    following.sealed_contact = seal_contact(following.pk, contact_of(record.pk, record.sealed_contact))
    return _draft(actor, following, replace(terms, valid_from=terms.valid_until, valid_until=valid_until))


def attach_evidence(actor: Actor, record: Record, data: bytes, name: str) -> Record:
    """Add the signed document, or replace it, as long as nobody verified it. Conflict afterwards."""
    _require_drafter(actor)
    row = locked(record)
    if row.status not in UNVERIFIED:
        raise Conflict(_("This record was verified with its document. Draft a new record."), code="not_a_draft")
    documents.attach(row, data, name)
    row.evidence_seal = {}
    write_terms(row, owned(row, terms_in(row)))
    if row.status != RightStatus.DRAFT:
        keep_version(row, actor.label)
    return saved(actor, row, "evidence_attached", {"evidence_sha256": row.evidence_sha256})


def set_contact(actor: Actor, record: Record, contact: Contact) -> Record:
    """Who stands behind the record: name and e-mail address, kept encrypted."""
    _require_drafter(actor)
    row = locked(record)
    row.sealed_contact = seal_contact(row.pk, contact)
    return saved(actor, row, "contact_changed", {})


def mark_sent(actor: Actor, record: Record) -> Record:
    """The document went out for signature."""
    actor.require(Permission.MANAGE_RIGHTS)
    return move(actor, locked(record), RightStatus.SENT)


def mark_signed(actor: Actor, record: Record) -> Record:
    """The signed document came back; nobody looked at it yet."""
    actor.require(Permission.MANAGE_RIGHTS)
    return move(actor, locked(record), RightStatus.SIGNED)


def check_verifier(actor: Actor, record: RightRecord) -> User:
    """The person who may verify; else the sentence that is the button's tooltip: two people answer for a record."""
    actor.require(Permission.MANAGE_RIGHTS)
    person = actor.require_person()
    if person.pk == record.created_by_id:
        raise NotPermitted(_("You drafted this record; another rights manager has to verify it."), code="own_record")
    return person


def verify_record(actor: Actor, record: Record, now: datetime | None = None) -> Record:
    """A rights manager saw the evidence: the record becomes active, or expired where its term is over already.

    Conflict without evidence: there is nothing to have seen.
    """
    row = locked(record)
    verifier = check_verifier(actor, row)
    require_transition(row.status, RightStatus.VERIFIED)
    if not row.evidence_sha256:
        raise Conflict(_("There is no evidence yet. Add the signed document first."), code="evidence_missing")
    row.verified_by = verifier
    move(actor, row, RightStatus.VERIFIED)
    over = row.valid_until is not None and row.valid_until <= (now or timezone.now())
    return move(actor, row, RightStatus.EXPIRED if over else RightStatus.ACTIVE)


def narrow(actor: Actor, record: Record, terms: Terms, reason: str = "") -> Record:
    """A smaller version of what was agreed, in force at once: somebody took a part of it back.

    InvalidInput that names every field which would allow more; Conflict for a record that is not in force.
    """
    actor.require(Permission.MANAGE_RIGHTS)
    _check_reason(reason)
    row = locked(record)
    if row.status not in IN_FORCE:
        raise Conflict(_("Only a record in force can be narrowed."), code="wrong_status", status_now=row.status)
    was, becomes = terms_in(row), replace(owned(row, terms), status=terms_in(row).status)
    larger = widened(was, becomes)
    if larger:
        message = _("This would allow more than was agreed. That needs a new record and a new signature.")
        raise InvalidInput(message, errors=[{"field": field, "message": message} for field in larger], code="widened")
    if becomes.digest() == was.digest():
        raise Conflict(_("Nothing would change."), code="unchanged")
    keep_version(row, actor.label)  # of a record that is older than the versions
    former = row.terms_digest
    write_terms(row, becomes)
    keep_version(row, actor.label, reason.strip())
    return saved(actor, row, "narrowed", {"former_digest": former})


def suspend(actor: Actor, record: Record, reason: str = "manager") -> Record:
    """Stop every use for now. reason: who stopped it (manager, person or majority)."""
    actor.require(Permission.MANAGE_RIGHTS)
    row = locked(record)
    require_transition(row.status, RightStatus.SUSPENDED)
    row.suspension_reason = reason
    return move(actor, row, RightStatus.SUSPENDED, reason=reason)


def resume(actor: Actor, record: Record, now: datetime | None = None) -> Record:
    """Allow use again after a suspension: like verifying, a person answers for it.

    Conflict when the person came of age meanwhile: then they must agree themselves.
    """
    actor.require(Permission.MANAGE_RIGHTS)
    actor.require_person()
    row = locked(record)
    if row.status != RightStatus.SUSPENDED:
        require_transition(row.status, RightStatus.SUSPENDED)
        raise Conflict(_("This record is not suspended."), code="wrong_status", status_now=row.status)
    if isinstance(row, ConsentRecord) and row.suspends_at and row.suspends_at <= (now or timezone.now()):
        raise Conflict(_("The person is of age now and must agree themselves. Draft a new record."), code="of_age")
    return move(actor, row, RightStatus.ACTIVE)


def revoke(actor: Actor, record: Record, reason: str = "") -> Record:
    """End the right for good. From this transaction's commit on, nothing is drawn, released or served under it."""
    actor.require(Permission.MANAGE_RIGHTS)
    _check_reason(reason)
    row = locked(record)
    require_transition(row.status, RightStatus.REVOKED)
    row.revoked_at, row.revocation_reason = timezone.now(), reason.strip()
    return move(actor, row, RightStatus.REVOKED)


def expire_due(actor: Actor, now: datetime | None = None) -> int:
    """Mark what ran out as expired and suspend what a minor outgrew, so that lists tell it; the gates go by the dates
    anyway. Returns how many."""
    moment = now or timezone.now()
    running = Q(status__in=[RightStatus.ACTIVE, RightStatus.SUSPENDED], valid_until__lte=moment)
    due: Sequence[RightRecord] = [*ConsentRecord.objects.filter(running), *TrademarkLicence.objects.filter(running)]
    for record in due:
        move(actor, locked(record), RightStatus.EXPIRED)
    outgrown = list(ConsentRecord.objects.filter(status=RightStatus.ACTIVE, suspends_at__lte=moment))
    for consent in outgrown:
        suspend(actor, consent, "majority")
    return len(due) + len(outgrown)


def _describe(
    record: RightRecord, title: str, evidence: bytes | None, evidence_name: str, contact: Contact | None
) -> None:
    if not title.strip():
        raise _invalid("title", _("Give the record a title."))
    record.title, record.salt = title.strip(), secrets.token_hex(32)
    if contact is not None:
        record.sealed_contact = seal_contact(record.pk, contact)
    if evidence is not None:
        documents.attach(record, evidence, evidence_name)


def _draft(actor: Actor, record: Record, terms: Terms) -> Record:
    write_terms(record, owned(record, terms))
    record.save(force_insert=True)
    return recorded(actor, record, "drafted", {"status": record.status})


def owned(record: RightRecord, terms: Terms) -> Terms:
    """The terms as this record's: its id, its tenant as the only grantee, its document."""
    grantee = str(record.tenant_id)
    if isinstance(terms, TrademarkTerms):
        return replace(terms, id=record.public_id, grantee=grantee, status="draft")
    digest = record.evidence_sha256
    return replace(terms, id=record.public_id, grantee=grantee, status="draft", evidence_digest=digest)


def _check_reason(reason: str) -> None:
    if len(reason) > MAX_REASON:
        raise _invalid("reason", _("Keep the reason under 300 characters."))


def _require_drafter(actor: Actor) -> User:
    """Whoever may add references or manages rights; a key drafts in the name of the person who made it."""
    if not actor.has(Permission.UPLOAD_REFERENCE):
        actor.require(Permission.MANAGE_RIGHTS)
    if actor.user is None:
        raise PersonRequired
    return actor.user


def _invalid(field: str, message: object) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
