"""A record's end is announced 30, 7 and 1 days before, once each: by mail to rights managers, and on their pages."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from imprimatur.audit.services import record as record_event
from imprimatur.rights import mails
from imprimatur.rights.models import Reminder, RightRecord
from imprimatur.rights.selectors import expiring
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.permissions import Role

DAYS: Final = (30, 7, 1)


def remind_due(actor: Actor, now: datetime) -> int:
    """Announce what ends soon and was not announced yet. Returns how many announcements went out.

    After a pause only the nearest one is sent: nobody is told of 30 days when 5 are left.
    """
    managers = mails.members_of(Role.RIGHTS_MANAGER)
    return sum(_remind(actor, record, managers, now) for record in expiring(now))


def to_announce(tenant_id: uuid.UUID, what: str, until: datetime, now: datetime) -> int | None:
    """Of DAYS the one to announce now, noted as announced in this transaction; None where nothing is, or it was.

    what: a record's public id, or another name of at most 40 characters for what ends.
    """
    due = [days for days in DAYS if until - now <= timedelta(days=days)]
    told = set(Reminder.objects.filter(record=what, until=until).values_list("days", flat=True))
    fresh = [days for days in due if days not in told]
    facts = {"tenant_id": tenant_id, "record": what, "until": until}
    Reminder.objects.bulk_create([Reminder(days=days, **facts) for days in fresh])
    return min(due) if fresh and min(due) in fresh else None


def whole_days_left(until: datetime, now: datetime) -> int:
    """Rounded up, and one on the last day."""
    return max(1, -(-int((until - now).total_seconds()) // 86400))


def _remind(actor: Actor, record: RightRecord, managers: list[mails.Receiver], now: datetime) -> int:
    assert record.valid_until is not None  # noqa: S101 - only what ends is expiring
    days = to_announce(actor.tenant_id, record.public_id, record.valid_until, now)
    if days is None:
        return 0
    payload = {"days": days, "until": record.valid_until.isoformat(), "terms_digest": record.terms_digest}
    record_event(actor.tenant_id, actor.label, f"{_noun(record)}.expiring", record.public_id, payload)
    mails.post_all(managers, record.public_id, "record_expiring", lambda: _words(record, now))
    return 1


def _words(record: RightRecord, now: datetime) -> tuple[str, str]:
    """Titles may name people, so the mail carries the record's number and its address alone."""
    assert record.valid_until is not None  # noqa: S101 - as above
    left = whole_days_left(record.valid_until, now)
    subject = ngettext("A permission ends in %(days)d day", "A permission ends in %(days)d days", left)
    facts = {
        "record": record.public_id,
        "day": f"{timezone.localtime(record.valid_until):%Y-%m-%d %H:%M}",
        "address": f"{settings.PUBLIC_URL}/rights/{record.public_id}",
    }
    text = _(
        "Record %(record)s ends on %(day)s. From then on nothing is drawn, released or delivered under it. Renew "
        "it in time:\n\n%(address)s"
    )
    return subject % {"days": left}, text % facts


def _noun(record: RightRecord) -> str:
    return "consent" if record.PREFIX == "cns" else "trademark_licence"
