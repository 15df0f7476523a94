"""The person behind a record, as its page shows them to rights managers: contact, links, what they said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils import timezone

from imprimatur.rights import contact_mails, links, mails, selectors, signing
from imprimatur.rights.contact_changes import check_confirmer, check_decliner, check_proposer
from imprimatur.rights.contact_states import open_change
from imprimatur.rights.models import AccessLink, ContactChange, Mail, RightRecord, RightStatus, TermsVersion
from imprimatur.rights.sealing import CannotUnseal, Contact, contact_of
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.permissions import Permission


@dataclass(frozen=True)
class SentLink:
    """A link and what came back on it: `wish` is what the person asked to change."""

    link: AccessLink
    wish: str


@dataclass(frozen=True, kw_only=True)
class WaitingContact:
    """Another contact that was proposed. The refusals say why a button does nothing; '' where it does."""

    change: ContactChange
    contact: Contact
    mine: bool
    confirm_refusal: str
    decline_refusal: str


@dataclass(frozen=True, kw_only=True)
class PersonPanel:
    """contact is empty where none is known. unreadable: the sentence where the record key is missing.

    is_draft: whoever manages rights writes the contact; later they propose another, unless `propose_refusal` says why
    not, and `waiting` is what was proposed. has_moved: a renewal that nobody verified yet has another contact than the
    record before it.
    """

    contact: Contact = field(default_factory=Contact)
    unreadable: str = ""
    is_draft: bool = False
    has_moved: bool = False
    propose_refusal: str = ""
    waiting: WaitingContact | None = None
    links: list[SentLink] = field(default_factory=list)
    versions: list[TermsVersion] = field(default_factory=list)
    may_sign: bool = False
    may_see: bool = False
    may_renew: bool = False
    untold: Mail | None = None  # the newest message to them that nobody took


def panel_of(actor: Actor, record: RightRecord) -> PersonPanel | None:
    """None for whoever does not manage rights: names are for those who do."""
    if not actor.has(Permission.MANAGE_RIGHTS):
        return None
    try:
        contact, unreadable = selectors.contact(actor, record), ""
        waiting, moved = _waiting(actor, record), _has_moved(record, contact)
        sent = [SentLink(link, signing.wish(link)) for link in links.links_of(record)]
    except CannotUnseal as error:
        contact, unreadable, waiting, moved, sent = Contact(), str(error), None, False, []
    return PersonPanel(
        contact=contact,
        unreadable=unreadable,
        is_draft=record.status == RightStatus.DRAFT,
        has_moved=moved,
        propose_refusal=_refusal(lambda: check_proposer(actor, record)),
        waiting=waiting,
        links=sent,
        versions=list(selectors.versions(record)),
        may_sign=record.status in (RightStatus.DRAFT, RightStatus.SENT),
        may_see=record.status in (RightStatus.ACTIVE, RightStatus.SUSPENDED),
        untold=mails.given_up(record.public_id, contact_mails.PROPOSED, contact_mails.CHANGED).first(),
        may_renew=record.valid_until is not None and record.status in (RightStatus.ACTIVE, RightStatus.EXPIRED),
    )


def _has_moved(record: RightRecord, contact: Contact) -> bool:
    if record.renews is None or record.verified_by_id is not None:
        return False
    return contact_of(record.renews.pk, record.renews.sealed_contact) != contact


def _waiting(actor: Actor, record: RightRecord) -> WaitingContact | None:
    change = open_change(record, timezone.now())
    if change is None:
        return None
    return WaitingContact(
        change=change,
        contact=contact_of(record.pk, change.sealed_contact),
        mine=actor.person is not None and actor.person.pk == change.proposed_by_id,
        confirm_refusal=_refusal(lambda: check_confirmer(actor, record, change)),
        decline_refusal=_refusal(lambda: check_decliner(actor, change)),
    )


def _refusal(check: Callable[[], object]) -> str:
    try:
        check()
    except DomainError as error:
        return str(error)
    return ""
