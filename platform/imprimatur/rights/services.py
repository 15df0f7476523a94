"""Draft (`drafting`), verify, narrow, suspend and revoke the right to make a picture.

A draft grants nothing. Whoever may add references may draft; only another person, a rights manager, verifies. A change
of status counts at once: every gate reads the row. Each change is an audit event. What was agreed changes in one way
only once the draft is left: into a smaller version of itself, with its own digest; the former stays on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.narrowing import widened
from imprimatur.rights.drafting import (
    attach_evidence,
    draft_consent,
    draft_licence,
    owned,
    redraft,
    renew,
    set_contact,
)
from imprimatur.rights.four_eyes import require_other
from imprimatur.rights.links import Grantor
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.rights.moving import locked, move, saved
from imprimatur.rights.places import require_known_places
from imprimatur.rights.states import TRANSITIONS, require_transition
from imprimatur.rights.versions import Terms, keep_version, terms_in, write_terms
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

__all__ = [
    "TRANSITIONS",
    "attach_evidence",
    "check_resumer",
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
BY_PERSON: Final = "person"
IN_FORCE: Final = frozenset({RightStatus.VERIFIED, RightStatus.ACTIVE, RightStatus.SUSPENDED})


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
    require_other(person, record)
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
    require_known_places(becomes, was)
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
    """Stop every use for now. reason: who stopped it (manager, person or majority).

    The person's own stop goes before a manager's: it holds until they lift it themselves.
    """
    actor.require(Permission.MANAGE_RIGHTS)
    row = locked(record)
    if row.status == RightStatus.SUSPENDED and row.suspension_reason == "manager" and reason == BY_PERSON:
        row.suspension_reason = reason
        return saved(actor, row, "suspended", {"reason": reason})
    require_transition(row.status, RightStatus.SUSPENDED)
    row.suspension_reason = reason
    return move(actor, row, RightStatus.SUSPENDED, reason=reason)


def resume(actor: Actor, record: Record, now: datetime | None = None) -> Record:
    """Allow use again after a suspension: like verifying, a person answers for it.

    Conflict when the person came of age meanwhile: then they must agree themselves.
    """
    row = locked(record)
    check_resumer(actor, row)
    if row.status != RightStatus.SUSPENDED:
        require_transition(row.status, RightStatus.SUSPENDED)
        raise Conflict(_("This record is not suspended."), code="wrong_status", status_now=row.status)
    if isinstance(row, ConsentRecord) and row.suspends_at and row.suspends_at <= (now or timezone.now()):
        raise Conflict(_("The person is of age now and must agree themselves. Draft a new record."), code="of_age")
    return move(actor, row, RightStatus.ACTIVE)


def check_resumer(actor: Actor, record: RightRecord) -> None:
    """Raise what stands in the way of this actor's resuming: who stopped it themselves lifts that themselves."""
    actor.require(Permission.MANAGE_RIGHTS)
    stopped_by_person = record.suspension_reason == BY_PERSON
    if isinstance(actor, Grantor) and stopped_by_person:
        return
    actor.require_person()
    if stopped_by_person:
        message = _("The person stopped this themselves, and only they lift that: send them the link to their page.")
        raise Conflict(message, code="stopped_by_person")


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
    anyway. Returns how many.

    A suspended record stays so until it has sold off, too: expired, it would be delivered again.
    """
    moment = now or timezone.now()
    running = Q(status__in=[RightStatus.ACTIVE, RightStatus.SUSPENDED], valid_until__lte=moment)
    over: Sequence[RightRecord] = [*ConsentRecord.objects.filter(running), *TrademarkLicence.objects.filter(running)]
    due = [record for record in over if record.status == RightStatus.ACTIVE or not _may_sell_off(record, moment)]
    for record in due:
        move(actor, locked(record), RightStatus.EXPIRED)
    outgrown = list(ConsentRecord.objects.filter(status=RightStatus.ACTIVE, suspends_at__lte=moment))
    for consent in outgrown:
        suspend(actor, consent, "majority")
    return len(due) + len(outgrown)


def _may_sell_off(record: RightRecord, moment: datetime) -> bool:
    sold_off = terms_in(record).sold_off
    return sold_off is not None and sold_off > moment


def _check_reason(reason: str) -> None:
    if len(reason) > MAX_REASON:
        raise _invalid("reason", _("Keep the reason under 300 characters."))


def _invalid(field: str, message: object) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
