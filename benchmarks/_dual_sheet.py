"""A page of small pictures: a row each individual, a column each method, all from the same noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from generation.evaluation.comparison import Comparison
from generation.evaluation.methods import Method
from generation.evaluation.plan import Planned
from generation.studio.autoencoder import to_pictures

SIDE: Final = 128
GAP: Final = 6
HEAD: Final = 54
FOOT: Final = 18
QUALITY: Final = 88


@dataclass(frozen=True)
class Column:
    """What stands above a method's pictures: its label, broken at the first comma, and how it was taught."""

    label: str
    method: Method
    taught: str = ""

    @property
    def title(self) -> str:
        """Up to three lines."""
        name, _, setting = self.label.partition(", ")
        return "\n".join(line for line in (name, setting, self.taught) if line)


def write_sheet(comparison: Comparison, columns: Sequence[Column], plans: Sequence[Planned], path: Path) -> None:
    """A JPEG of the plans' references and of what every method draws."""
    drawn = [("reference", torch.cat([plan.trial.reference for plan in plans]))]
    drawn += [(column.title, comparison.pictures(column.method, plans)) for column in columns]
    width, height = GAP + len(drawn) * (SIDE + GAP), HEAD + len(plans) * (SIDE + FOOT + GAP)
    sheet = Image.new("RGB", (width, height), "white")
    for place, (title, pictures) in enumerate(drawn):
        _column(sheet, GAP + place * (SIDE + GAP), title, pictures)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for row, plan in enumerate(plans):
        pen.text((GAP, HEAD + row * (SIDE + FOOT + GAP) + SIDE + 2), plan.prompt, "black", font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, "JPEG", quality=QUALITY)


def _column(sheet: Image.Image, left: int, title: str, pictures: Tensor) -> None:
    """A title over the pictures (n, 3, h, w)."""
    ImageDraw.Draw(sheet).multiline_text((left, 6), title, "black", ImageFont.load_default(12))
    for row, picture in enumerate(to_pictures(pictures)):
        sheet.paste(Image.fromarray(picture), (left, HEAD + row * (SIDE + FOOT + GAP)))
