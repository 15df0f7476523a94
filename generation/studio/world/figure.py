"""A figure: painted parts in a unit box that stands on the ground at y = 0 and reaches up to y = -1."""

from collections.abc import Callable
from dataclasses import dataclass, field

import skia

from generation.studio.world import brush
from generation.studio.world.individual import COLOUR_RGB, Individual

Proportions = tuple[float, float, float]

FIXED_PAINTS: dict[str, brush.RGB] = {
    "ink": (52, 46, 62),
    "cream": (252, 240, 220),
    "metal": (176, 184, 196),
    "glow": (255, 240, 176),
    "glass": (196, 228, 244),
    "skin light": (250, 212, 180),
    "skin tan": (224, 168, 124),
    "skin dark": (142, 92, 64),
    "hair dark": (52, 40, 40),
    "hair fair": (226, 178, 92),
    "hair auburn": (150, 74, 44),
    "wood": (150, 104, 64),
}


@dataclass
class Part:
    """One closed path and its paint: "main", "accent", or a name of `FIXED_PAINTS`."""

    path: skia.Path
    paint: str = "main"
    patterned: bool = False
    outline: bool = True


@dataclass
class Figure:
    """Parts from back to front, and where the emblem sits: centre x, centre y, radius."""

    emblem: tuple[float, float, float]
    parts: list[Part] = field(default_factory=list)

    def add(self, path: skia.Path, paint: str = "main", *, patterned: bool = False, outline: bool = True) -> "Figure":
        self.parts.append(Part(path, paint, patterned, outline))
        return self

    def bounds(self) -> skia.Rect:
        """The box around all parts."""
        box = skia.Rect.MakeEmpty()
        for part in self.parts:
            box.join(part.path.getBounds())
        return box


#: A stripe is about 12 pixels of a medium subject: finer ones come out as mosaics.
_PATTERN_STEP = 0.155
_EMBLEM_GROWTH = 1.2

KIND_SHAPES: dict[str, Callable[[Proportions], Figure]] = {}


def kind(name: str) -> Callable[[Callable[[Proportions], Figure]], Callable[[Proportions], Figure]]:
    """Registers the function that shapes the products of one kind."""

    def register(shape: Callable[[Proportions], Figure]) -> Callable[[Proportions], Figure]:
        KIND_SHAPES[name] = shape
        return shape

    return register


def _rgb(paint: str, individual: Individual) -> brush.RGB:
    if paint == "main":
        return COLOUR_RGB[individual.main]
    return COLOUR_RGB[individual.accent] if paint == "accent" else FIXED_PAINTS[paint]


def _paint_pattern(canvas: skia.Canvas, individual: Individual) -> None:
    painter = brush.PATTERN_PAINTERS.get(individual.pattern)
    if painter:
        painter(canvas, brush.fill(COLOUR_RGB[individual.accent]), _PATTERN_STEP)


def _paint_part(canvas: skia.Canvas, part: Part, individual: Individual) -> None:
    rgb = _rgb(part.paint, individual)
    box = part.path.getBounds()
    canvas.save()
    canvas.clipPath(part.path, doAntiAlias=True)
    canvas.drawRect(box, brush.fill(rgb))
    if part.patterned:
        _paint_pattern(canvas, individual)
    shade = [
        brush.colour((255, 255, 255), 0.22),
        brush.colour((255, 255, 255), 0.0),
        brush.colour((20, 10, 50), 0.26),
    ]
    canvas.drawRect(box, brush.gradient((box.left(), box.top()), (box.right(), box.bottom()), shade))
    canvas.restore()
    if part.outline:
        canvas.drawPath(part.path, brush.line(brush.darker(rgb, 0.6), 0.016))


def _paint_emblem(canvas: skia.Canvas, individual: Individual, place: tuple[float, float, float]) -> None:
    shape = brush.EMBLEM_SHAPES.get(individual.emblem)
    if shape is None:
        return
    x, y, radius = place[0], place[1], place[2] * _EMBLEM_GROWTH
    canvas.save()
    canvas.translate(x, y)
    if individual.pattern != "plain":
        canvas.drawCircle(0, 0, radius * 1.25, brush.fill(COLOUR_RGB[individual.main]))
        canvas.drawCircle(0, 0, radius * 1.25, brush.line(COLOUR_RGB[individual.accent], 0.02))
    canvas.drawPath(shape(radius), brush.fill(COLOUR_RGB[individual.accent]))
    canvas.restore()


def paint_figure(canvas: skia.Canvas, figure: Figure, individual: Individual) -> None:
    """Paints parts and emblem in the figure's own unit coordinates; the caller sets the matrix."""
    for part in figure.parts:
        _paint_part(canvas, part, individual)
    _paint_emblem(canvas, individual, figure.emblem)


def silhouette(canvas: skia.Canvas, figure: Figure, paint: skia.Paint) -> None:
    """Every part in one paint: the subject's mask, or its shadow."""
    for part in figure.parts:
        canvas.drawPath(part.path, paint)
