"""What the person behind a record does about their own address, by links alone: move, confirm, object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from imprimatur.rights import contact_mails as mails
from imprimatur.rights import links
from imprimatur.rights.contact_states import (
    checked,
    ended,
    open_change,
    overtake,
    proposed,
    put_into_effect,
    require_running,
)
from imprimatur.rights.models import AccessLink, ContactChange, ContactChangeStatus, LinkPurpose, RightRecord
from imprimatur.rights.moving import locked, recorded
from imprimatur.rights.sealing import Contact, contact_of
from imprimatur.tenants.errors import LinkOver

OBJECTED: Final = "objected"
CONFIRMED: Final = "confirmed"


@dataclass(frozen=True)
class Asked:
    """A change that waits, and the link by which the person answers; '' where mails go out or nobody was asked."""

    change: ContactChange
    address: str


@transaction.atomic
def propose_own(link: AccessLink, email: str, language: str, base_url: str, now: datetime) -> Asked:
    """The person behind the record asks, over their own page, to be written to elsewhere; their name stays.

    What waited before ends. The new address gets a link, and counts once that is answered. MailNotTaken where its link
    cannot be sent: nothing was changed.
    """
    actor, row = links.grantor(link), locked(links.record_of(link))
    present = contact_of(row.pk, row.sealed_contact)
    contact = Contact(name=present.name, email=email, language=language)
    require_running(row)
    checked(row, contact)
    overtake(actor, row, now)
    asking = links.make(row, LinkPurpose.CONFIRM, language, now, link.created_by)
    change = proposed(row, contact, now, by_link=link, confirm_link=asking)
    objection = links.make(row, LinkPurpose.OBJECT, present.language, now, link.created_by)
    mails.tell_present(row, present, contact, links.address_of(objection, base_url), change.expires_at)
    address = mails.ask_new(contact, links.address_of(asking, base_url), change.expires_at)
    recorded(actor, row, "contact_proposed", {"change": change.public_id, "person_told": True})
    return Asked(change, address)


def waiting_for(link: AccessLink, now: datetime) -> ContactChange:
    """What the link asks about. LinkOver where nothing waits for it any more."""
    waiting = open_change(links.record_of(link), now)
    if waiting is None or (link.purpose == LinkPurpose.CONFIRM and waiting.confirm_link_id != link.pk):
        sentence = _("Nothing is left to answer here: it was decided, or a newer message took this one’s place.")
        raise LinkOver(sentence)
    return waiting


def confirm_own(link: AccessLink, now: datetime) -> RightRecord:
    """The person answered from the new address. LinkOver as above."""
    row = locked(links.record_of(link))
    waiting = waiting_for(link, now)
    links.use(link, CONFIRMED, now)
    return put_into_effect(links.grantor(link), row, waiting, now)


def object_to(link: AccessLink, now: datetime) -> ContactChange:
    """The person says at their present address, or on their page, that this is not theirs. LinkOver as above."""
    row = locked(links.record_of(link))
    waiting = waiting_for(link, now)
    if link.purpose == LinkPurpose.OBJECT:
        links.use(link, OBJECTED, now)
    own = waiting.by_link_id is not None
    status = ContactChangeStatus.WITHDRAWN if own else ContactChangeStatus.DECLINED
    return ended(links.grantor(link), row, waiting, status, now)
