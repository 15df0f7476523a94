"""A way in without an account: a signed, expiring link for the person behind a record, good for one purpose.

The token is a signature over the ids of the company and of the link's row; the row says how long it holds, what it is
for, and whether it was used. The database holds nothing that opens anything.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core import signing
from django.utils.translation import gettext_lazy as _

from imprimatur.rights.models import AccessLink, LinkPurpose, RightRecord
from imprimatur.rights.moving import locked
from imprimatur.rights.selectors import get_record
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import LinkOver, LinkUnknown
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

LIFETIME: Final = {
    LinkPurpose.SIGN: timedelta(days=14),
    LinkPurpose.PORTAL: timedelta(days=60),
    LinkPurpose.OBJECT: timedelta(days=14),
    LinkPurpose.CONFIRM: timedelta(days=14),
}
PATHS: Final = {
    LinkPurpose.SIGN: "/sign/",
    LinkPurpose.PORTAL: "/portal/",
    LinkPurpose.OBJECT: "/address/object/",
    LinkPurpose.CONFIRM: "/address/confirm/",
}
ABOUT_ADDRESS: Final = (LinkPurpose.OBJECT, LinkPurpose.CONFIRM)
_SALT: Final = "imprimatur.rights.link."


@dataclass(frozen=True)
class Grantor(Actor):
    """The person behind a record, known by their link alone. They may take back, never give more."""

    link: str = ""

    @property
    def label(self) -> str:
        """How audit events name them."""
        return f"link:{self.link}"


def grantor(link: AccessLink) -> Grantor:
    """The person of this link, acting. The services that allow something ask for a signed-in person beside."""
    return Grantor(link.tenant_id, None, frozenset({Permission.MANAGE_RIGHTS}), link=link.public_id)


def make(record: RightRecord, purpose: LinkPurpose, language: str, now: datetime, sender: User) -> AccessLink:
    """A new link. Earlier ones of that purpose end. sender: whose doing it is that the person has a link at all."""
    end_all(record, now, purpose)
    return AccessLink.objects.create(
        tenant_id=record.tenant_id,
        purpose=purpose,
        record=record.public_id,
        terms_digest=record.terms_digest,
        language=language,
        expires_at=now + LIFETIME[purpose],
        created_by=sender,
    )


def use(link: AccessLink, answer: str, now: datetime) -> None:
    """The link is answered, and good for nothing more."""
    link.used_at, link.answer = now, answer
    link.save(update_fields=["used_at", "answer", "sealed_note"])


def address_of(link: AccessLink, base_url: str) -> str:
    """What the person opens."""
    return base_url.rstrip("/") + PATHS[LinkPurpose(link.purpose)] + token_of(link)


def end_all(record: RightRecord, now: datetime, *purposes: LinkPurpose) -> int:
    """End the record's links that still hold, those of some purposes or all. Returns how many."""
    holding = AccessLink.objects.filter(record=record.public_id, used_at=None, revoked_at=None)
    return holding.filter(purpose__in=purposes or LinkPurpose.values).update(revoked_at=now)


def token_of(link: AccessLink) -> str:
    """What the address ends in."""
    return signing.dumps([link.tenant_id.hex, link.pk.hex], salt=_SALT + link.purpose)


def ids_in(token: str, purpose: LinkPurpose) -> tuple[uuid.UUID, uuid.UUID]:
    """Company and link behind a token. LinkUnknown for one that we did not sign for this purpose."""
    try:
        tenant, link = signing.loads(token, salt=_SALT + purpose)
        return uuid.UUID(tenant), uuid.UUID(link)
    except (signing.BadSignature, ValueError, TypeError, AttributeError) as error:
        raise LinkUnknown from error


def opened(link_id: uuid.UUID, now: datetime, *, lock: bool) -> AccessLink:
    """The link as long as it holds; that it was opened is kept. Call inside its company's scope. LinkOver.

    lock: hold it and its record until the transaction ends, so that two answers at once are one.
    """
    link = AccessLink.objects.filter(pk=link_id).first()
    if link is not None and lock:  # the record first, as whoever ends its links does: else the two wait for each other
        locked(record_of(link))
        link = AccessLink.objects.select_for_update(of=("self",)).get(pk=link_id)
    if link is None:
        raise LinkUnknown
    if link.revoked_at is not None and link.purpose in ABOUT_ADDRESS:
        raise LinkOver(_("Nothing is left to answer here: it was decided, or a newer message took this one’s place."))
    if link.revoked_at is not None:
        raise LinkOver(_("This link was replaced by a newer one. Look for the latest message."))
    if link.used_at is not None:
        raise LinkOver(_("You have answered with this link already. Thank you; nothing more is to do."))
    if link.expires_at <= now:
        raise LinkOver(_("This link has ended. Ask the company for a new one."))
    if link.opened_at is None:
        link.opened_at = now
        link.save(update_fields=["opened_at"])
    return link


def record_of(link: AccessLink) -> RightRecord:
    """What the link is about."""
    return get_record(link.record)


def links_of(record: RightRecord) -> list[AccessLink]:
    """Every link that was ever made for the record, newest first."""
    return list(AccessLink.objects.filter(record=record.public_id).select_related("created_by"))
