"""Is the reported picture really there, unchanged, stamped by us and for this order?"""

from __future__ import annotations

import logging
from typing import Final

from governance.errors import ManifestRejected
from governance.provenance import ManifestReport, verify_signed
from gpu_worker.messages import RenderReport, StoredObject
from imprimatur import keys, objects
from imprimatur.generations.models import Generation

logger = logging.getLogger(__name__)

REPORT_NAME: Final = "report.json"


class Unverified(Exception):
    """What was reported is not what lies in the store; `code` is one of `failures.SENTENCES`."""

    code = "output_unverified"


def prefix(row: Generation, attempt: int) -> str:
    """Where the worker of this attempt writes. Attempts never share a folder."""
    return f"tenants/{row.tenant_id}/outputs/{row.id}/{attempt}/"


def verify(row: Generation, report: RenderReport) -> ManifestReport:
    """The picture's manifest, as read here. Raises Unverified unless picture and mask strip are this attempt's, whole,
    and carry our manifest for it."""
    if report.output is None or report.permit_id != row.permit_id:
        raise Unverified(f"{row.public_id}: the report names no picture, or another permit")
    found = _signed(row, report.output)
    said = found.facts
    if said is None or (said.permit_id, said.spec_digest) != (row.permit_id, row.spec_digest):
        raise Unverified(f"{row.public_id}: the picture was stamped for another permit or spec")
    if said.pixel_digest != report.pixel_digest:
        raise Unverified(f"{row.public_id}: report and manifest name different pixels")
    if report.mask_strip is not None:
        _signed(row, report.mask_strip)
    return found


def _signed(row: Generation, stored: StoredObject) -> ManifestReport:
    if not _is_attempts_own(row, row.attempt, stored):
        raise Unverified(f"{row.public_id}: {stored.key} is not a place of this attempt")
    try:
        data = objects.get(stored.key, stored.sha256)
        return verify_signed(data, stored.mime, keys.trust_anchors(), generation_id=row.public_id)
    except (objects.ObjectMissing, objects.DigestMismatch, ManifestRejected) as error:
        logger.warning("%s: reported picture thrown away: %s", row.public_id, error)
        raise Unverified(str(error)) from error


def discard(row: Generation, report: RenderReport) -> None:
    """Delete what the report's attempt stored, and nothing else: nobody wants it, or nobody may have it."""
    for stored in (report.output, report.mask_strip):
        if stored is not None and _is_attempts_own(row, report.attempt, stored):
            objects.delete(stored.key)


def _is_attempts_own(row: Generation, attempt: int, stored: StoredObject) -> bool:
    return stored.key.startswith(prefix(row, attempt)) and ".." not in stored.key
