"""Draw the visible label: white letters on a dark ground in the lower right corner, in a typeface that is shipped.

Letters are measured as they are drawn: the height a rule asks for is that of the line's smallest letter.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from governance.errors import LabelTooLarge
from governance.labels import VisibleLabel

FONT: Final = Path(__file__).parent / "fonts" / "noto-sans-cjk-labels.otf"
ICON: Final = "AI"
SMALLEST_LETTERS: Final = 10  # pixels: below that nobody reads them
EDGES: Final = 2  # pixels: a letter's first and last row may be too faint to count
GROUND: Final = (0, 0, 0, 178)
INK: Final = (255, 255, 255, 255)
_PROBE: Final = 200  # size at which letters are measured


def draw_label(image: Image.Image, label: VisibleLabel) -> Image.Image:
    """A copy of the picture (RGB) with the label. Raises LabelTooLarge for a picture it does not fit on."""
    tall = [max(math.ceil(share * min(image.size)), SMALLEST_LETTERS) + EDGES for _, share in label.lines]
    rows = [_Row(text, letters) for (text, _), letters in zip(label.lines, tall, strict=True)]
    icon = _Row(ICON, min(tall)) if label.icon else None
    pad = max(2, min(tall) // 3)
    width = max(row.width for row in rows) + 2 * pad + (icon.width + 3 * pad if icon else 0)
    height = sum(row.height for row in rows) + pad * (len(rows) + 1)
    if width > image.width or height > image.height // 2:
        raise LabelTooLarge(
            f"the label needs {width} x {height} pixels and the picture has {image.width} x {image.height}"
        )
    layer = Image.new("RGBA", (width, height), GROUND)
    _write(layer, rows, icon, pad)
    done = image.convert("RGBA")
    done.alpha_composite(layer, (image.width - width, image.height - height))
    return done.convert("RGB")


class _Row:
    """One line of text at the size that makes its smallest letter as tall as asked, and not one pixel less."""

    def __init__(self, text: str, letters: int) -> None:
        self.text = text
        size = math.ceil(letters * _PROBE / _smallest_letter(text, _PROBE))
        while _smallest_letter(text, size) < letters:
            size += 1
        self.font = _font(size)
        left, self.top, right, bottom = (round(x) for x in self.font.getbbox(text))
        self.left, self.width, self.height = left, right - left, bottom - self.top


def _smallest_letter(text: str, size: int) -> float:
    """Height in pixels of the ink of the text's smallest letter."""
    boxes = [_font(size).getbbox(letter) for letter in text if letter.isalnum()]
    return min(bottom - top for _, top, _, bottom in boxes)


def _write(layer: Image.Image, rows: list[_Row], icon: _Row | None, pad: int) -> None:
    draw = ImageDraw.Draw(layer)
    x, y = pad, pad
    if icon is not None:
        frame = (pad // 2, pad // 2, icon.width + pad * 2 + pad // 2, icon.height + pad + pad // 2)
        draw.rounded_rectangle(frame, radius=pad, outline=INK, width=max(1, pad // 4))
        draw.text((pad + pad // 2 - icon.left, pad - icon.top), icon.text, fill=INK, font=icon.font)
        x += icon.width + 3 * pad
    for row in rows:
        draw.text((x - row.left, y - row.top), row.text, fill=INK, font=row.font)
        y += row.height + pad


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)
