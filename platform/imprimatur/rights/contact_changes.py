"""Who may change the address behind a record that left the draft? Nobody alone: whoever is reached there speaks.

A rights manager proposes and another confirms, neither of them whoever drafted the record; the person is told at their
present address and may object. Or the person asks for it over their own link and confirms from the new address. Until
then, and if nobody does within 14 days, everything stays as it was.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from imprimatur.rights import contact_mails as mails
from imprimatur.rights import links
from imprimatur.rights.contact_states import (
    changes_of,
    checked,
    ended,
    open_change,
    overtake,
    proposed,
    put_into_effect,
    require_running,
)
from imprimatur.rights.mails import is_waiting
from imprimatur.rights.models import (
    ContactChange,
    ContactChangeStatus,
    LinkPurpose,
    RightRecord,
    RightStatus,
)
from imprimatur.rights.moving import locked, recorded
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, NotFound, NotPermitted
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.models import Membership, User
from imprimatur.tenants.permissions import Permission, Role


def get_change(record: RightRecord, public_id: str) -> ContactChange:
    """`ctc_...` of this record; NotFound."""
    try:
        found = changes_of(record).filter(pk=decode(ContactChange.PREFIX, public_id)).first()
    except MalformedId:
        found = None
    if found is None:
        raise NotFound
    return found


def check_proposer(actor: Actor, record: RightRecord) -> User:
    """Whoever may propose another address; else the sentence that says why not."""
    actor.require(Permission.MANAGE_RIGHTS)
    person = actor.require_person()
    if record.status == RightStatus.DRAFT:
        raise Conflict(_("This is a draft: write the address into it."), code="still_a_draft")
    require_running(record)
    if not confirmers(record, person):
        message = _(
            "Nobody could confirm it: a second rights manager must, one who did not draft this record. Ask an owner to "
            "appoint one, or let the person give their new address on their own page."
        )
        raise Conflict(message, code="nobody_confirms")
    return person


def propose(
    actor: Actor, record: RightRecord, contact: Contact, base_url: str, now: datetime | None = None
) -> ContactChange:
    """A rights manager says who is to be written to from now on. Nothing changes before another confirms.

    The person is told at their present address. Conflict while another proposal waits or where nothing would change;
    InvalidInput without an e-mail address.
    """
    row, moment = locked(record), now or timezone.now()
    person = check_proposer(actor, row)
    present = checked(row, contact)
    if open_change(row, moment) is not None:
        raise Conflict(_("Another change waits for an answer. Have it decided or withdrawn first."), "change_waits")
    overtake(actor, row, moment)
    change = proposed(row, contact, moment, proposed_by=person)
    if present.email:
        objection = links.make(row, LinkPurpose.OBJECT, present.language, moment, person)
        mails.tell_present(row, present, contact, links.address_of(objection, base_url), change.expires_at)
    mails.ask_confirmers(confirmers(row, person), row, base_url)
    recorded(actor, row, "contact_proposed", {"change": change.public_id, "person_told": bool(present.email)})
    return change


def check_confirmer(actor: Actor, record: RightRecord, change: ContactChange) -> None:
    """Raise what stands in the way of this actor's confirming: the sentence that is the button's tooltip."""
    actor.require(Permission.MANAGE_RIGHTS)
    person = actor.require_person()
    if change.by_link_id is not None:
        message = _("The person asked for this themselves, and confirms it from the new address.")
        raise NotPermitted(message, code="persons_own")
    if person.pk == change.proposed_by_id:
        raise NotPermitted(_("You proposed this; another rights manager has to confirm it."), code="own_proposal")
    if person.pk == record.created_by_id:
        message = _("You drafted this record; another rights manager has to confirm the new address.")
        raise NotPermitted(message, code="own_record")
    if is_waiting(record.public_id, mails.PROPOSED):
        message = _(
            "The message to the person has not gone out yet. It is tried by itself: look again in a few minutes."
        )
        raise Conflict(message, code="person_not_told")


def confirm(actor: Actor, record: RightRecord, change: ContactChange, now: datetime | None = None) -> RightRecord:
    """A second rights manager answers for the new address: it counts from now on, and links to the former end."""
    row, moment = locked(record), now or timezone.now()
    waiting = _waiting(row, change, moment)
    check_confirmer(actor, row, waiting)
    _require_standing_proposer(waiting)
    return put_into_effect(actor, row, waiting, moment)


def check_decliner(actor: Actor, change: ContactChange) -> None:
    """The same for declining. What the person asked for themselves is theirs alone to withdraw."""
    actor.require(Permission.MANAGE_RIGHTS)
    person = actor.require_person()
    if change.by_link_id is not None:
        message = _("The person asked for this themselves; only they take it back.")
        raise NotPermitted(message, code="persons_own")
    if person.pk == change.proposed_by_id:
        raise NotPermitted(_("You proposed this yourself: withdraw it instead."), code="own_proposal")


def decline(actor: Actor, record: RightRecord, change: ContactChange, now: datetime | None = None) -> ContactChange:
    """Another rights manager says no."""
    row, moment = locked(record), now or timezone.now()
    waiting = _waiting(row, change, moment)
    check_decliner(actor, waiting)
    return ended(actor, row, waiting, ContactChangeStatus.DECLINED, moment)


def withdraw(actor: Actor, record: RightRecord, change: ContactChange, now: datetime | None = None) -> ContactChange:
    """Whoever proposed it takes it back."""
    actor.require(Permission.MANAGE_RIGHTS)
    person = actor.require_person()
    row, moment = locked(record), now or timezone.now()
    waiting = _waiting(row, change, moment)
    if person.pk != waiting.proposed_by_id:
        raise NotPermitted(_("Only whoever proposed it withdraws it. You may decline it."), code="not_own_proposal")
    return ended(actor, row, waiting, ContactChangeStatus.WITHDRAWN, moment)


def confirmers(record: RightRecord, proposer: User) -> list[User]:
    """Rights managers who could confirm what this person proposes."""
    members = _managers().exclude(user__in=[proposer.pk, record.created_by_id])
    return [membership.user for membership in members.select_related("user").order_by("created_at", "id")]


def _managers() -> QuerySet[Membership]:
    return Membership.objects.filter(roles__contains=[Role.RIGHTS_MANAGER], user__is_active=True)


def _require_standing_proposer(change: ContactChange) -> None:
    """Two people answer for it on the day it counts: one who has left, or manages rights no more, is none of them."""
    if not _managers().filter(user=change.proposed_by_id).exists():
        message = _("Whoever proposed it manages rights here no more. Decline it, then propose it yourself.")
        raise Conflict(message, code="proposer_gone")


def _waiting(row: RightRecord, change: ContactChange, now: datetime) -> ContactChange:
    waiting = open_change(row, now)
    if waiting is None or waiting.pk != change.pk:
        raise Conflict(_("This change was decided or has lapsed."), code="change_decided")
    return waiting
