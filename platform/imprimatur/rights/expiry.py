"""Mark what ran out and announce what ends soon, in every tenant. The gates go by the dates anyway."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from imprimatur.rights.reminders import DAYS, remind_due
from imprimatur.rights.services import expire_due
from imprimatur.tenants.actor import Actor, system_actor
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


def expire_everywhere(now: datetime | None = None) -> int:
    """How many records were marked. One tenant's trouble is logged and keeps no other from its turn."""
    moment = now or timezone.now()
    tenants = _tenants("SELECT * FROM rights_run_out(%s)", moment)
    return _everywhere(tenants, lambda actor: expire_due(actor, moment))


def remind_everywhere(now: datetime | None = None) -> int:
    """How many ends were announced; as for what ran out."""
    moment = now or timezone.now()
    tenants = _tenants("SELECT * FROM rights_ending(%s, %s)", moment, max(DAYS))
    return _everywhere(tenants, lambda actor: remind_due(actor, moment))


def _everywhere(tenants: list[uuid.UUID], work: Callable[[Actor], int]) -> int:
    done = 0
    for tenant_id in tenants:
        try:
            with tenant_scope(tenant_id):
                done += work(system_actor(tenant_id))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s: what is due for its rights could not be done", tenant_id)
    return done


def _tenants(statement: str, *arguments: datetime | int) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(arguments))
        return [row[0] for row in cursor.fetchall()]
