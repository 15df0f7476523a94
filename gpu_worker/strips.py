"""The mask film strip that review shows: one row for each subject, in the order of the spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:  # torch is loaded by the engine's thread
    from generation.pipeline import DrawResult


def mask_strip(drawn: DrawResult) -> Image.Image:
    """RGB. A single subject's strip is that of the picture; several lie one below the other."""
    from generation.explain import film_strip

    if len(drawn.subject_masks) < 2:
        return film_strip(drawn.image, drawn.masks)
    return _stacked([film_strip(drawn.image, masks) for masks in drawn.subject_masks])


def _stacked(rows: Sequence[Image.Image]) -> Image.Image:
    """Rows of one width and height."""
    width, height = rows[0].size
    sheet = Image.new("RGB", (width, height * len(rows)))
    for place, row in enumerate(rows):
        sheet.paste(row, (0, place * height))
    return sheet
