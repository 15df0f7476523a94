"""Has the person in this photograph taken their word back? Then it is looked at no more, in whatever guise it comes.

A revoked consent counts for every photograph that shows the same picture: the same pixels under another subject, or
what the look-alike index finds. A consent in force that names the very picture shows it all the same.
"""

from __future__ import annotations

from PIL import Image

from imprimatur.library import copies
from imprimatur.library.models import ReferenceImage
from imprimatur.rights.models import ConsentRecord, RightStatus


def is_taken_back(reference: ReferenceImage, image: Image.Image | None = None) -> bool:
    """Whether a consent to show this person was revoked, and they have given no other that is in force.

    image: of a reference that is not stored yet. `reference` knows its hash and its pixel digest.
    """
    if RightStatus.ACTIVE in _standing(reference):
        return False
    guises = copies.guises(reference) if image is None else copies.earlier(reference, image)
    photographs = [reference, *(row for row in guises if row.derived_from_id is None)]
    return any(_is_revoked(row) for row in photographs)


def _is_revoked(reference: ReferenceImage) -> bool:
    standing = _standing(reference)
    return RightStatus.REVOKED in standing and RightStatus.ACTIVE not in standing


def _standing(reference: ReferenceImage) -> set[str]:
    """Where the consents of people stand that name this very picture. A draft that was given up before anybody signed
    it says nothing about the person."""
    given = ConsentRecord.objects.filter(kind="likeness", reference_digests__contains=[reference.pixel_sha256])
    given = given.exclude(status=RightStatus.REVOKED, evidence_sha256="")
    return set(given.order_by().values_list("status", flat=True))
