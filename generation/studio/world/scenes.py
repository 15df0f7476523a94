"""The backgrounds of the drawn world: one short function a scene, painted in a 100 x 100 box, horizon near 58."""

import random
from collections.abc import Callable

import skia

from generation.studio.world import brush
from generation.studio.world.brush import RGB
from generation.studio.world.shapes import blade, box, disc

SceneFunction = Callable[[skia.Canvas, random.Random], None]
SCENE_PAINTERS: dict[str, SceneFunction] = {}


def scene(name: str) -> Callable[[SceneFunction], SceneFunction]:
    """Registers the function that paints one background."""

    def register(painter: SceneFunction) -> SceneFunction:
        SCENE_PAINTERS[name] = painter
        return painter

    return register


def band(canvas: skia.Canvas, top: float, bottom: float, start: RGB, end: RGB) -> None:
    """A full-width band that shades from `start` to `end`."""
    paint = brush.gradient((0, top), (0, bottom), [brush.colour(start), brush.colour(end)])
    canvas.drawRect(skia.Rect.MakeLTRB(-1, top, 101, bottom), paint)


def hills(canvas: skia.Canvas, rgb: RGB, base: float, height: float, shift: float) -> None:
    """Three round hills on the line `base`."""
    for x in (-30 + shift, 22 + shift, 74 + shift):
        canvas.drawPath(disc(x + 12, base + 6, 36, height), brush.fill(rgb))


def cloud(canvas: skia.Canvas, x: float, y: float, alpha: float = 0.9) -> None:
    """A small cloud about (x, y)."""
    for dx, dy, radius in ((-7, 1, 4.5), (0, -1, 6.5), (7, 1, 5)):
        canvas.drawPath(disc(x + dx, y + dy, radius, radius * 0.75), brush.fill((255, 255, 255), alpha))


@scene("beach")
def beach(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 45, (92, 190, 240), (186, 232, 250))
    band(canvas, 44, 62, (30, 140, 200), (72, 200, 214))
    band(canvas, 61, 101, (250, 226, 168), (238, 200, 132))
    canvas.drawPath(disc(50, 61, 62, 3), brush.fill((255, 255, 255), 0.8))
    canvas.drawPath(disc(rng.uniform(10, 90), 14, 8), brush.fill((255, 236, 120)))
    side = rng.choice((-1, 1))
    root = 50 + side * rng.uniform(38, 44)
    canvas.drawPath(
        blade((root - 2, 70), (root + 2, 70), (root - side * 5 + 1, 24), (root - side * 5 - 1, 24)),
        brush.fill((140, 96, 60)),
    )
    for dx, dy in ((-12, 4), (-8, -5), (3, -7), (12, -1), (9, 7)):
        canvas.drawPath(disc(root - side * 5 + dx, 24 + dy, 9, 3.4), brush.fill((40, 146, 84)))


@scene("snow")
def snow(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 60, (160, 188, 224), (226, 236, 248))
    hills(canvas, (236, 242, 252), 60, 18, rng.uniform(0, 20))
    band(canvas, 62, 101, (250, 252, 255), (206, 222, 244))
    for x in (rng.uniform(4, 18), rng.uniform(82, 96)):
        for lift, half in ((0, 10), (10, 8), (19, 6)):
            canvas.drawPath(
                blade((x - half, 66 - lift), (x + half, 66 - lift), (x, 48 - lift)),
                brush.fill((74, 122, 128)),
            )
            canvas.drawPath(
                blade((x - half / 2, 57 - lift), (x + half / 2, 57 - lift), (x, 48 - lift)),
                brush.fill((255, 255, 255)),
            )


@scene("forest")
def forest(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 66, (176, 222, 150), (224, 242, 190))
    shift = rng.uniform(0, 14)
    for x in (-4, 13, 30, 47, 64, 81, 98):
        centre = x + shift - 4
        canvas.drawPath(box(centre - 3, 20, centre + 3, 70, 1), brush.fill((112, 78, 52)))
        canvas.drawPath(disc(centre, 18, 13, 22), brush.fill((38, 112, 66) if x % 2 else (60, 140, 76)))
    band(canvas, 66, 101, (92, 160, 74), (56, 118, 58))


@scene("city")
def city(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 70, (150, 196, 236), (232, 238, 244))
    left = rng.uniform(-12, 0)
    for index, height in enumerate((44, 58, 34, 52, 40, 60)):
        x = left + index * 19
        canvas.drawPath(
            box(x, 70 - height, x + 17, 71, 0.5),
            brush.fill(((104, 116, 146), (136, 146, 172), (84, 98, 128))[index % 3]),
        )
        for row in range(2):
            canvas.drawRect(skia.Rect.MakeXYWH(x + 3, 76 - height + row * 14, 11, 6), brush.fill((246, 226, 150)))
    band(canvas, 70, 101, (120, 122, 132), (92, 94, 106))
    canvas.drawRect(skia.Rect.MakeLTRB(-1, 70, 101, 75), brush.fill((188, 188, 192)))


