"""Tell whoever has one of the pictures, and the rights managers: one mail each, tried until it is taken.

The row is written in the withdrawal's own transaction, once for each address; sending happens afterwards, outside of
any. Should the process die between the mail server's yes and our note of it, the mail is sent again under the same
Message-ID, by which mail programs tell that they have it.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from imprimatur.audit import services as audit
from imprimatur.generations.quarantine import SYSTEM
from imprimatur.releases.models import Release
from imprimatur.tenants.models import Tenant
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import selectors
from imprimatur.withdrawal.models import Cause, Notice, Reached, Role, Withdrawal
from imprimatur.withdrawal.pack import managers

logger = logging.getLogger(__name__)

MAX_TRIES: Final = 12  # the waits between them add up to two days
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=6)


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
        sent += _send(tenant_id, notice_id)
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


def _send(tenant_id: uuid.UUID, notice_id: uuid.UUID) -> bool:
    now = timezone.now()
    with tenant_scope(tenant_id):
        rows = Notice.objects.select_for_update(of=("self",)).select_related("withdrawal")
        notice = rows.filter(pk=notice_id).first()
        if notice is None or notice.sent_at or notice.given_up_at or notice.next_at > now:
            return False
        notice.tries += 1
        notice.next_at = now + min(FIRST_WAIT * 2 ** (notice.tries - 1), LONGEST_WAIT)
        notice.save(update_fields=["tries", "next_at"])
        mail = _mail(notice, Tenant.objects.get(pk=tenant_id))
    trouble = ""
    try:
        mail.send()
    except Exception as error:
        logger.warning("%s: the mail was not taken (try %d): %s", notice.public_id, notice.tries, error)
        trouble = f"{type(error).__name__}: {error}"[:300]
    with tenant_scope(tenant_id):
        _note(notice, trouble)
    return not trouble


def _note(notice: Notice, trouble: str) -> None:
    """What became of a try. Addresses stay out of the audit trail."""
    now, facts = timezone.now(), {"withdrawal": notice.withdrawal.public_id, "role": notice.role, "tries": notice.tries}
    rows = Notice.objects.filter(pk=notice.pk)
    if not trouble:
        rows.update(sent_at=now, trouble="")
        audit.record(notice.tenant_id, SYSTEM, "notice.sent", notice.public_id, facts)
    elif notice.tries >= MAX_TRIES:
        rows.update(given_up_at=now, trouble=trouble)
        audit.record(notice.tenant_id, SYSTEM, "notice.given_up", notice.public_id, facts)
    else:
        rows.update(trouble=trouble)


def _mail(notice: Notice, tenant: Tenant) -> EmailMessage:
    with override(notice.language):
        subject, body = _words(notice, tenant)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(">") or "imprimatur"
    headers = {"Message-ID": f"<{notice.public_id}@{domain}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, body, to=[notice.email], headers=headers)


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
