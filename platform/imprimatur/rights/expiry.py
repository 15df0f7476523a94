"""Mark what ran out, in every tenant: lists and the audit trail learn it. The gates go by the dates anyway."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from imprimatur.rights.services import expire_due
from imprimatur.tenants.actor import system_actor
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


def expire_everywhere(now: datetime | None = None) -> int:
    """How many records were marked. One tenant's trouble is logged and keeps no other from its turn."""
    moment = now or timezone.now()
    marked = 0
    for tenant_id in _tenants(moment):
        try:
            with tenant_scope(tenant_id):
                marked += expire_due(system_actor(tenant_id), moment)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s: what ran out could not be marked", tenant_id)
    return marked


def _tenants(moment: datetime) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rights_run_out(%s)", [moment])
        return [row[0] for row in cursor.fetchall()]
