"""What is written to whom when the address behind a record is to change. Each in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from imprimatur.rights.models import RightRecord
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.models import User
from imprimatur.tenants.selectors import tenant


def masked(email: str) -> str:
    """Enough for whoever owns it to know it again, too little for a stranger: `h…@example.com`."""
    name, _at, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}" if name else ""


def tell_present(present: Contact, proposed: Contact, address: str, until: datetime) -> None:
    """To the person, where they are reached now: what is proposed, and how to stop it."""
    with translation.override(present.language):
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
        _send(subject, text % facts, present.email)


def tell_former(former: Contact) -> None:
    """To the former address, once another took its place."""
    with translation.override(former.language):
        facts = {"company": tenant().name}
        subject = _("Your agreement with %(company)s is under another address now") % facts
        text = _(
            "%(company)s writes about your agreement to another address from now on. Links that were sent here have "
            "ended.\n\nIf you did not want that, tell %(company)s at once: your agreement and what you may decide "
            "about it are still yours."
        )
        _send(subject, text % facts, former.email)


def ask_new(new: Contact, address: str, until: datetime) -> str:
    """To the new address that the person gave. Returns its link, as `signing.send_portal`: '' where mails go out."""
    with translation.override(new.language):
        facts = {"company": tenant().name, "address": address, "until": _day(until)}
        subject = _("Confirm your address for %(company)s") % facts
        text = _(
            "You asked %(company)s to write to you here about your agreement. Open this link to confirm it:\n\n"
            "%(address)s\n\nThe link holds until %(until)s. If you did not ask for this, do nothing."
        )
        _send(subject, text % facts, new.email)
    return address if settings.LINKS_ARE_SHOWN else ""


def ask_confirmers(people: Iterable[User], record: RightRecord, base_url: str) -> None:
    """To the rights managers who may confirm: by the record's number alone, as names are for its page."""
    for person in people:
        with translation.override(person.language):
            facts = {"record": record.public_id, "address": f"{base_url.rstrip('/')}/rights/{record.public_id}"}
            text = _(
                "Another address was proposed for the person behind record %(record)s. Make sure by other means that "
                "it is theirs, then confirm or decline it:\n\n%(address)s"
            )
            _send(_("A new address waits for your confirmation"), text % facts, person.email)


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"


def _send(subject: str, text: str, address: str) -> None:
    send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
