"""How is a shape painted? Fills with soft light, outlines, patterns clipped to a body, emblems."""

import math
from collections.abc import Callable

import skia

RGB = tuple[int, int, int]


def colour(rgb: RGB, alpha: float = 1.0) -> int:
    """skia's ARGB integer for an RGB triple and an opacity in 0..1."""
    return int(skia.Color(*rgb, round(255 * alpha)))


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """`a` moved towards `b` by `share` in 0..1."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def darker(rgb: RGB, share: float = 0.3) -> RGB:
    return mix(rgb, (24, 18, 40), share)


def lighter(rgb: RGB, share: float = 0.3) -> RGB:
    return mix(rgb, (255, 255, 255), share)


def fill(rgb: RGB, alpha: float = 1.0) -> skia.Paint:
    return skia.Paint(AntiAlias=True, Color=colour(rgb, alpha))


def line(rgb: RGB, width: float, alpha: float = 1.0) -> skia.Paint:
    return skia.Paint(
        AntiAlias=True,
        Color=colour(rgb, alpha),
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeJoin=skia.Paint.kRound_Join,
        StrokeCap=skia.Paint.kRound_Cap,
    )


def gradient(start: tuple[float, float], end: tuple[float, float], colours: list[int]) -> skia.Paint:
    shader = skia.GradientShader.MakeLinear([skia.Point(*start), skia.Point(*end)], colours)
    return skia.Paint(AntiAlias=True, Shader=shader)


def polygon(*points: tuple[float, float]) -> skia.Path:
    path = skia.Path()
    path.addPoly([skia.Point(*point) for point in points], True)
    return path


#: Patterns cover this part of a figure's coordinates: half the width, and the height upwards from the ground.
_HALF, _HIGH = 0.8, 1.05


def _steps(start: float, end: float, step: float) -> range:
    """Whole multiples of `step` that cover start..end."""
    return range(math.floor(start / step) - 1, math.ceil(end / step) + 1)


def stripes(canvas: skia.Canvas, paint: skia.Paint, step: float) -> None:
    for index in _steps(-_HIGH, 0, 2 * step):
        canvas.drawRect(skia.Rect.MakeXYWH(-_HALF, 2 * index * step, 2 * _HALF, step), paint)


def dots(canvas: skia.Canvas, paint: skia.Paint, step: float) -> None:
    for row in _steps(-_HIGH, 0, step * 1.45):
        for column in _steps(-_HALF, _HALF, step * 1.7):
            canvas.drawCircle((column + 0.5 * (row % 2)) * step * 1.7, row * step * 1.45, step * 0.52, paint)


def checks(canvas: skia.Canvas, paint: skia.Paint, step: float) -> None:
    wide = 1.25 * step
    for row in _steps(-_HIGH, 0, wide):
        for column in _steps(-_HALF / 2, _HALF / 2, wide):
            canvas.drawRect(skia.Rect.MakeXYWH((2 * column + row % 2) * wide, row * wide, wide, wide), paint)


def zigzag(canvas: skia.Canvas, paint: skia.Paint, step: float) -> None:
    stroke = skia.Paint(paint)
    stroke.setStyle(skia.Paint.kStroke_Style)
    stroke.setStrokeWidth(step * 0.75)
    columns = _steps(-_HALF, _HALF, step)
    for row in _steps(-_HIGH, 0, step * 2.2):
        path = skia.Path()
        for column in columns:
            y = row * step * 2.2 + (step * 0.9 if column % 2 else 0.0)
            path.lineTo(column * step, y) if column != columns[0] else path.moveTo(column * step, y)
        canvas.drawPath(path, stroke)


PATTERN_PAINTERS: dict[str, Callable[[skia.Canvas, skia.Paint, float], None]] = {
    "striped": stripes,
    "dotted": dots,
    "checked": checks,
    "zigzag": zigzag,
}


def _star(r: float) -> skia.Path:
    angles = [math.pi * (i / 5) - math.pi / 2 for i in range(10)]
    return polygon(
        *(
            (r * (0.48, 1)[i % 2 == 0] * math.cos(a), r * (0.48, 1)[i % 2 == 0] * math.sin(a))
            for i, a in enumerate(angles)
        )
    )


def _heart(r: float) -> skia.Path:
    path = skia.Path()
    path.moveTo(0, 0.9 * r)
    path.cubicTo(-1.6 * r, -0.1 * r, -0.85 * r, -1.25 * r, 0, -0.45 * r)
    path.cubicTo(0.85 * r, -1.25 * r, 1.6 * r, -0.1 * r, 0, 0.9 * r)
    path.close()
    return path


def _bolt(r: float) -> skia.Path:
    shape = ((0.25, -1), (-0.65, 0.15), (-0.1, 0.15), (-0.3, 1), (0.65, -0.25), (0.1, -0.25))
    return polygon(*((x * r, y * r) for x, y in shape))


def _moon(r: float) -> skia.Path:
    full, bite = skia.Path(), skia.Path()
    full.addCircle(0, 0, 0.95 * r)
    bite.addCircle(0.5 * r, -0.25 * r, 0.8 * r)
    return skia.Op(full, bite, skia.PathOp.kDifference_PathOp)


def _ring(r: float) -> skia.Path:
    outer, inner = skia.Path(), skia.Path()
    outer.addCircle(0, 0, 0.95 * r)
    inner.addCircle(0, 0, 0.48 * r)
    return skia.Op(outer, inner, skia.PathOp.kDifference_PathOp)


EMBLEM_SHAPES: dict[str, Callable[[float], skia.Path]] = {
    "star": _star,
    "heart": _heart,
    "bolt": _bolt,
    "moon": _moon,
    "ring": _ring,
}
