"""Has this picture been here before, in another guise? Asked at intake, so that no guise sheds what the picture needs.

A hash finds candidates, and a second look decides: an earlier reference is the same picture where a small rendition
of it all but coincides with the upload; an output of ours is found again where its mark appears once the upload is laid
over it (`governance.registration`), which a crop or a turn does not prevent; a cropped, turned or mirrored photograph,
which has no mark, is looked for where it matters most (`governance.moved`). Outputs live further down the flow, hence
the plain statements: row-level security shows them the entered company's rows only.
"""

from __future__ import annotations

import contextlib
import io
import uuid
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from PIL import Image

from governance import moved
from governance.fingerprint import SAME_AT_MOST
from governance.recognise import recognise, signed_dhash
from governance.registration import glance, register
from imprimatur import keys, objects
from imprimatur.library.models import ReferenceImage
from imprimatur.rights import selectors as rights
from imprimatur.tenants.ids import MalformedId, decode, encode

GENERATION: Final = "gen"  # prefix of the ids that our manifests name
MOVED_AT_MOST: Final = 24  # bits that cropping and turning move the hash (`./run bench watermark`)
COMPARED: Final = 3  # outputs an upload is laid over; each takes half a second
GLANCED: Final = 32  # ways in which an upload may be a part of a photograph; each takes a hundredth of a second
COMPARED_PARTS: Final = 4  # of these, laid over; each takes half a second
PARTS_KEPT: Final = 4096  # photographs whose parts' hashes are kept, 400 bytes each
GRID: Final = (32, 32)  # pixels at which two pictures are compared
COINCIDES_FROM: Final = 0.98  # of correlation
_OUTPUTS_ALIKE: Final = (
    "SELECT watermark_id, object_key, sha256 FROM ("
    " SELECT *, bit_count((dhash # %s::bigint)::bit(64)) AS bits FROM generations_output"
    " WHERE watermark_id IS NOT NULL AND dhash IS NOT NULL) near "
    "WHERE bits <= %s ORDER BY bits, created_at LIMIT %s"
)
_REFERENCES_ALIKE: Final = (
    "SELECT id FROM library_referenceimage WHERE bit_count((dhash # %s::bigint)::bit(64)) <= %s AND pixel_sha256 <> %s"
)


def earlier(reference: ReferenceImage, image: Image.Image | None) -> list[ReferenceImage]:
    """References of the company that show the same picture, whatever their size and format; its own row is not
    among them. `reference` knows its hash and its pixel digest already."""
    rows = ReferenceImage.objects.exclude(pk=reference.pk)
    exact = list(rows.filter(pixel_sha256=reference.pixel_sha256))
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCES_ALIKE, [reference.dhash, SAME_AT_MOST, reference.pixel_sha256])
        near = rows.filter(pk__in=[found for (found,) in cursor.fetchall()])
    return exact + [row for row in near if image is None or _coincides(row, image)]


def guises(reference: ReferenceImage) -> list[ReferenceImage]:
    """The same of a reference that is stored. Where its file is lost, the hash decides alone."""
    return earlier(reference, _rendition(reference))


def part_of(image: Image.Image, photographs: Iterable[ReferenceImage]) -> ReferenceImage | None:
    """Which of the photographs this picture was cropped from, or is turned by a quarter or mirrored; None for none.

    Hashes choose those that are glanced at, a glance chooses those it is laid over. Lost files are passed over.
    """
    held = moved.ways(image)
    glanced = []
    for way, there in _nearest(held, photographs):
        original = _rendition(there, max)
        fit = glance(held[way], original) if original is not None else 0.0
        if original is not None and fit >= moved.FITS_FROM:
            glanced.append((fit, way, original, there))
    for _fit, way, original, there in sorted(glanced, key=lambda one: one[0], reverse=True)[:COMPARED_PARTS]:
        if moved.shows(held[way], original):
            return there
    return None


def _nearest(held: list[Image.Image], photographs: Iterable[ReferenceImage]) -> list[tuple[int, ReferenceImage]]:
    """Ways of holding a picture, and photographs of which it may be a part then."""
    near = []
    for there in photographs:
        with contextlib.suppress(objects.ObjectMissing, objects.DigestMismatch):
            bits = moved.distances(held, _parts(*_stored(there, max)))
            near += [(found, way, there) for way, found in enumerate(bits) if found <= moved.NEAR_AT_MOST]
    return [(way, there) for _bits, way, there in sorted(near, key=lambda one: one[0])[:GLANCED]]


