"""Where a proposed address stands, and the ways it is decided. Who may decide: `contact_changes`, `contact_own`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from imprimatur.rights import contact_mails as mails
from imprimatur.rights import links
from imprimatur.rights.models import (
    AccessLink,
    ConsentRecord,
    ContactChange,
    ContactChangeStatus,
    RightRecord,
    RightStatus,
    TrademarkLicence,
)
from imprimatur.rights.moving import locked, recorded, saved
from imprimatur.rights.sealing import Contact, contact_of, seal_contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput
from imprimatur.tenants.models import User

LIFETIME: Final = timedelta(days=14)
ENDED: Final = frozenset({RightStatus.REVOKED, RightStatus.EXPIRED})


def changes_of(record: RightRecord) -> QuerySet[ContactChange]:
    """Every change of the record's contact that was ever proposed, newest first."""
    return ContactChange.objects.filter(record=record.pk).select_related("proposed_by", "decided_by")


def open_change(record: RightRecord, now: datetime) -> ContactChange | None:
    """The one that waits for a second person; None where none does."""
    waiting = changes_of(record).filter(status=ContactChangeStatus.PROPOSED, expires_at__gt=now)
    return waiting.first()


def _decide(
    record: RightRecord, change: ContactChange, status: ContactChangeStatus, now: datetime, person: User | None
) -> None:
    """Write down what became of it; the links that asked about it end. What was proposed is kept no longer, but for a
    confirmed one: the database compares it with what comes into the record."""
    change.status, change.decided_at, change.decided_by = status, now, person
    if status != ContactChangeStatus.CONFIRMED:
        change.sealed_contact = ""
    change.save()
    links.end_all(record, now, *links.ABOUT_ADDRESS)


def require_running(record: RightRecord) -> None:
    """Conflict where the record has ended."""
    if record.status in ENDED:
        raise Conflict(_("This record has ended; nobody is written to about it."), code="record_ended")


def checked(row: RightRecord, contact: Contact) -> Contact:
    """The present contact, where the proposed one is another and can be written to."""
    if not contact.email:
        message = _("Give the e-mail address: without one nobody reaches the person.")
        raise InvalidInput(errors=[{"field": "email", "message": message}])
    present = contact_of(row.pk, row.sealed_contact)
    if present == contact:
        raise Conflict(_("Nothing would change."), code="unchanged")
    return present


def proposed(
    row: RightRecord,
    contact: Contact,
    now: datetime,
    *,
    proposed_by: User | None = None,
    by_link: AccessLink | None = None,
    confirm_link: AccessLink | None = None,
) -> ContactChange:
    """A change that waits for 14 days; of a rights manager's or by the person's links."""
    return ContactChange.objects.create(
        tenant_id=row.tenant_id,
        record=row.pk,
        sealed_contact=seal_contact(row.pk, contact),
        proposed_by=proposed_by,
        by_link=by_link,
        confirm_link=confirm_link,
        expires_at=now + LIFETIME,
    )


def put_into_effect(actor: Actor, row: RightRecord, change: ContactChange, now: datetime) -> RightRecord:
    """The new address counts from now on, and links to the former one end; the person is told there. A locked record.

    The change is confirmed first and emptied last: between the two the database holds the record's row against it.
    """
    require_running(row)
    former = contact_of(row.pk, row.sealed_contact)
    _decide(row, change, ContactChangeStatus.CONFIRMED, now, actor.person)
    row.sealed_contact = change.sealed_contact
    facts = {"change": change.public_id, "proposed_by": _proposer(change), "links_ended": links.end_all(row, now)}
    row = saved(actor, row, "contact_changed", facts)
    change.sealed_contact = ""
    change.save(update_fields=["sealed_contact"])
    if former.email:
        mails.tell_former(row, former)
    return row


def ended(
    actor: Actor, row: RightRecord, change: ContactChange, status: ContactChangeStatus, now: datetime
) -> ContactChange:
    """It comes to nothing; everything stays as it was. A locked record."""
    _decide(row, change, status, now, actor.person)
    recorded(actor, row, f"contact_{status}", {"change": change.public_id, "proposed_by": _proposer(change)})
    return change


def overtake(actor: Actor, row: RightRecord, now: datetime) -> None:
    """End what waits because another way took its place; a locked record. One that ran out is marked so."""
    for change in changes_of(row).filter(status=ContactChangeStatus.PROPOSED):
        over = change.expires_at <= now
        ended(actor, row, change, ContactChangeStatus.LAPSED if over else ContactChangeStatus.WITHDRAWN, now)


def _proposer(change: ContactChange) -> str:
    """As `Actor.label` names them."""
    return f"link:{change.by_link.public_id}" if change.by_link else f"user:{change.proposed_by_id}"


def lapse_due(actor: Actor, now: datetime) -> int:
    """Mark what nobody confirmed in time. Returns how many; the services go by the dates anyway."""
    over = ContactChange.objects.filter(status=ContactChangeStatus.PROPOSED, expires_at__lte=now)
    return sum(_lapse(actor, change, now) for change in list(over))


def _lapse(actor: Actor, change: ContactChange, now: datetime) -> bool:
    row = locked(_record_of(change))
    still = changes_of(row).filter(pk=change.pk, status=ContactChangeStatus.PROPOSED).first()
    if still is not None:
        ended(actor, row, still, ContactChangeStatus.LAPSED, now)
    return still is not None


def _record_of(change: ContactChange) -> RightRecord:
    consent = ConsentRecord.objects.filter(pk=change.record).first()
    return consent or TrademarkLicence.objects.get(pk=change.record)
