"""Has the person in this photograph taken their word back? Then it is looked at no more, in whatever guise it comes.

A revoked consent counts for every photograph that shows the same picture: the same pixels under another subject, or
what the look-alike index finds. What is brought in is laid over the photographs that were revoked, too, since it may be
cropped, turned by a quarter or mirrored. A consent in force that names the very picture shows it all the same.
"""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from PIL import Image

from imprimatur.library import copies
from imprimatur.library.models import ReferenceImage
from imprimatur.rights.models import ConsentRecord, RightStatus

REMEMBERED: Final = 500  # revoked photographs of a company that a part is looked for in


def is_taken_back(reference: ReferenceImage, image: Image.Image | None = None) -> bool:
    """Whether a consent to show this person was revoked, and they have given no other that is in force.

    image: of a reference that is not stored yet. `reference` knows its hash and its pixel digest.
    """
    if RightStatus.ACTIVE in _standing(reference):
        return False
    guises = copies.guises(reference) if image is None else copies.earlier(reference, image)
    photographs = [reference, *(row for row in guises if row.derived_from_id is None)]
    if any(_is_revoked(row) for row in photographs):
        return True
    return image is not None and copies.part_of(image, _revoked()) is not None


def _revoked() -> QuerySet[ReferenceImage]:
    """The newest photographs whose people took their word back, and gave no other that is in force."""
    revoked = _named(_signed().filter(status=RightStatus.REVOKED))
    given = _signed().filter(status=RightStatus.ACTIVE, reference_digests__overlap=list(revoked))
    fallen = revoked - _named(given)
    rows = ReferenceImage.objects.filter(pixel_sha256__in=fallen, derived_from=None)
    return rows.order_by("-created_at")[:REMEMBERED]


def _named(records: QuerySet[ConsentRecord]) -> set[str]:
    return {digest for digests in records.values_list("reference_digests", flat=True) for digest in digests}


def _is_revoked(reference: ReferenceImage) -> bool:
    standing = _standing(reference)
    return RightStatus.REVOKED in standing and RightStatus.ACTIVE not in standing


def _standing(reference: ReferenceImage) -> set[str]:
    """Where the consents of people stand that name this very picture."""
    given = _signed().filter(reference_digests__contains=[reference.pixel_sha256])
    return set(given.order_by().values_list("status", flat=True))


def _signed() -> QuerySet[ConsentRecord]:
    """Consents of people. A draft that was given up before anybody signed it says nothing about the person."""
    return ConsentRecord.objects.filter(kind="likeness").exclude(status=RightStatus.REVOKED, evidence_sha256="")
