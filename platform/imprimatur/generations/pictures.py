"""Is the reported picture really there, unchanged, stamped by us and for this order?"""

from __future__ import annotations

import io
import logging
from typing import Any, Final

from PIL import Image

from governance.errors import ManifestRejected
from governance.intake import pixel_digest
from governance.provenance import ManifestReport, verify_signed
from governance.recognise import recognise
from governance.watermark import identifier_of
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


def verify(row: Generation, report: RenderReport) -> dict[str, Any]:
    """What is read from the picture here, as an `Output` keeps it: manifest_state, and what its pixels are known by.

    Raises Unverified unless picture and mask strip are this attempt's, whole, and carry our manifest for it.
    """
    if report.output is None or report.permit_id != row.permit_id:
        raise Unverified(f"{row.public_id}: the report names no picture, or another permit")
    found, data = _signed(row, report.output)
    said = found.facts
    if said is None or (said.permit_id, said.spec_digest) != (row.permit_id, row.spec_digest):
        raise Unverified(f"{row.public_id}: the picture was stamped for another permit or spec")
    if said.pixel_digest != report.pixel_digest:
        raise Unverified(f"{row.public_id}: report and manifest name different pixels")
    if report.mask_strip is not None:
        _signed(row, report.mask_strip)
    return {"manifest_state": found.state, **_marks(row, data, is_marked=said.watermarked)}


def _marks(row: Generation, data: bytes, *, is_marked: bool) -> dict[str, Any]:
    """Its hash, its delivered pixels, and the identifier of its mark: read here, whatever the manifest says of it."""
    with Image.open(io.BytesIO(data)) as picture:
        traces = recognise(picture, keys.watermark_key())
        digest = pixel_digest(picture)
    carries = traces.watermark_id == identifier_of(row.public_id)
    if is_marked and not carries:
        raise Unverified(f"{row.public_id}: the picture does not carry the mark that its manifest tells of")
    mark = traces.watermark_id if carries else None
    return {"watermark_id": mark, "dhash": traces.dhash, "delivered_digest": digest}


def _signed(row: Generation, stored: StoredObject) -> tuple[ManifestReport, bytes]:
    if not _is_attempts_own(row, row.attempt, stored):
        raise Unverified(f"{row.public_id}: {stored.key} is not a place of this attempt")
    try:
        data = objects.get(stored.key, stored.sha256)
        return verify_signed(data, stored.mime, keys.trust_anchors(), generation_id=row.public_id), data
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
