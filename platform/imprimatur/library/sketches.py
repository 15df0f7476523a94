"""Where may a subject be, in any shape? A drawn or uploaded sketch becomes a small picture in black and white.

Uploads are opened in a process apart, like references. What is kept is made anew: SIDE x SIDE positions, each either
white or black, so that a shape is left and no picture.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from PIL import Image

from generation.spec import Box
from governance.errors import UnreadableUpload
from imprimatur import objects
from imprimatur.audit import services as audit
from imprimatur.library.decoding import opened
from imprimatur.library.models import Sketch
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import InvalidInput, NotFound, NotPermitted
from imprimatur.tenants.permissions import Permission

SIDE: Final = 256  # positions; the finest mask of any model has 64
LEAST_WHITE: Final = 0.02  # share of the picture: below, a subject has no place
KEPT_UNORDERED: Final = timedelta(days=1)
MIME: Final = "image/png"


def take_in(actor: Actor, data: bytes, now: datetime | None = None) -> Sketch:
    """Keep the shape that was drawn or uploaded; the one that is kept already where it is the same.

    InvalidInput for what is no picture, or leaves the subject no place. Sketches that nobody ordered for a day go.
    """
    actor.require(Permission.GENERATE)
    if actor.user is None:
        raise NotPermitted(_("A sketch is made by a person or with a person's key."))
    shape = _shape(data)
    white = float(np.asarray(shape).mean())
    if white < LEAST_WHITE:
        raise _refused(_("Draw where the subject may be: white, on at least 2 % of the picture."), "sketch_empty")
    moment = now or timezone.now()
    _drop_unordered(actor.tenant_id, moment - KEPT_UNORDERED)
    return _kept(Sketch(tenant_id=actor.tenant_id, white=white, made_by=actor.user), _png(shape), actor.label)


def content(sketch: Sketch) -> tuple[bytes, str]:
    """The file and its type."""
    return objects.get(sketch.object_key, sketch.sha256), MIME


def by_digest(digests: Iterable[str]) -> dict[str, Sketch]:
    """The tenant's sketches of these digests."""
    return {row.sha256: row for row in Sketch.objects.filter(sha256__in=set(digests))}


def id_of(digest: str) -> str | None:
    """The public id of the sketch that a spec names; None for none."""
    found = by_digest([digest]).get(digest) if digest else None
    return found.public_id if found else None


def ordered(sketches: Sequence[Sketch], now: datetime) -> None:
    """Note that an order names them, so that they stay. NotFound for one that has gone meanwhile."""
    wanted = {sketch.pk for sketch in sketches}
    rows = Sketch.objects.select_for_update().filter(pk__in=wanted)
    if len(rows) < len(wanted):
        raise NotFound(_("The sketch is not kept any more. Draw it again."), code="sketch_gone")
    Sketch.objects.filter(pk__in=wanted, ordered_at=None).update(ordered_at=now)


def share_within(sketch: Sketch, box: Box) -> float:
    """Which share of the picture is both white and in the box."""
    data, _mime = content(sketch)
    with Image.open(io.BytesIO(data)) as picture:
        white = np.asarray(picture.convert("1"))
    left, top, right, bottom = (round(side * SIDE) for side in (box.left, box.top, box.right, box.bottom))
    return float(white[top:bottom, left:right].sum()) / SIDE**2


def _shape(data: bytes) -> Image.Image:
    try:
        picture = opened(data).image
    except UnreadableUpload as error:
        raise _refused(error.sentence(get_language() or "en"), f"upload_{error.reason}") from error
    grey = picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    return grey.point([0] * 128 + [255] * 128, "1")


def _png(shape: Image.Image) -> bytes:
    buffer = io.BytesIO()
    shape.save(buffer, "PNG")
    return buffer.getvalue()


def _kept(row: Sketch, data: bytes, label: str) -> Sketch:
    """Stored with its file, or the same shape as it was stored before."""
    row.object_key = f"tenants/{row.tenant_id}/sketches/{row.id}/sketch.png"
    row.sha256 = objects.put(row.object_key, data, MIME)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        objects.delete(row.object_key)
        return Sketch.objects.get(sha256=row.sha256)
    audit.record(row.tenant_id, label, "sketch.made", row.public_id, {"sha256": row.sha256})
    return row


def _drop_unordered(tenant_id: uuid.UUID, before: datetime) -> None:
    stale = list(Sketch.objects.select_for_update().filter(ordered_at=None, created_at__lt=before))
    for row in stale:
        transaction.on_commit(partial(objects.delete, row.object_key))
    if stale:
        audit.record_many(tenant_id, "system", "sketch.dropped", ((row.public_id, {}) for row in stale))
        Sketch.objects.filter(pk__in=[row.pk for row in stale]).delete()


def _refused(sentence: str, code: str) -> InvalidInput:
    return InvalidInput(sentence, errors=[{"field": "file", "message": sentence}], code=code)
