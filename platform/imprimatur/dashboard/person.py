"""The person behind a record, as its page shows them to rights managers: contact, links, what they said."""

from __future__ import annotations

from dataclasses import dataclass, field

from imprimatur.rights import links, selectors, signing
from imprimatur.rights.models import AccessLink, RightRecord, RightStatus, TermsVersion
from imprimatur.rights.sealing import CannotUnseal, Contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.permissions import Permission


@dataclass(frozen=True)
class SentLink:
    """A link and what came back on it: `wish` is what the person asked to change."""

    link: AccessLink
    wish: str


@dataclass(frozen=True, kw_only=True)
class PersonPanel:
    """contact is empty where none is known. unreadable: the sentence where the record key is missing."""

    contact: Contact = field(default_factory=Contact)
    unreadable: str = ""
    links: list[SentLink] = field(default_factory=list)
    versions: list[TermsVersion] = field(default_factory=list)
    may_sign: bool = False
    may_see: bool = False
    may_renew: bool = False


def panel_of(actor: Actor, record: RightRecord) -> PersonPanel | None:
    """None for whoever does not manage rights: names are for those who do."""
    if not actor.has(Permission.MANAGE_RIGHTS):
        return None
    try:
        contact, unreadable = selectors.contact(actor, record), ""
        sent = [SentLink(link, signing.wish(link)) for link in links.links_of(record)]
    except CannotUnseal as error:
        contact, unreadable, sent = Contact(), str(error), []
    return PersonPanel(
        contact=contact,
        unreadable=unreadable,
        links=sent,
        versions=list(selectors.versions(record)),
        may_sign=record.status in (RightStatus.DRAFT, RightStatus.SENT),
        may_see=record.status in (RightStatus.ACTIVE, RightStatus.SUSPENDED),
        may_renew=record.valid_until is not None and record.status in (RightStatus.ACTIVE, RightStatus.EXPIRED),
    )
