"""Read brands, subjects and references, and the bytes of their pictures."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from imprimatur import objects
from imprimatur.library import coach as words
from imprimatur.library.models import Brand, ReferenceImage, Subject
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.ids import MalformedId, decode


class ReferenceQuarantined(DomainError):
    """A right to the reference has fallen away, so it is shown to nobody."""

    def __init__(self, reference: ReferenceImage) -> None:
        if reference.derived_from_id is None:
            sentence = _("The person in this photograph has revoked their consent: it is shown to nobody.")
        else:
            sentence = _("A right to this picture has fallen away: it is quarantined and not shown.")
        since = reference.quarantined_at.isoformat() if reference.quarantined_at else ""
        super().__init__("quarantined", sentence, 423, quarantined_at=since)


def brands() -> QuerySet[Brand]:
    """The tenant's brands by name."""
    return Brand.objects.order_by("name")


def get_brand(public_id: str) -> Brand:
    """`brd_...`; NotFound."""
    found = brands().filter(pk=_uuid(Brand.PREFIX, public_id)).first()
    if found is None:
        raise NotFound
    return found


def subjects() -> QuerySet[Subject]:
    """The tenant's subjects by name, with their brands."""
    return Subject.objects.select_related("brand")


def get_subject(public_id: str) -> Subject:
    """`sub_...`; NotFound."""
    found = subjects().filter(pk=_uuid(Subject.PREFIX, public_id)).first()
    if found is None:
        raise NotFound
    return found


def references(subject: Subject | None = None) -> QuerySet[ReferenceImage]:
    """The tenant's references, newest first; of one subject when named."""
    rows = ReferenceImage.objects.select_related("subject__brand", "uploaded_by", "derived_from")
    return rows.filter(subject=subject) if subject else rows


def get_reference(public_id: str) -> ReferenceImage:
    """`ref_...`; NotFound."""
    found = references().filter(pk=_uuid(ReferenceImage.PREFIX, public_id)).first()
    if found is None:
        raise NotFound
    return found


def content(reference: ReferenceImage) -> tuple[bytes, str]:
    """The signed file and its type. ReferenceQuarantined, ObjectMissing, or DigestMismatch when it was changed outside
    the product."""
    require_shown(reference)
    return objects.get(reference.object_key, reference.sha256), reference.mime


def require_shown(reference: ReferenceImage) -> None:
    """Raise ReferenceQuarantined where no pixel of the reference may be handed out."""
    if reference.quarantined_at is not None:
        raise ReferenceQuarantined(reference)


def thumbnail(reference: ReferenceImage, size: int) -> tuple[bytes, str]:
    """A signed, smaller rendition and its type: the smallest one whose long side has `size` pixels, or the largest."""
    require_shown(reference)
    sides = sorted(int(side) for side in reference.thumbnails)
    if not sides:
        return content(reference)
    side = next((side for side in sides if side >= size), sides[-1])
    stored = reference.thumbnails[str(side)]
    return objects.get(stored["key"], stored["sha256"]), stored["mime"]


def coach(reference: ReferenceImage, language: str = "") -> list[words.Advice]:
    """What the photo coach says about the reference, in the language of the request unless one is named.

    ReferenceQuarantined: it tells what is in the picture.
    """
    require_shown(reference)
    return words.spoken(reference.quality, language or get_language() or "en")


def _uuid(prefix: str, public_id: str) -> uuid.UUID:
    try:
        return decode(prefix, public_id)
    except MalformedId as malformed:
        raise NotFound from malformed
