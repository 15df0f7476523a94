"""Tell whoever has one of the pictures, and the rights managers: one mail each, tried until it is taken.

The row is written in the withdrawal's own transaction, once for each address; sending happens afterwards, outside of
any (`rights.mails`).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from imprimatur.releases.models import Release
from imprimatur.rights import mails
from imprimatur.tenants.models import Tenant
from imprimatur.withdrawal import selectors
from imprimatur.withdrawal.models import Cause, Notice, Reached, Role, Withdrawal
from imprimatur.withdrawal.pack import managers


@dataclass
class _Addressee:
    """Whom a notice goes to; the first reason to tell them counts."""

    name: str
    role: Role
    language: str
    releases: set[str] = field(default_factory=set)


def prepare(row: Withdrawal, now: datetime) -> None:
    """Write down who is to be told. Nobody is where nothing was taken out of sight, but managers of a revocation."""
    reached = Reached.objects.filter(withdrawal=row)
    if row.cause == Cause.RESTORED or not (row.cause == Cause.REVOKED or row.refused or reached.exists()):
        return
    releases = [item.release for item in reached.select_related("release") if item.release is not None]
    notices = [
        Notice(
            tenant_id=row.tenant_id,
            withdrawal=row,
            email=email,
            name=person.name,
            role=person.role,
            language=person.language,
            releases=sorted(person.releases),
            next_at=now,
        )
        for email, person in _addressees(releases).items()
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def send_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, in every tenant; how many were taken. Never raises for a mail that is not."""
    sent = 0
    for tenant_id, notice_id in _due(timezone.now()):
        if stop():
            break
        sent += mails.deliver(tenant_id, notice_id, _rows, _written, _facts)
    return sent


def _addressees(releases: list[Release]) -> dict[str, _Addressee]:
    found: dict[str, _Addressee] = {}
    held: dict[str, set[str]] = defaultdict(set)
    for person in selectors.recipients(releases):
        address = person.email.lower()
        found.setdefault(address, _Addressee(person.name, Role.RECIPIENT, person.language))
        held[address].add(person.release.public_id)
    for user, taken in selectors.downloads(releases).people.items():
        found.setdefault(user.email.lower(), _Addressee(str(user), Role.DOWNLOADER, user.language))
        held[user.email.lower()] |= taken
    for user in managers():
        found.setdefault(user.email.lower(), _Addressee(str(user), Role.MANAGER, user.language))
    for address, addressee in found.items():
        addressee.releases = held[address]
    return found


def _due(now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, notice_id FROM withdrawal_notices_due(%s)", [now])
        return list(cursor.fetchall())


def _rows() -> QuerySet[Notice]:
    return Notice.objects.select_related("withdrawal", "tenant")


def _facts(notice: Notice) -> tuple[str, dict[str, Any]]:
    return notice.public_id, {"withdrawal": notice.withdrawal.public_id, "role": notice.role}


def _written(notice: Notice) -> EmailMessage:
    with override(notice.language):
        subject, body = _words(notice, notice.tenant)
    return EmailMessage(subject, body, to=[notice.email])


def _words(notice: Notice, tenant: Tenant) -> tuple[str, str]:
    facts = {
        "name": notice.name,
        "company": tenant.name,
        "day": formats.date_format(timezone.localtime(notice.withdrawal.created_at), "DATE_FORMAT"),
        "count": len(notice.releases),
        "files": "\n".join(f"- {release}" for release in notice.releases),
        "address": f"{settings.PUBLIC_URL}/verify",
        "page": f"{settings.PUBLIC_URL}/rights/withdrawals/{notice.withdrawal.public_id}",
    }
    if notice.role == Role.MANAGER:
        subject = _("%(company)s: a right fell away, pictures were taken out of sight")
        body = _(
            "Dear %(name)s,\n\na right ended or changed on %(day)s. Everything that it no longer covers has been taken "
            "out of sight.\n\nWhat was reached, and the takedown pack: %(page)s\n"
        )
        return subject % facts, body % facts
    subject = ngettext(
        "%(company)s: stop using %(count)d picture", "%(company)s: stop using %(count)d pictures", len(notice.releases)
    )
    body = _(
        "Dear %(name)s,\n\non %(day)s a right to pictures that you have from %(company)s fell away. Stop using them, "
        "delete every copy, and tell whoever had them from you.\n\n%(files)s\n\nAny copy can be checked here: "
        "%(address)s\n"
    )
    return subject % facts, body % facts
