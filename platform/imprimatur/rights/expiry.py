"""Mark what ran out and announce what ends soon, in every tenant. The gates go by the dates anyway."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

from imprimatur.rights.contact_states import lapse_due
from imprimatur.rights.reminders import DAYS, remind_due
from imprimatur.rights.services import expire_due
from imprimatur.tenants.actor import Actor, system_actor
from imprimatur.tenants.everywhere import everywhere

_TROUBLE: Final = "what is due for its rights could not be done"


def expire_everywhere(now: datetime | None = None) -> int:
    """How many records and proposed addresses were marked. One tenant's trouble is logged and keeps no other from its
    turn."""
    moment = now or timezone.now()
    tenants = _tenants("SELECT * FROM rights_run_out(%s)", moment)
    return everywhere(tenants, lambda tenant: _run_out(system_actor(tenant), moment), _TROUBLE)


def remind_everywhere(now: datetime | None = None) -> int:
    """How many ends were announced; as for what ran out."""
    moment = now or timezone.now()
    tenants = _tenants("SELECT * FROM rights_ending(%s, %s)", moment, max(DAYS))
    return everywhere(tenants, lambda tenant: remind_due(system_actor(tenant), moment), _TROUBLE)


def _run_out(actor: Actor, moment: datetime) -> int:
    return expire_due(actor, moment) + lapse_due(actor, moment)


def _tenants(statement: str, *arguments: datetime | int) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(arguments))
        return [row[0] for row in cursor.fetchall()]
