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
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.ids import encode


def origin_of(picture: Image.Image, tenant_id: uuid.UUID) -> str:
    """The public id of the reference that a recognised output was drawn from; '' for every other picture.

    Another tenant's reference is named too: it is found nowhere in this one, so whoever asks refuses the upload.
    """
    mark = recognise(picture, keys.watermark_key()).watermark_id
    rows = [] if mark is None else _rows(mark)
    own = [reference for tenant, reference in rows if tenant == tenant_id]
    found = own or [reference for _, reference in rows]
    return encode(ReferenceImage.PREFIX, found[0]) if found else ""


def _rows(mark: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Tenant and reference of every output that carries the mark."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, reference_id FROM reference_of_mark(%s)", [mark])
        return [(row[0], row[1]) for row in cursor.fetchall()]
