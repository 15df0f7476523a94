"""Short names for the paths kinds are made of; all coordinates are figure units, y downwards, ground at 0."""

import skia


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.04) -> skia.Path:
    """A rectangle with round corners."""
    path = skia.Path()
    path.addRoundRect(skia.Rect.MakeLTRB(left, top, right, bottom), radius, radius)
    return path


def disc(x: float, y: float, radius: float, height: float | None = None) -> skia.Path:
    """A circle, or an ellipse of half-height `height`."""
    half = radius if height is None else height
    path = skia.Path()
    path.addOval(skia.Rect.MakeLTRB(x - radius, y - half, x + radius, y + half))
    return path


def blade(*points: tuple[float, float]) -> skia.Path:
    """A polygon."""
    path = skia.Path()
    path.addPoly([skia.Point(*point) for point in points], True)
    return path


def trapezoid(top: float, bottom: float, half_top: float, half_bottom: float, x: float = 0.0) -> skia.Path:
    """A symmetric trapezoid about `x`."""
    return blade((x - half_top, top), (x + half_top, top), (x + half_bottom, bottom), (x - half_bottom, bottom))


def curve(start: tuple[float, float], *bends: tuple[float, float, float, float, float, float]) -> skia.Path:
    """A closed outline of cubic curves."""
    path = skia.Path()
    path.moveTo(*start)
    for bend in bends:
        path.cubicTo(*bend)
    path.close()
    return path


def tube(width: float, start: tuple[float, float], *bends: tuple[float, float, float, float]) -> skia.Path:
    """A thick open line of quadratic curves: handles, straps, spouts, legs."""
    centre, outline = skia.Path(), skia.Path()
    centre.moveTo(*start)
    for bend in bends:
        centre.quadTo(*bend)
    pen = skia.Paint(Style=skia.Paint.kStroke_Style, StrokeWidth=width, StrokeCap=skia.Paint.kRound_Cap)
    skia.FillPathWithPaint(centre, pen, outline) if hasattr(skia, "FillPathWithPaint") else pen.getFillPath(
        centre, outline
    )
    return outline
