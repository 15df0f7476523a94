"""Consent by link: a record goes out to be read and signed, and comes back signed or with a wish.

What the person saw and agreed to is written into a document of its own, sealed with the platform's signature and kept
as the record's evidence. Their address in the network is not kept.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from governance.canonical import utc_text
from governance.plain import summary
from imprimatur.rights import evidence as documents
from imprimatur.rights.links import address_of, grantor, make, record_of, use
from imprimatur.rights.models import AccessLink, LinkPurpose, RightRecord, RightStatus
from imprimatur.rights.moving import locked, move, recorded
from imprimatur.rights.sealing import Contact, contact_of, seal, unseal
from imprimatur.rights.selectors import terms_of
from imprimatur.rights.services import owned
from imprimatur.rights.versions import keep_version, terms_in, write_terms
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, LinkOver
from imprimatur.tenants.mails import send_now
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import tenant

MAX_NAME, MAX_NOTE = 120, 2000
SIGNED, CHANGES = "signed", "changes"


@transaction.atomic
def send_to_sign(actor: Actor, record: RightRecord, base_url: str, now: datetime | None = None) -> str:
    """Send the record to its person: they get a link by mail. Returns the address, which is shown this once; '' where
    mails go out, because whoever sends it does not sign it.

    Conflict without an e-mail address, or for a record that is neither a draft nor out already; MailNotTaken, and
    nothing was changed.
    """
    actor.require(Permission.MANAGE_RIGHTS)
    sender = actor.require_person()
    row, moment = locked(record), now or timezone.now()
    if row.status not in (RightStatus.DRAFT, RightStatus.SENT):
        raise Conflict(_("Only a draft can be sent for signature."), code="wrong_status", status_now=row.status)
    person = _reachable(row)
    if row.status == RightStatus.DRAFT:
        row = move(actor, row, RightStatus.SENT)
    link = make(row, LinkPurpose.SIGN, person.language, moment, sender)
    recorded(actor, row, "link_sent", {"link": link.public_id, "purpose": link.purpose})
    return _mail(link, person, base_url)


@transaction.atomic
def send_portal(actor: Actor, record: RightRecord, base_url: str, now: datetime | None = None) -> str:
    """Send the person a link to what was made of them. Returns the address, as `send_to_sign`."""
    actor.require(Permission.MANAGE_RIGHTS)
    sender = actor.require_person()
    row, moment = locked(record), now or timezone.now()
    if row.status not in (RightStatus.ACTIVE, RightStatus.SUSPENDED):
        raise Conflict(_("There is nothing to decide before the record is in force."), code="wrong_status")
    person = _reachable(row)
    link = make(row, LinkPurpose.PORTAL, person.language, moment, sender)
    recorded(actor, row, "link_sent", {"link": link.public_id, "purpose": link.purpose})
    return _mail(link, person, base_url)


def sign(link: AccessLink, typed_name: str, now: datetime) -> RightRecord:
    """The person agrees. The document they saw becomes the evidence; a rights manager still has to verify it.

    InvalidInput without a name; LinkOver when the record was changed after it was sent.
    """
    name = " ".join(unicodedata.normalize("NFKC", typed_name).split())
    if not 2 <= len(name) <= MAX_NAME:
        raise InvalidInput(errors=[{"field": "name", "message": _("Type your full name.")}])
    actor, row = grantor(link), locked(record_of(link))
    _check_unchanged(link, row)
    document = signed_document(row, name, link, now)
    documents.attach_page(row, document.encode(), f"{row.public_id}-{now:%Y%m%d}.html")
    write_terms(row, owned(row, terms_in(row)))
    keep_version(row, actor.label)
    use(link, SIGNED, now)
    return move(actor, row, RightStatus.SIGNED, evidence_sha256=row.evidence_sha256, agreed_digest=link.terms_digest)


def ask_for_changes(link: AccessLink, note: str, now: datetime) -> RightRecord:
    """The person wants something else: the record is a draft again, and what they wrote is kept sealed."""
    text = unicodedata.normalize("NFKC", note).strip()
    if not text or len(text) > MAX_NOTE:
        raise InvalidInput(errors=[{"field": "note", "message": _("Write what should be different.")}])
    row = locked(record_of(link))
    _check_unchanged(link, row)
    link.sealed_note = seal(link.pk, {"note": text})
    use(link, CHANGES, now)
    return move(grantor(link), row, RightStatus.DRAFT, link=link.public_id)


def wish(link: AccessLink) -> str:
    """What the person asked to change; '' for nothing. CannotUnseal without the key."""
    return str(unseal(link.pk, link.sealed_note)["note"]) if link.sealed_note else ""


def signed_document(record: RightRecord, name: str, link: AccessLink, now: datetime) -> str:
    """The whole agreement as a page that stands alone: plain words, the exact terms, who agreed and when."""
    terms, company = terms_of(record), tenant().name
    with translation.override(link.language):
        return render_to_string(
            "signing/document.html",
            {
                "language": link.language,
                "company": company,
                "sentences": summary(terms, company, link.language),
                "terms": terms.canonical_json().decode(),
                "digest": record.terms_digest,
                "record": record.public_id,
                "link": link.public_id,
                "name": name,
                "moment": utc_text(now),
            },
        )


def _reachable(row: RightRecord) -> Contact:
    person = contact_of(row.pk, row.sealed_contact)
    if not person.email:
        raise Conflict(_("Add the person’s e-mail address first."), code="contact_missing")
    return person


def _check_unchanged(link: AccessLink, row: RightRecord) -> None:
    if row.status != RightStatus.SENT or row.terms_digest != link.terms_digest:
        raise LinkOver(_("The document was changed after it was sent to you. Look for the latest message."))


def _mail(link: AccessLink, person: Contact, base_url: str) -> str:
    address = address_of(link, base_url)
    with translation.override(link.language):
        until = f"{timezone.localtime(link.expires_at):%Y-%m-%d}"
        facts = {"company": tenant().name, "address": address, "until": until}
        if link.purpose == LinkPurpose.SIGN:
            subject = _("%(company)s asks for your consent") % facts
            text = _(
                "%(company)s asks you to read and sign an agreement. Open this link; you need no account:\n\n"
                "%(address)s\n\nThe link is for you alone and holds until %(until)s."
            )
        else:
            subject = _("Pictures made under your agreement with %(company)s") % facts
            text = _(
                "See what %(company)s made under your agreement, and decide about it. Open this link; you need no "
                "account:\n\n%(address)s\n\nThe link is for you alone and holds until %(until)s."
            )
        send_now(subject, text % facts, person.email)
    return address if settings.LINKS_ARE_SHOWN else ""
