"""What can stand beside a subject or sit on it: one short function an accessory, painted in the 100 x 100 box.

`x`, `y` is where it stands on the ground, or, for a balloon, hangs above; for a crown, the top of the head.
"""

import random
from collections.abc import Callable

import skia

from generation.studio.world import brush
from generation.studio.world.brush import RGB
from generation.studio.world.shapes import blade, box, curve, disc

AccessoryFunction = Callable[[skia.Canvas, random.Random, float, float], None]
ACCESSORY_PAINTERS: dict[str, AccessoryFunction] = {}


def accessory(name: str) -> Callable[[AccessoryFunction], AccessoryFunction]:
    """Registers the function that paints one accessory."""

    def register(painter: AccessoryFunction) -> AccessoryFunction:
        ACCESSORY_PAINTERS[name] = painter
        return painter

    return register


def _solid(canvas: skia.Canvas, path: skia.Path, rgb: RGB) -> None:
    """One outlined shape, lit from the upper left like the products."""
    edge = path.getBounds()
    canvas.drawPath(path, brush.fill(rgb))
    light = [brush.colour((255, 255, 255), 0.25), brush.colour((255, 255, 255), 0.0), brush.colour((20, 10, 50), 0.25)]
    canvas.save()
    canvas.clipPath(path, doAntiAlias=True)
    canvas.drawRect(edge, brush.gradient((edge.left(), edge.top()), (edge.right(), edge.bottom()), light))
    canvas.restore()
    canvas.drawPath(path, brush.line(brush.darker(rgb, 0.6), 1.0))


@accessory("books")
def books(canvas: skia.Canvas, rng: random.Random, x: float, y: float) -> None:
    for index, rgb in enumerate(((58, 104, 180), (206, 66, 62), (70, 150, 96))):
        shift = rng.uniform(-1.2, 1.2)
        top = y - 8 * (index + 1)
        _solid(canvas, box(x - 12 + shift, top, x + 12 + shift, top + 8, 1), rgb)
        canvas.drawRect(
            skia.Rect.MakeLTRB(x + 6 + shift, top + 2, x + 11.5 + shift, top + 6), brush.fill((250, 244, 226))
        )


@accessory("plant")
def plant(canvas: skia.Canvas, _rng: random.Random, x: float, y: float) -> None:
    for lean in (-9, 9, -4.5, 4.5, 0):
        leaf = curve(
            (x, y - 12),
            (x + lean - 5, y - 22, x + lean - 3, y - 30, x + lean * 1.3, y - 35 + abs(lean)),
            (x + lean + 4, y - 28, x + lean + 4, y - 20, x, y - 12),
        )
        _solid(canvas, leaf, (58, 164, 84) if lean else (86, 190, 104))
    _solid(canvas, blade((x - 9, y - 13), (x + 9, y - 13), (x + 6.5, y), (x - 6.5, y)), (206, 112, 70))
    _solid(canvas, box(x - 10, y - 15, x + 10, y - 11, 1), (224, 132, 88))


@accessory("ball")
def ball(canvas: skia.Canvas, _rng: random.Random, x: float, y: float) -> None:
    _solid(canvas, disc(x, y - 11.5, 11.5), (226, 52, 56))
    canvas.drawPath(disc(x - 4, y - 16, 3.2, 2.4), brush.fill((255, 255, 255), 0.75))


@accessory("gift")
def gift(canvas: skia.Canvas, _rng: random.Random, x: float, y: float) -> None:
    _solid(canvas, box(x - 11, y - 19, x + 11, y, 1), (146, 84, 196))
    _solid(canvas, box(x - 12, y - 23, x + 12, y - 17, 1), (168, 108, 214))
    canvas.drawRect(skia.Rect.MakeLTRB(x - 2.5, y - 23, x + 2.5, y), brush.fill((255, 218, 92)))
    for side in (-1, 1):
        _solid(canvas, disc(x + side * 4.6, y - 26, 4.4, 3), (255, 218, 92))


@accessory("balloon")
def balloon(canvas: skia.Canvas, rng: random.Random, x: float, y: float) -> None:
    top = y - rng.uniform(58, 64)
    string = skia.Path()
    string.moveTo(x, top + 12)
    string.quadTo(x + rng.choice((-5, 5)), top + 30, x, top + 44)
    canvas.drawPath(string, brush.line((90, 84, 100), 1.1))
    _solid(canvas, blade((x - 2.4, top + 15), (x, top + 11), (x + 2.4, top + 15)), (240, 180, 40))
    _solid(canvas, disc(x, top, 11, 13), (255, 208, 60))
    canvas.drawPath(disc(x - 4, top - 5, 2.6, 3.6), brush.fill((255, 255, 255), 0.75))


@accessory("crown")
def crown(canvas: skia.Canvas, _rng: random.Random, x: float, y: float) -> None:
    low, high = y + 2.5, y - 9
    _solid(
        canvas,
        blade(
            (x - 10, low),
            (x - 12, high),
            (x - 5.5, y - 4),
            (x, high - 3),
            (x + 5.5, y - 4),
            (x + 12, high),
            (x + 10, low),
        ),
        (255, 202, 50),
    )
    for step, rgb in ((-6, (226, 60, 70)), (0, (60, 130, 230)), (6, (226, 60, 70))):
        canvas.drawPath(disc(x + step, y - 0.5, 1.7), brush.fill(rgb))
