"""The stylised people of the drawn world: nobody in particular, told apart by hair, skin and clothes."""

from generation.studio.world.figure import Figure, Proportions, kind
from generation.studio.world.shapes import box, curve, disc, trapezoid, tube

_SKINS = ("skin light", "skin tan", "skin dark")
_HAIRS = ("hair dark", "hair fair", "hair auburn")


def _hair(figure: Figure, style: float, paint: str) -> None:
    if style < 0.4:
        figure.add(disc(0, -0.86, 0.165, 0.14), paint)
    elif style < 0.7:
        figure.add(
            curve((-0.2, -0.56), (-0.24, -1.1, 0.24, -1.1, 0.2, -0.56), (0.1, -0.52, -0.1, -0.52, -0.2, -0.56)),
            paint,
        )
    else:
        figure.add(disc(0, -0.96, 0.07), paint).add(disc(0, -0.85, 0.17, 0.13), paint)


def _face(figure: Figure) -> None:
    for side in (-1, 1):
        figure.add(disc(side * 0.055, -0.77, 0.019), "ink", outline=False)
    figure.add(tube(0.016, (-0.045, -0.705), (0, -0.675, 0.045, -0.705)), "ink", outline=False)


@kind("person")
def person(p: Proportions) -> Figure:
    skin, hair = _SKINS[min(2, int(p[0] * 3))], _HAIRS[min(2, int(p[1] * 3))]
    figure = Figure((0, -0.36, 0.115))
    _hair(figure, p[2], hair)
    for side in (-1, 1):
        figure.add(tube(0.1, (side * 0.08, -0.2), (side * 0.09, -0.12, side * 0.1, -0.05)), "accent")
        figure.add(tube(0.11, (side * 0.2, -0.5), (side * 0.3, -0.42, side * 0.31, -0.27)))
        figure.add(disc(side * 0.31, -0.24, 0.05), skin)
    figure.add(box(-0.06, -0.64, 0.06, -0.54, 0.02), skin)
    figure.add(trapezoid(-0.57, -0.17, 0.2, 0.24), patterned=True)
    figure.add(disc(0, -0.765, 0.14, 0.15), skin)
    figure.add(
        curve((-0.15, -0.79), (-0.17, -1.0, 0.17, -1.0, 0.15, -0.79), (0.08, -0.9, -0.02, -0.88, -0.15, -0.79)),
        hair,
        outline=False,
    )
    _face(figure)
    return figure
