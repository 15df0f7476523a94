"""Note where every tenant's audit trail ends, now and then and before the leader goes; tell of one that was touched."""

from __future__ import annotations

import logging
import uuid

from django.conf import settings
from django.utils.translation import gettext as _

from governance.errors import LedgerBroken
from imprimatur.audit import checkpoints, selectors
from imprimatur.audit import services as audit
from imprimatur.rights import mails
from imprimatur.tenants.everywhere import everywhere
from imprimatur.tenants.selectors import tenant

logger = logging.getLogger(__name__)


def checkpoint_everywhere() -> int:
    """How many trails had grown. A trail that was touched is named at once, and gets no checkpoint any more."""
    tenants = [tenant_id for tenant_id, _seq in checkpoints.ends()]
    return everywhere(tenants, _checkpoint, "no checkpoint could be taken")


def _checkpoint(tenant_id: uuid.UUID) -> int:
    try:
        taken = checkpoints.take(tenant_id) is not None
    except LedgerBroken as broken:
        logger.critical("%s: THE AUDIT TRAIL WAS TOUCHED, no checkpoint is taken: %s", tenant_id, broken)
        _tell(tenant_id, "checkpoint")
        return 0
    checked = selectors.last_full_check(tenant_id)
    if checked is not None and not checked.intact:
        _tell(tenant_id, "full check")
    return int(taken)


def _tell(tenant_id: uuid.UUID, found_by: str) -> None:
    """Owners by mail, whoever runs the server too; once, until a whole check finds the trail unbroken again."""
    if selectors.alarm(tenant_id) is None:
        mails.post_all(mails.owners_and_operators(), "", "trail_touched", _words)
        audit.record(tenant_id, "system", selectors.TOUCHED, "", {"found_by": found_by})


def _words() -> tuple[str, str]:
    facts = {"company": tenant().name, "address": f"{settings.PUBLIC_URL}/audit"}
    text = _(
        "The audit trail no longer is what was noted about it outside the database: lines were changed, taken out or "
        "put in. Only somebody who reaches the database can do that.\n\nKeep the database, its backups and the "
        "checkpoints as they are. Have whoever runs the server check them (manage.py audit_verify), and compare with "
        "an export or a checkpoint that you kept yourself. What was found: %(address)s"
    )
    return _("%(company)s: the audit trail was touched") % facts, text % facts
