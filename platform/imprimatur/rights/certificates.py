"""The end of a signing certificate and of the list of trusted issuers is announced 30, 7 and 1 days before, once each.

To the company's owners by mail. A certificate of our own development chain is not: it renews itself. What whoever runs
the server has to do stands in the mail; IMPRIMATUR_OPERATORS (addresses, separated by commas) get a copy of each.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from governance.errors import InvalidKey
from governance.signing import read_chain
from governance.trust_list import public_list
from imprimatur import keys
from imprimatur.audit import checkpoints
from imprimatur.audit.services import record as record_event
from imprimatur.environment import HOME
from imprimatur.rights import mails
from imprimatur.rights.reminders import DAYS, to_announce, whole_days_left
from imprimatur.tenants.actor import system_actor
from imprimatur.tenants.everywhere import everywhere

logger = logging.getLogger(__name__)

Text = Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Something that ends. name: as it is remembered, a company's own; event: how the trail calls the announcement;
    text: for the mail, in the active language, with `day` and `address` to fill in.
    """

    name: str
    ends: datetime
    event: str
    text: Text


def remind_of_certificates(now: datetime | None = None) -> int:
    """How many ends were announced, over all companies. Nothing is issued or renewed by asking."""
    moment = now or timezone.now()
    tenants = [tenant_id for tenant_id, _seq in checkpoints.ends()]
    ending = {tenant: [*_certificate(tenant, moment), *_trust_list(tenant, moment)] for tenant in tenants}
    concerned = [tenant for tenant in tenants if ending[tenant]]
    trouble = "the end of its certificates could not be announced"
    return everywhere(concerned, lambda tenant: _announce(tenant, ending[tenant], moment), trouble)


def _certificate(tenant_id: uuid.UUID, now: datetime) -> list[Ending]:
    try:
        state = keys.certificate_in_use(tenant_id)
    except (InvalidKey, OSError):
        logger.exception("%s: its signing key cannot be read", tenant_id)
        return []
    if state is None or state.development:
        return []
    name = f"crt_{tenant_id.hex}"
    return _soon(Ending(name=name, ends=state.ends, event="signing_key.expiring", text=_of_key), now)


def _trust_list(tenant_id: uuid.UUID, now: datetime) -> list[Ending]:
    """By the first of its certificates that ends: from then on some signatures of others are not recognised."""
    try:
        listed = public_list(HOME)
        ends = [found.not_valid_after_utc for found in (read_chain(listed.pem) if listed.pem else [])]
    except InvalidKey:
        logger.exception("the trust list cannot be read")
        return []
    coming = [end for end in ends if end > now.astimezone(UTC)]
    if not coming:
        return []
    return _soon(Ending(name=f"tls_{tenant_id.hex}", ends=min(coming), event="trust_list.expiring", text=_of_list), now)


def _soon(ending: Ending, now: datetime) -> list[Ending]:
    return [ending] if (ending.ends - now).total_seconds() <= max(DAYS) * 86400 else []


def _announce(tenant_id: uuid.UUID, endings: Iterable[Ending], now: datetime) -> int:
    announced = 0
    for ending in endings:
        days = to_announce(tenant_id, ending.name, ending.ends, now)
        if days is None:
            continue
        facts = {"days": days, "until": ending.ends.isoformat(), "name": ending.name}
        record_event(tenant_id, system_actor(tenant_id).label, ending.event, "", facts)
        mails.post_all(mails.owners_and_operators(), ending.name, "certificate_expiring", partial(_words, ending, now))
        announced += 1
    return announced


def _words(ending: Ending, now: datetime) -> tuple[str, str]:
    left = whole_days_left(ending.ends, now)
    subject = ngettext("A certificate ends in %(days)d day", "A certificate ends in %(days)d days", left)
    day = f"{timezone.localtime(ending.ends):%Y-%m-%d %H:%M}"
    return subject % {"days": left}, ending.text() % {"day": day, "address": f"{settings.PUBLIC_URL}/settings"}


def _of_key() -> str:
    return _(
        "The certificate that your pictures are signed with ends on %(day)s. Pictures signed before stay valid; from "
        "then on none can be signed. Ask whoever runs the server to install a new one (manage.py signing_key install):"
        "\n\n%(address)s"
    )


def _of_list() -> str:
    return _(
        "The first certificate of the list of trusted issuers ends on %(day)s. From then on the verify desk does not "
        "recognise its signatures; your own pictures do not depend on it. Ask whoever runs the server to install the "
        "newest list (manage.py trust_list):\n\n%(address)s"
    )
