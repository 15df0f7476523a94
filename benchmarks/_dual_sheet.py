"""A page of small pictures: a row each individual, a column each method, all from the same noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from benchmarks._dual_points import Entry
from generation.evaluation.comparison import Comparison
from generation.evaluation.plan import Planned
from generation.studio.autoencoder import to_pictures

SIDE: Final = 128
GAP: Final = 6
HEAD: Final = 40
FOOT: Final = 18
QUALITY: Final = 88


def write_sheet(comparison: Comparison, entries: Sequence[Entry], plans: Sequence[Planned], path: Path) -> None:
    """A JPEG of the plans' references and of what every entry draws."""
    columns = [("reference", torch.cat([plan.trial.reference for plan in plans]))]
    columns += [(entry.label, comparison.pictures(entry.method, plans)) for entry in entries]
    width, height = GAP + len(columns) * (SIDE + GAP), HEAD + len(plans) * (SIDE + FOOT + GAP)
    sheet = Image.new("RGB", (width, height), "white")
    for place, (title, pictures) in enumerate(columns):
        _column(sheet, GAP + place * (SIDE + GAP), title, pictures)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for row, plan in enumerate(plans):
        pen.text((GAP, HEAD + row * (SIDE + FOOT + GAP) + SIDE + 2), plan.prompt, "black", font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, "JPEG", quality=QUALITY)


def _column(sheet: Image.Image, left: int, title: str, pictures: Tensor) -> None:
    """A title of one or two lines over the pictures (n, 3, h, w)."""
    first, _, second = title.partition(", ")
    ImageDraw.Draw(sheet).multiline_text((left, 6), f"{first}\n{second}", "black", ImageFont.load_default(12))
    for row, picture in enumerate(to_pictures(pictures)):
        sheet.paste(Image.fromarray(picture), (left, HEAD + row * (SIDE + FOOT + GAP)))
