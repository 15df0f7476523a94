"""What a sweep looks like: a contact sheet of its pictures, and similarity against text match as a plot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from imprimatur_cli.sweep_plan import Cell, Scores, front, means

TILE, CAPTION, GAP, LEFT, TOP = 160, 30, 6, 130, 40
PAPER, INK = (250, 248, 244), (60, 56, 52)
WIDTH, HEIGHT, EDGE = 640, 480, 56
COLOURS: Final = ("#c45e36", "#5c7a94", "#6c8a3c", "#8a5c94", "#b0902c", "#3c8a84")


def contact_sheet(pictures: Mapping[Cell, Image.Image], scores: Mapping[Cell, Scores]) -> Image.Image:
    """One row for each scope and stop step, one column for each quantity and seed; scores below each picture."""
    rows = list(dict.fromkeys((cell.scope, cell.stop) for cell in pictures))
    columns = list(dict.fromkeys((cell.quantity, cell.seed) for cell in pictures))
    size = (LEFT + len(columns) * (TILE + GAP), TOP + len(rows) * (TILE + CAPTION + GAP))
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for x, (quantity, seed) in enumerate(columns):
        pen.text((LEFT + x * (TILE + GAP), 14), f"quantity {quantity:g}, seed {seed}", fill=INK, font=font)
    for y, (scope, stop) in enumerate(rows):
        pen.text((8, TOP + y * (TILE + CAPTION + GAP)), f"scope {scope:g}\nfrozen at {stop}", fill=INK, font=font)
    for cell, picture in pictures.items():
        left = LEFT + columns.index((cell.quantity, cell.seed)) * (TILE + GAP)
        top = TOP + rows.index((cell.scope, cell.stop)) * (TILE + CAPTION + GAP)
        sheet.paste(_fitted(picture), (left, top))
        pen.text((left, top + TILE + 4), _caption(scores[cell]), fill=INK, font=font)
    return sheet


def plot(scores: Mapping[Cell, Scores]) -> str:
    """An SVG: a dot for each dials, means over seeds, coloured by quantity; the Pareto front as a line."""
    points = means(scores)
    quantities = sorted({dials[1] for dials in points})
    marks = [
        f'<circle cx="{_x(s):.1f}" cy="{_y(t):.1f}" r="5" fill="{COLOURS[quantities.index(d[1]) % len(COLOURS)]}">'
        f"<title>scope {d[0]:g}, quantity {d[1]:g}, frozen at {d[2]}: similarity {s:.2f}, text match {t:.2f}</title>"
        "</circle>"
        for d, (s, t) in points.items()
    ]
    line = " ".join(f"{_x(points[d][0]):.1f},{_y(points[d][1]):.1f}" for d in front(points))
    legend = [
        f'<text x="{WIDTH - 150}" y="{HEIGHT - EDGE - 12 - 16 * i}" fill="{COLOURS[i % len(COLOURS)]}">'
        f"&#9679; quantity {quantity:g}</text>"
        for i, quantity in enumerate(quantities)
    ]
    return "\n".join([*_frame(), f'<polyline points="{line}" fill="none" stroke="#999"/>', *marks, *legend, "</svg>\n"])


def _frame() -> list[str]:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    ticks = [i / 5 for i in range(6)]
    return [
        head + ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#faf8f4"/>',
        f'<path d="M{EDGE} {EDGE / 2} V{HEIGHT - EDGE} H{WIDTH - EDGE / 2}" fill="none" stroke="#3c3834"/>',
        *(f'<text x="{_x(t):.0f}" y="{HEIGHT - EDGE + 16}" text-anchor="middle">{t:g}</text>' for t in ticks),
        *(f'<text x="{EDGE - 6}" y="{_y(t) + 4:.0f}" text-anchor="end">{t:g}</text>' for t in ticks),
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 14}" text-anchor="middle">similarity to the reference</text>',
        f'<text x="14" y="{EDGE / 2 - 8}">text match</text>',
    ]


def _x(similarity: float) -> float:
    return EDGE + similarity * (WIDTH - 1.5 * EDGE)


def _y(text_match: float) -> float:
    return HEIGHT - EDGE - text_match * (HEIGHT - 1.5 * EDGE)


def _fitted(picture: Image.Image) -> Image.Image:
    tile = picture.copy()
    tile.thumbnail((TILE, TILE))
    return tile


def _caption(scores: Scores) -> str:
    told = (("likeness", "similarity"), ("words", "text_match"))
    return "  ".join(f"{label} {scores[name]:.2f}" for label, name in told if name in scores)
