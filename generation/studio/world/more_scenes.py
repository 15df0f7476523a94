"""More backgrounds of the drawn world, some of which are held out from some kinds."""

import random

import skia

from generation.studio.world import brush
from generation.studio.world.scenes import band, cloud, hills, scene
from generation.studio.world.shapes import blade, box, disc


@scene("meadow")
def meadow(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 62, (126, 200, 244), (216, 240, 252))
    cloud(canvas, rng.uniform(15, 40), 16)
    cloud(canvas, rng.uniform(60, 85), 24)
    hills(canvas, (150, 206, 108), 62, 14, rng.uniform(0, 20))
    band(canvas, 66, 101, (128, 196, 92), (82, 156, 70))


@scene("space")
def space(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 74, (20, 12, 44), (58, 28, 92))
    x = rng.choice((20, 80))
    canvas.drawPath(disc(x, 24, 13), brush.fill((226, 146, 92)))
    canvas.drawPath(disc(x, 24, 21, 4), brush.line((246, 214, 160), 2))
    band(canvas, 74, 101, (172, 170, 182), (112, 110, 126))
    for crater in (12, 46, 84):
        canvas.drawPath(disc(crater + rng.uniform(-4, 4), 92, 8, 2.6), brush.fill((104, 102, 116)))


@scene("underwater")
def underwater(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 82, (56, 178, 214), (16, 78, 138))
    for x in (10, 30, 72, 92):
        canvas.drawPath(disc(x + rng.uniform(-4, 4), rng.uniform(14, 50), 2.6), brush.line((206, 240, 250), 1))
    for x in (8, 90):
        for lean in (-6, 0, 6):
            canvas.drawPath(blade((x - 2, 84), (x + 2, 84), (x + lean, 50)), brush.fill((226, 96, 110)))
    band(canvas, 82, 101, (222, 204, 150), (180, 158, 108))


@scene("library")
def library(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 72, (112, 72, 48), (96, 60, 40))
    spines = ((184, 60, 58), (58, 104, 150), (214, 172, 84), (72, 128, 92))
    for shelf in (6, 30, 54):
        for index in range(12):
            canvas.drawPath(
                box(index * 8.6, shelf - rng.uniform(0, 4), index * 8.6 + 7.4, shelf + 16, 0.6),
                brush.fill(spines[(index + shelf) % 4]),
            )
        canvas.drawRect(skia.Rect.MakeLTRB(-1, shelf + 16, 101, shelf + 19), brush.fill((72, 44, 30)))
    band(canvas, 73, 101, (164, 60, 62), (118, 40, 48))


@scene("stage")
def stage(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 72, (58, 20, 36), (96, 26, 44))
    for x in range(-2, 104, 13):
        if not 24 < x < 68:
            canvas.drawPath(box(x, -4, x + 10, 74, 3), brush.fill((176, 34, 52)))
    centre = 50 + rng.uniform(-6, 6)
    canvas.drawPath(blade((centre - 5, 0), (centre + 5, 0), (86, 84), (14, 84)), brush.fill((255, 240, 190), 0.34))
    band(canvas, 74, 101, (176, 120, 72), (124, 80, 48))
    canvas.drawPath(disc(50, 86, 36, 7), brush.fill((255, 232, 176), 0.5))


@scene("rain")
def rain(canvas: skia.Canvas, rng: random.Random) -> None:
    band(canvas, 0, 70, (112, 124, 142), (178, 188, 200))
    for x in (18, 52, 84):
        cloud(canvas, x + rng.uniform(-6, 6), 12, 0.6)
    for x in range(6, 100, 14):
        canvas.drawLine(x, 26 + x % 3 * 6, x - 4, 44 + x % 3 * 6, brush.line((222, 234, 246), 1.2))
    band(canvas, 70, 101, (98, 112, 128), (72, 84, 100))
    canvas.drawPath(disc(30, 90, 20, 3), brush.fill((158, 178, 198), 0.8))
