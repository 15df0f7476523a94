"""Marks as pictures: what looks like a mark that the company registered here must declare it.

A 64-bit hash of the whole picture and of what stands out in it is compared; a mark that is small on a product is not
seen. This does not detect logos, and nobody should rely on it to.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from PIL import Image

from governance.blocklist import fold
from governance.errors import UnreadableUpload
from governance.fingerprint import SAME_AT_MOST, distance
from governance.recognise import ALL_BITS, signed_dhash
from imprimatur.audit.services import record as record_event
from imprimatur.library.decoding import opened
from imprimatur.library.models import MarkPicture
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, PersonRequired
from imprimatur.tenants.permissions import Permission

MAX_NAME = 120


def registered() -> QuerySet[MarkPicture]:
    """The tenant's marks by name."""
    return MarkPicture.objects.select_related("added_by")


def register(actor: Actor, name: str, data: bytes) -> MarkPicture:
    """Keep the hash of a mark's picture, not the picture. InvalidInput for an unreadable file, Conflict for a known."""
    actor.require(Permission.MANAGE_RIGHTS)
    if actor.user is None:
        raise PersonRequired
    clean = " ".join(name.split())
    if not fold(clean) or len(clean) > MAX_NAME:
        raise InvalidInput(errors=[{"field": "name", "message": _("Name the mark, in at most 120 characters.")}])
    seen = signed_dhash(_decoded(data))
    if MarkPicture.objects.filter(name=clean, dhash=seen).exists():
        raise Conflict(_("This picture of the mark is registered already."), code="mark_exists")
    row = MarkPicture(id=uuid.uuid4(), tenant_id=actor.tenant_id, name=clean, dhash=seen, added_by=actor.user)
    row.save(force_insert=True)
    record_event(actor.tenant_id, actor.label, "mark.registered", row.public_id, {"mark": clean})
    return row


def forget(actor: Actor, row: MarkPicture) -> None:
    """Compare new pictures with it no more."""
    actor.require(Permission.MANAGE_RIGHTS)
    public_id, name = row.public_id, row.name
    row.delete()
    record_event(actor.tenant_id, actor.label, "mark.forgotten", public_id, {"mark": name})


def undeclared(image: Image.Image, box: Sequence[float] | None, declared: Sequence[str]) -> tuple[str, ...]:
    """Registered marks that the picture, or its subject, looks like and that are not among the declared ones.

    box: left, top, right, bottom of the subject as shares of width and height, where the photo coach found one.
    """
    known = {fold(mark) for mark in declared}
    rows = [row for row in registered() if fold(row.name) not in known]
    if not rows:
        return ()
    views = [signed_dhash(view) for view in _views(image, box)]
    return tuple(dict.fromkeys(row.name for row in rows if any(_is_same(row.dhash, view) for view in views)))


def _views(image: Image.Image, box: Sequence[float] | None) -> list[Image.Image]:
    if box is None:
        return [image]
    left, top, right, bottom = (round(part * side) for part, side in zip(box, image.size * 2, strict=True))
    return [image, image.crop((left, top, right, bottom))] if right > left and bottom > top else [image]


def _is_same(one: int, other: int) -> bool:
    return distance(one % ALL_BITS, other % ALL_BITS) <= SAME_AT_MOST


def _decoded(data: bytes) -> Image.Image:
    try:
        return opened(data).image
    except UnreadableUpload as error:
        said: dict[str, Any] = {"field": "file", "message": error.sentence(get_language() or "en")}
        raise InvalidInput(errors=[said], code=f"upload_{error.reason}") from error
