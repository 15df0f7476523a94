"""Old checkpoints are thinned out: one is taken every five minutes in which a trail grew, and the newest vouches for
every row before it.

Kept, in each place: the first, the newest, all of the last days, of earlier days the last of each (UTC), and the one
with which an export for auditors ended. A file that is no genuine checkpoint stays: it may be evidence. So does
everything of a trail that does not agree with its checkpoints any more.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.core.files.storage import Storage

from governance.checkpoint import Checkpoint
from imprimatur.audit import checkpoints
from imprimatur.audit.models import AuditEvent

logger = logging.getLogger(__name__)

EXPORTED: Final = "audit.exported"


def thin(tenant_id: uuid.UUID, before: datetime) -> int:
    """Delete what is not kept of those taken before `before`, in every place; how many. Needs the tenant's scope."""
    gone: set[int] = set()
    for place in checkpoints.places():
        gone |= _thin_in(place, tenant_id, before)
    return len(gone)


def superfluous(found: Sequence[Checkpoint], exported: Sequence[int], before: datetime) -> list[Checkpoint]:
    """Those that may go. found: of one trail, oldest first; exported: the trail's rows that tell of an export."""
    last_of_day = {checkpoint.taken_at.date(): checkpoint.seq for checkpoint in found}
    ends = (max((one.seq for one in found if one.seq < row), default=None) for row in exported)
    kept = {found[0].seq, found[-1].seq, *last_of_day.values(), *ends} if found else set()
    return [one for one in found if one.seq not in kept and one.taken_at < before]


def _thin_in(place: Storage, tenant_id: uuid.UUID, before: datetime) -> set[int]:
    found = list(checkpoints.genuine(place, tenant_id))
    if not _agrees(tenant_id, found):
        logger.critical("%s: THE AUDIT TRAIL WAS TOUCHED, none of its checkpoints is thinned out", tenant_id)
        return set()
    exported = AuditEvent.objects.filter(tenant_id=tenant_id, event=EXPORTED).values_list("seq", flat=True)
    gone: set[int] = set()
    for checkpoint in superfluous(found, list(exported), before):
        try:
            place.delete(checkpoints.path_of(checkpoint))
        except Exception:  # whatever the place's library raises where nothing may be deleted
            logger.exception("%s: a place of checkpoints lets none be deleted", tenant_id)
            break
        gone.add(checkpoint.seq)
    return gone


def _agrees(tenant_id: uuid.UUID, found: Sequence[Checkpoint]) -> bool:
    rows = AuditEvent.objects.filter(tenant_id=tenant_id, seq__in=[checkpoint.seq for checkpoint in found])
    return dict(rows.values_list("seq", "hash")) == {checkpoint.seq: checkpoint.head for checkpoint in found}
