"""Note where every tenant's audit trail ends, now and then and before the leader goes."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError

from governance.errors import LedgerBroken
from imprimatur.audit import checkpoints
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)


def checkpoint_everywhere() -> int:
    """How many trails had grown. A trail that was touched is named at once, and gets no checkpoint any more."""
    taken = 0
    for tenant_id, _ in checkpoints.ends():
        try:
            with tenant_scope(tenant_id):
                taken += checkpoints.take(tenant_id) is not None
        except LedgerBroken as broken:
            logger.critical("%s: THE AUDIT TRAIL WAS TOUCHED, no checkpoint is taken: %s", tenant_id, broken)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s: no checkpoint could be taken", tenant_id)
    return taken
