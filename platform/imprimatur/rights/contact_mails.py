"""What is written to whom when the address behind a record is to change. Each in the reader's language.

What is told is written down and tried until it is taken (`mails`); only the link that a person asks for is sent while
they wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from imprimatur.rights import mails
from imprimatur.rights.models import RightRecord
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.mails import send_now
from imprimatur.tenants.models import User
from imprimatur.tenants.selectors import tenant

PROPOSED: Final = "contact_proposed"
CHANGED: Final = "contact_changed"
TO_CONFIRM: Final = "contact_to_confirm"


def masked(email: str) -> str:
    """Enough for whoever owns it to know it again, too little for a stranger: `h…@example.com`."""
    name, _at, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}" if name else ""


def tell_present(record: RightRecord, present: Contact, proposed: Contact, address: str, until: datetime) -> None:
    """To the person, where they are reached now: what is proposed, and how to stop it."""

    def words() -> tuple[str, str]:
        facts = {
            "company": tenant().name,
            "new": masked(proposed.email),
            "until": _day(until),
            "address": address,
        }
        subject = _("Another address for your agreement with %(company)s?") % facts
        text = _(
            "Somebody asked that %(company)s writes to you at another address from now on: %(new)s.\n\n"
            "If that is right, you need not do anything. If you did not ask for it, stop it here before it is "
            "confirmed:\n\n%(address)s\n\nUntil it is confirmed nothing changes and the links you have keep working. "
            "If nobody confirms it by %(until)s, it ends by itself."
        )
        return subject, text % facts

    mails.post(mails.Receiver(present.email, present.language), record.public_id, PROPOSED, words)


def tell_former(record: RightRecord, former: Contact) -> None:
    """To the former address, once another took its place."""

    def words() -> tuple[str, str]:
        facts = {"company": tenant().name}
        subject = _("Your agreement with %(company)s is under another address now") % facts
        text = _(
            "%(company)s writes about your agreement to another address from now on. Links that were sent here have "
            "ended.\n\nIf you did not want that, tell %(company)s at once: your agreement and what you may decide "
            "about it are still yours."
        )
        return subject, text % facts

    mails.post(mails.Receiver(former.email, former.language), record.public_id, CHANGED, words)


def ask_new(new: Contact, address: str, until: datetime) -> str:
    """To the new address that the person gave, while they wait: MailNotTaken.

    Returns its link, as `signing.send_portal`: '' where mails go out.
    """
    with translation.override(new.language):
        facts = {"company": tenant().name, "address": address, "until": _day(until)}
        subject = _("Confirm your address for %(company)s") % facts
        text = _(
            "You asked %(company)s to write to you here about your agreement. Open this link to confirm it:\n\n"
            "%(address)s\n\nThe link holds until %(until)s. If you did not ask for this, do nothing."
        )
        send_now(subject, text % facts, new.email)
    return address if settings.LINKS_ARE_SHOWN else ""


def ask_confirmers(people: Iterable[User], record: RightRecord, base_url: str) -> None:
    """To the rights managers who may confirm: by the record's number alone, as names are for its page."""

    def words() -> tuple[str, str]:
        facts = {"record": record.public_id, "address": f"{base_url.rstrip('/')}/rights/{record.public_id}"}
        text = _(
            "Another address was proposed for the person behind record %(record)s. Make sure by other means that "
            "it is theirs, then confirm or decline it:\n\n%(address)s"
        )
        return _("A new address waits for your confirmation"), text % facts

    receivers = [mails.Receiver(person.email, person.language) for person in people]
    mails.post_all(receivers, record.public_id, TO_CONFIRM, words)


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"
