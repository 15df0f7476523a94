"""Owners are told by mail when an address is told nothing more."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from imprimatur.rights import mails
from imprimatur.tenants.permissions import Role
from imprimatur.webhooks.models import Endpoint, Trouble
from imprimatur.webhooks.sending import NotTaken


def tell_owners(row: Endpoint, trouble: NotTaken) -> None:
    """In the transaction that disables it. The host alone: a path may hold a password of the receiver's."""

    def words() -> tuple[str, str]:
        facts = {
            "host": urlsplit(row.url).hostname,
            "reason": Trouble(trouble.trouble).label,
            "failures": row.failures,
            "address": f"{settings.PUBLIC_URL}/settings/webhooks/{row.public_id}",
        }
        subject = _("%(host)s is told nothing more") % facts
        text = _(
            "What happens in your company was sent to %(host)s and not taken. Tries that failed in a row: "
            "%(failures)s. The last time: %(reason)s\n\nNothing more is sent there, and nothing is lost: mend the "
            "receiver, then go on from the event that was not taken:\n\n%(address)s"
        )
        return subject, text % facts

    mails.post_all(mails.members_of(Role.OWNER), row.public_id, "webhook_disabled", words)