@scene("desert")
def desert(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 60, (252, 196, 120), (255, 232, 184))
    canvas.drawPath(disc(rng.uniform(15, 85), 18, 9), brush.fill((255, 250, 220)))
    hills(canvas, (226, 150, 84), 60, 16, rng.uniform(0, 20))
    band(canvas, 63, 101, (240, 178, 104), (214, 138, 72))
    x = rng.choice((rng.uniform(6, 16), rng.uniform(84, 94)))
    for left, top, right, bottom in (
        (-3, 34, 3, 72),
        (-10, 44, -6, 56),
        (6, 40, 10, 52),
        (-10, 52, 0, 57),
        (0, 48, 10, 53),
    ):
        canvas.drawPath(box(x + left, top, x + right, bottom, 2.5), brush.fill((62, 138, 84)))


@scene("mountains")
def mountains(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 66, (110, 170, 232), (214, 234, 250))
    shift = rng.uniform(-12, 12)
    for x, peak, half in ((16, 16, 34), (84, 20, 34), (50, 8, 36)):
        top = x + shift
        canvas.drawPath(
            blade((top - half, 66), (top, peak), (top + half, 66)),
            brush.fill((108, 112, 150) if x != 50 else (88, 94, 136)),
        )
        snowcap = blade((top - half * 0.28, peak + 15), (top, peak), (top + half * 0.28, peak + 15), (top, peak + 10))
        canvas.drawPath(snowcap, brush.fill((255, 255, 255)))
    band(canvas, 65, 101, (140, 196, 92), (88, 152, 68))


@scene("kitchen")
def kitchen(canvas: skia.Canvas, rng: random.Random) -> None:
    wall = rng.choice(((246, 226, 196), (214, 234, 222), (226, 226, 240)))
    band(canvas, 0, 70, wall, brush.darker(wall, 0.06))
    for x in range(0, 101, 20):
        canvas.drawLine(x, 34, x, 70, brush.line((255, 255, 255), 1.2))
    for y in (34, 52):
        canvas.drawLine(0, y, 100, y, brush.line((255, 255, 255), 1.2))
    left = rng.uniform(-4, 6)
    for door in (left, left + 64):
        canvas.drawPath(box(door, -4, door + 32, 24, 2), brush.fill((160, 106, 70)))
        canvas.drawPath(box(door + 3, -4, door + 29, 20, 2), brush.fill((182, 126, 84)))
    band(canvas, 70, 101, (206, 152, 104), (166, 112, 72))
    canvas.drawRect(skia.Rect.MakeLTRB(-1, 70, 101, 73), brush.fill((232, 186, 138)))


@scene("studio")
def studio(canvas: skia.Canvas, rng: random.Random) -> None:
    backdrop = rng.choice(((236, 236, 240), (248, 224, 226), (214, 228, 246), (240, 234, 212)))
    band(canvas, 0, 68, brush.darker(backdrop, 0.1), backdrop)
    band(canvas, 68, 101, brush.lighter(backdrop, 0.5), brush.darker(backdrop, 0.08))
    glow = skia.GradientShader.MakeRadial(
        skia.Point(50, 45), 55, [brush.colour((255, 255, 255), 0.75), brush.colour((255, 255, 255), 0.0)]
    )
    canvas.drawRect(skia.Rect.MakeLTRB(0, 0, 100, 100), skia.Paint(Shader=glow))


@scene("sunset")
def sunset(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 64, (126, 62, 146), (255, 152, 94))
    x = rng.uniform(25, 75)
    canvas.drawPath(disc(x, 58, 17), brush.fill((255, 222, 124)))
    band(canvas, 63, 101, (214, 92, 96), (86, 46, 108))
    for index in range(4):
        canvas.drawPath(
            box(x - 18 + 3 * index, 68 + 8 * index, x + 18 - 3 * index, 70.5 + 8 * index, 1),
            brush.fill((255, 206, 130), 0.75),
        )


@scene("night")
def night(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 68, (16, 20, 58), (52, 60, 120))
    canvas.drawPath(disc(rng.choice((16, 84)), 16, 9), brush.fill((252, 246, 206)))
    for x, y in ((8, 36), (30, 10), (46, 26), (66, 8), (72, 34), (93, 40)):
        canvas.drawPath(disc(x + rng.uniform(-3, 3), y, 1.3), brush.fill((255, 255, 255)))
    hills(canvas, (30, 36, 84), 68, 16, rng.uniform(0, 20))
    band(canvas, 70, 101, (40, 52, 92), (18, 24, 56))
