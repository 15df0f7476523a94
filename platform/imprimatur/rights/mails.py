"""Messages that nobody waits for: written down in the transaction they tell about and sent afterwards, by one process
among all; tried until the mail server takes them or, after two days, given up, which the audit trail says.

What waits is sealed like the names behind records, and emptied once it is sent: links in it are keys.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone, translation

from imprimatur.audit import services as audit
from imprimatur.rights.models import Mail, Tried
from imprimatur.rights.sealing import seal, unseal
from imprimatur.tenants.actor import system_actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.models import Membership
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import current_tenant_id, tenant_scope

logger = logging.getLogger(__name__)

OPERATORS: Final = "IMPRIMATUR_OPERATORS"
MAX_TRIES: Final = 12  # the waits between them add up to two days
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=6)
Words = Callable[[], tuple[str, str]]
Row = TypeVar("Row", bound=Tried)


@dataclass(frozen=True)
class Receiver:
    """Whom a message goes to, and in which language."""

    email: str
    language: str


def post(receiver: Receiver, about: str, kind: str, words: Words) -> Mail:
    """Write a message down; it goes out once this transaction is committed. Needs the tenant's scope.

    about: public id of what it tells about; kind: what it says, for the trail; words: subject and text, in the active
    language.
    """
    with translation.override(receiver.language):
        subject, text = words()
    row = Mail(tenant_id=current_tenant_id(), about=about, kind=kind, next_at=timezone.now())
    row.sealed = seal(row.pk, {"to": receiver.email, "subject": subject, "text": text})
    row.save(force_insert=True)
    return row


def post_all(receivers: Iterable[Receiver], about: str, kind: str, words: Words) -> None:
    """One message to each, in their language: one whose mailbox is gone keeps nobody else's."""
    for receiver in receivers:
        post(receiver, about, kind, words)


def members_of(role: Role) -> list[Receiver]:
    """The company's active members of this role."""
    rows = Membership.objects.filter(roles__contains=[role], user__is_active=True).select_related("user")
    return [Receiver(row.user.email, row.user.language) for row in rows.order_by("created_at", "id")]


def owners_and_operators() -> list[Receiver]:
    """The company's owners; whoever runs the server gets a copy, in English."""
    named = [address.strip() for address in os.environ.get(OPERATORS, "").split(",")]
    return [*members_of(Role.OWNER), *(Receiver(address, "en") for address in named if address)]


def is_waiting(about: str, kind: str) -> bool:
    """Whether a message of that kind is still to be taken."""
    return Mail.objects.filter(about=about, kind=kind, sent_at=None, given_up_at=None).exists()


def given_up(about: str, *kinds: str) -> QuerySet[Mail]:
    """Messages that nobody got, newest first."""
    return Mail.objects.filter(about=about, kind__in=kinds, given_up_at__isnull=False).order_by("-given_up_at")


def send_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, in every tenant; how many were taken. Never raises for a mail that is not."""
    sent = 0
    for tenant_id, mail_id in _due(timezone.now()):
        if stop():
            break
        sent += deliver(tenant_id, mail_id, Mail.objects.all, _written, _facts, emptied={"sealed": ""})
    return sent


def deliver(
    tenant_id: uuid.UUID,
    row_id: uuid.UUID,
    rows: Callable[[], QuerySet[Row]],
    written: Callable[[Row], EmailMessage],
    facts: Callable[[Row], tuple[str, dict[str, Any]]],
    *,
    emptied: dict[str, Any] | None = None,
) -> bool:
    """Try one row's message, if it is due; whether it was taken. Addresses stay out of the audit trail.

    facts: subject and payload of the event; emptied: columns that are changed once there is nothing left to try. Should
    the process die between the mail server's yes and our note of it, the message is sent again under the same
    Message-ID, by which mail programs tell that they have it.
    """
    message, trouble = None, ""
    with tenant_scope(tenant_id):
        row = _begun(rows(), row_id, timezone.now())
        if row is None:
            return False
        try:
            message = written(row)
        except DomainError as error:  # the key that opens it is not here
            trouble = str(error)
    if message is not None:
        trouble = _sent(row, message)
    with tenant_scope(tenant_id):
        _note(rows().filter(pk=row_id), row, trouble, facts, emptied or {})
    return not trouble


def _begun(rows: QuerySet[Row], row_id: uuid.UUID, now: datetime) -> Row | None:
    row = rows.select_for_update(of=("self",)).filter(pk=row_id).first()
    if row is None or row.sent_at or row.given_up_at or row.next_at > now:
        return None
    row.tries += 1
    row.next_at = now + min(FIRST_WAIT * 2 ** (row.tries - 1), LONGEST_WAIT)
    row.save(update_fields=["tries", "next_at"])
    return row


def _sent(row: Tried, message: EmailMessage) -> str:
    """What went wrong; '' for nothing."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(">") or "imprimatur"
    message.extra_headers = {"Message-ID": f"<{row.public_id}@{domain}>", "Auto-Submitted": "auto-generated"}
    try:
        message.send()
    except Exception as error:
        logger.warning("%s: the mail was not taken (try %d): %s", row.public_id, row.tries, error)
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def _note(
    rows: QuerySet[Row],
    row: Row,
    trouble: str,
    facts: Callable[[Row], tuple[str, dict[str, Any]]],
    emptied: dict[str, Any],
) -> None:
    if trouble and row.tries < MAX_TRIES:
        rows.update(trouble=trouble)
        return
    now, (subject, payload) = timezone.now(), facts(row)
    rows.update(trouble=trouble, **{"given_up_at" if trouble else "sent_at": now}, **emptied)
    event = "notice.given_up" if trouble else "notice.sent"
    audit.record(row.tenant_id, system_actor(row.tenant_id).label, event, subject, payload | {"tries": row.tries})


def _due(now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, mail_id FROM rights_mails_due(%s)", [now])
        return list(cursor.fetchall())


def _written(row: Mail) -> EmailMessage:
    said = unseal(row.pk, row.sealed)
    return EmailMessage(said["subject"], said["text"], to=[said["to"]])


def _facts(row: Mail) -> tuple[str, dict[str, Any]]:
    return row.about, {"kind": row.kind, "mail": row.public_id}
