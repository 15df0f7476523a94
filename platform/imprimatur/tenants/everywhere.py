"""Periodic work that crosses companies: each in its own scope, and one's trouble keeps no other from its turn."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable

from django.db import InterfaceError, OperationalError

from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


def everywhere(tenants: Iterable[uuid.UUID], work: Callable[[uuid.UUID], int], trouble: str) -> int:
    """The sum of what `work` counts. It runs in each tenant's scope, one transaction each.

    What it raises undoes that tenant's transaction alone and is logged as `trouble`; a database that does not answer is
    raised, because then nobody gets a turn.
    """
    done = 0
    for tenant_id in tenants:
        try:
            with tenant_scope(tenant_id):
                done += work(tenant_id)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s: %s", tenant_id, trouble)
    return done