def is_others_work(reference: ReferenceImage) -> bool:
    """Whether a record on file says that a picture without people and marks is somebody else's work."""
    if reference.shows_person or reference.declared_marks:
        return False
    consents, licences = rights.covering([reference.pixel_sha256])
    return bool(licences) or any(consent.kind != "likeness" for consent in consents)


def mark_of_moved(image: Image.Image) -> int | None:
    """The mark of the output that this picture is a cropped or turned copy of; None for every other picture."""
    key = keys.watermark_key()
    for mark, original in _alike(image):
        if recognise(register(image, original).image, key).watermark_id == mark:
            return mark
    return None


def direct_origins(generation_id: str) -> list[str]:
    """Public ids of the references that a generation of this company's was drawn from; none for any other text.

    A manifest's history names the photographs at its roots; what was declared of a picture in between counts, too.
    """
    try:
        asked = decode(GENERATION, generation_id)
    except MalformedId:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT reference_id FROM generations_drawnfrom WHERE generation_id = %s", [asked])
        return sorted(encode(ReferenceImage.PREFIX, found) for (found,) in cursor.fetchall())


def is_quarantined(pixel_sha256: str, mark: int | None, generation_id: str = "") -> bool:
    """Whether this is an output of the company's that is shown to nobody: by its pixels, its mark, or its manifest."""
    try:
        generation = decode(GENERATION, generation_id)
    except MalformedId:
        generation = None
    statement = (
        "SELECT true FROM generations_output WHERE quarantined_at IS NOT NULL "
        "AND (delivered_digest = %s OR watermark_id = %s OR generation_id = %s) LIMIT 1"
    )
    return bool(_one(statement, pixel_sha256, mark, generation))


def _alike(image: Image.Image) -> list[tuple[int, Image.Image]]:
    """Marks and pictures of the marked outputs that look most like it."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTPUTS_ALIKE, [signed_dhash(image), MOVED_AT_MOST, COMPARED])
        found = [(mark, key, digest) for mark, key, digest in cursor.fetchall() if objects.exists(key)]
    return [(mark, _opened(key, digest)) for mark, key, digest in found]


def _coincides(there: ReferenceImage, image: Image.Image) -> bool:
    """Whether a small rendition of the stored picture all but coincides with the image."""
    stored = _rendition(there)
    if stored is None:
        return True  # nothing speaks against what the hash says
    one, other = _grey(stored), _grey(image)
    if not one.std() or not other.std():
        return bool(abs(one.mean() - other.mean()) < 1)
    return bool(np.corrcoef(one, other)[0, 1] >= COINCIDES_FROM)


def _rendition(there: ReferenceImage, which: Callable[..., str] = min) -> Image.Image | None:
    """The smallest or the largest thumbnail; None where the file is lost, or is not the one that was put there."""
    try:
        return _opened(*_stored(there, which))
    except (objects.ObjectMissing, objects.DigestMismatch):
        return None


def _stored(there: ReferenceImage, which: Callable[..., str]) -> tuple[str, str]:
    """Key and digest of the smallest or the largest thumbnail; of the picture where there is none."""
    side = which(there.thumbnails, key=int, default="")
    stored = there.thumbnails[side] if side else {"key": there.object_key, "sha256": there.sha256}
    return stored["key"], stored["sha256"]


@lru_cache(maxsize=PARTS_KEPT)
def _parts(key: str, digest: str) -> NDArray[np.uint64]:
    """Hashes of parts of a stored picture, kept: a file never changes under its key."""
    return moved.parts(_opened(key, digest))


def _grey(image: Image.Image) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(image.convert("L").resize(GRID, Image.Resampling.BOX), dtype=np.float64).ravel()


def _opened(key: str, digest: str) -> Image.Image:
    return Image.open(io.BytesIO(objects.get(key, digest))).convert("RGB")


def _one(statement: str, *arguments: str | int | uuid.UUID | None) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(arguments))
        row = cursor.fetchone()
    return row[0] if row else None
