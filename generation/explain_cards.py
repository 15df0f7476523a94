"""Why does the picture look as it does? Cards for people: masks over the steps, shares of words, visual tokens.

The captions are few and English, because the font in the box knows no other script; pages write their own.
Every card shows the picture or a reference, so whoever stores one stamps it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from generation.explain import INK, PAPER, film_strip, overlay
from generation.profiles import Seen
from generation.tracing import Explanation, Grids

WIDTH: Final = 720
MARGIN: Final = 16
ROW: Final = 22
CURVE_HEIGHT: Final = 96
TILE: Final = 208
MOST_WORDS: Final = 24
INSIDE, OUTSIDE, FAINT = (196, 94, 54), (92, 122, 148), (222, 216, 208)

Masks = NDArray[np.float32]  # (steps, h, w)


def mask_card(image: Image.Image, masks: Masks, area: Sequence[float]) -> Image.Image:
    """The film strip of masks, and below it the share of the picture each step's mask keeps."""
    strip = film_strip(image, masks, side=(WIDTH - 2 * MARGIN) // 9 - 4)
    return stacked([_titled("where the words of the subjects acted, step by step"), strip, area_curve(area)])


def area_curve(area: Sequence[float]) -> Image.Image:
    """Share of positions kept (0..1) over the steps, from the first to the last."""
    card = Image.new("RGB", (WIDTH - 2 * MARGIN, CURVE_HEIGHT), PAPER)
    pen = ImageDraw.Draw(card)
    left, right, top, bottom = 44, card.width - 12, 8, card.height - 22
    for level in (0.0, 0.5, 1.0):
        y = bottom - (bottom - top) * level
        pen.line((left, y, right, y), fill=FAINT)
        pen.text((left - 6, y), f"{level:.0%}", fill=INK, font=_font(11), anchor="rm")
    steps = max(1, len(area) - 1)
    points = [(left + (right - left) * i / steps, bottom - (bottom - top) * a) for i, a in enumerate(area)]
    pen.line(points if len(points) > 1 else points * 2, fill=INSIDE, width=2, joint="curve")
    pen.text((left, card.height - 8), "step 1", fill=INK, font=_font(11), anchor="lm")
    pen.text((right, card.height - 8), f"step {len(area)}", fill=INK, font=_font(11), anchor="rm")
    return card


def word_card(explanation: Explanation) -> Image.Image:
    """Two bars a word: its share of the attention inside the subjects' masks, and outside."""
    rows = list(zip(explanation.words, explanation.inside, explanation.outside, strict=True))[:MOST_WORDS]
    card = Image.new("RGB", (WIDTH - 2 * MARGIN, ROW * (len(rows) + 1) + 6), PAPER)
    pen = ImageDraw.Draw(card)
    longest = max((share for _, *shares in rows for share in shares), default=0.0) or 1.0
    left = 150
    for column, (name, colour) in enumerate((("inside the mask", INSIDE), ("outside", OUTSIDE))):
        pen.rectangle((left + 170 * column, 5, left + 170 * column + 10, 15), fill=colour)
        pen.text((left + 170 * column + 16, 10), name, fill=INK, font=_font(12), anchor="lm")
    for number, (word, inside, outside) in enumerate(rows, 1):
        y = ROW * number + 2
        pen.text((left - 8, y + 9), word[:20], fill=INK, font=_font(13), anchor="rm")
        for line, (share, colour) in enumerate(((inside, INSIDE), (outside, OUTSIDE))):
            end = left + (card.width - left - 60) * share / longest
            pen.rectangle((left, y + 9 * line + 1, max(left + 1, end), y + 9 * line + 8), fill=colour)
            pen.text((end + 6, y + 9 * line + 5), f"{share:.0%}", fill=INK, font=_font(9), anchor="lm")
    return card


def token_card(references: Sequence[Image.Image], explanation: Explanation, seen: Seen) -> Image.Image:
    """Each reference as the encoder sees it, clear where its visual tokens got in and dimmed where they did not.

    references: of one subject after the other, as many as the explanation has grids; a grey picture stands for a
    missing one.
    """
    grids = [grid for subject in explanation.tokens for grid in subject]
    shown = [*references, *[Image.new("RGB", (TILE, TILE), (150, 150, 150))] * (len(grids) - len(references))]
    tiles = [token_view(picture, grid, seen) for picture, grid in zip(shown, grids, strict=False)]
    card = Image.new("RGB", (WIDTH - 2 * MARGIN, (TILE + 8) * -(-len(tiles) // 3)), PAPER)
    for place, tile in enumerate(tiles):
        card.paste(tile, ((place % 3) * (TILE + 8), (place // 3) * (TILE + 8)))
    return card


def token_view(reference: Image.Image, grid: Grids, seen: Seen) -> Image.Image:
    """TILE x TILE: the reference under its grid (h, w) of shares in [0, 1]."""
    picture = reference.convert("RGB")
    size = (TILE, TILE)
    square = picture.resize(size) if seen == "stretched" else ImageOps.pad(picture, size, color=PAPER)
    return overlay(square, np.asarray(grid, dtype=np.float32))


def explain_card(  # noqa: PLR0917 - picture and masks, then what is known of words and references
    image: Image.Image,
    masks: Masks,
    area: Sequence[float],
    explanation: Explanation | None,
    references: Sequence[Image.Image],
    seen: Seen,
) -> Image.Image:
    """Everything on one card, WIDTH wide."""
    parts = [mask_card(image, masks, area)]
    if explanation is not None:
        parts += [_titled("how much each word acted"), word_card(explanation)]
        if any(grid.size for grid in explanation.tokens):
            parts += [_titled("which parts of the references got in"), token_card(references, explanation, seen)]
    return stacked(parts, margin=MARGIN)


def stacked(parts: Sequence[Image.Image], margin: int = 0) -> Image.Image:
    """One below the other on paper."""
    width = max(part.width for part in parts) + 2 * margin
    card = Image.new("RGB", (width, sum(p.height for p in parts) + 8 * (len(parts) - 1) + 2 * margin), PAPER)
    y = margin
    for part in parts:
        card.paste(part, (margin, y))
        y += part.height + 8
    return card


def _titled(text: str) -> Image.Image:
    title = Image.new("RGB", (WIDTH - 2 * MARGIN, 24), PAPER)
    ImageDraw.Draw(title).text((0, 14), text, fill=INK, font=_font(15), anchor="lm")
    return title


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
