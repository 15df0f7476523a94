"""Is this upload a picture that was made here, though its manifest is gone? Asked at intake, by the mark in its pixels.

Outputs live further down the flow, so the mark is looked up by a narrow function of the database that crosses tenants
and returns ids (`releases`, migration 0005).
"""

from __future__ import annotations

import uuid

from django.db import connection
from PIL import Image

from governance.recognise import recognise
from imprimatur import keys
from imprimatur.library import copies
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.ids import encode


def mark_in(picture: Image.Image) -> int | None:
    """The mark of one of our outputs, also where the picture was cropped or turned since; None for every other."""
    mark = recognise(picture, keys.watermark_key()).watermark_id
    return copies.mark_of_moved(picture) if mark is None else mark


def origins_of(mark: int | None, tenant_id: uuid.UUID) -> list[str]:
    """Public ids of the references that the output with this mark was drawn from; none where there is no such output.

    Another tenant's reference is named too: it is found nowhere in this one, so whoever asks refuses the upload.
    """
    rows = [] if mark is None else _rows(mark)
    own = [reference for tenant, reference in rows if tenant == tenant_id]
    found = own or [reference for _, reference in rows]
    return sorted({encode(ReferenceImage.PREFIX, reference) for reference in found})


def _rows(mark: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Tenant and reference of every output that carries the mark."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, reference_id FROM reference_of_mark(%s)", [mark])
        return [(row[0], row[1]) for row in cursor.fetchall()]
