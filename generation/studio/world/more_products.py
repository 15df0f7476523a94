"""More products of the drawn world, each from proportions to a figure."""

from generation.studio.world.figure import Figure, Proportions, kind
from generation.studio.world.shapes import blade, box, curve, disc, trapezoid, tube


@kind("can")
def can(p: Proportions) -> Figure:
    half, top = 0.24 + 0.07 * p[0], 0.05 + 0.03 * p[1]
    return (
        Figure((0, -0.48, 0.15))
        .add(disc(0, -0.04, half - 0.02, 0.04), "metal")
        .add(box(-half, -0.92, half, -0.05, 0.06 + 0.06 * p[2]), patterned=True)
        .add(disc(0, -0.93, half - 0.02, top), "metal")
        .add(disc(0.06, -0.93, 0.06, 0.02), "ink", outline=False)
    )


@kind("jar")
def jar(p: Proportions) -> Figure:
    half, lid = 0.3 + 0.08 * p[0], 0.22 + 0.06 * p[1]
    return (
        Figure((0, -0.38, 0.16))
        .add(box(-half, -0.8, half, 0, 0.14 + 0.08 * p[2]), patterned=True)
        .add(box(-lid, -0.98, lid, -0.78, 0.05), "accent")
    )


@kind("hat")
def hat(p: Proportions) -> Figure:
    brim, crown, high = 0.56 + 0.08 * p[0], 0.26 + 0.06 * p[1], -0.56 - 0.16 * p[2]
    top = curve(
        (-crown, -0.12), (-crown, high, -crown * 0.6, high, 0, high), (crown * 0.6, high, crown, high, crown, -0.12)
    )
    return (
        Figure((0, high / 2 - 0.12, 0.12))
        .add(disc(0, -0.1, brim, 0.1), patterned=False)
        .add(top, patterned=True)
        .add(box(-crown - 0.01, -0.24, crown + 0.01, -0.11, 0.02), "accent")
    )


@kind("backpack")
def backpack(p: Proportions) -> Figure:
    half, top, pocket = 0.3 + 0.06 * p[0], 0.2 + 0.1 * p[1], -0.32 - 0.08 * p[2]
    return (
        Figure((0, -0.58, 0.13))
        .add(tube(0.06, (-0.1, -0.9), (-0.08, -1.02, 0, -1.0), (0.08, -1.02, 0.1, -0.9)), "accent")
        .add(box(-half, -0.94, half, 0, top), patterned=True)
        .add(box(-half + 0.06, pocket, half - 0.06, -0.05, 0.06), "accent")
    )


@kind("umbrella")
def umbrella(p: Proportions) -> Figure:
    wide, deep, hook = 0.5 + 0.08 * p[0], -0.48 - 0.06 * p[1], 0.08 + 0.05 * p[2]
    dome = curve(
        (-wide, deep),
        (-wide * 0.9, -1.08, wide * 0.9, -1.08, wide, deep),
        (wide / 2, deep - 0.1, -wide / 2, deep - 0.1, -wide, deep),
    )
    return (
        Figure((0, -0.72, 0.12))
        .add(
            tube(0.04, (0, -0.6), (0, -0.3, 0, -0.08), (0, 0.0, hook, -0.03), (hook + 0.05, -0.05, hook + 0.05, -0.12)),
            "wood",
        )
        .add(dome, patterned=True)
        .add(disc(0, -0.95, 0.03), "accent")
    )


@kind("vase")
def vase(p: Proportions) -> Figure:
    belly, neck, base = 0.28 + 0.08 * p[0], 0.1 + 0.06 * p[1], 0.16 + 0.05 * p[2]
    body = curve(
        (-base, 0),
        (-belly * 1.4, -0.3, -belly * 1.2, -0.6, -neck, -0.78),
        (-neck, -0.9, -neck - 0.06, -0.95, -neck - 0.07, -1),
        (-0.05, -0.98, 0.05, -0.98, neck + 0.07, -1),
        (neck + 0.06, -0.95, neck, -0.9, neck, -0.78),
        (belly * 1.2, -0.6, belly * 1.4, -0.3, base, 0),
    )
    return (
        Figure((0, -0.38, 0.15))
        .add(body, patterned=True)
        .add(box(-neck - 0.02, -0.84, neck + 0.02, -0.76, 0.02), "accent")
    )


@kind("robot")
def robot(p: Proportions) -> Figure:
    half, head, leg = 0.24 + 0.06 * p[0], 0.2 + 0.05 * p[1], 0.08 + 0.03 * p[2]
    figure = Figure((0, -0.38, 0.12))
    for side in (-1, 1):
        figure.add(box(side * 0.13 - leg, -0.16, side * 0.13 + leg, 0, 0.03), "accent")
        figure.add(tube(0.09, (side * half, -0.5), (side * (half + 0.12), -0.44, side * (half + 0.1), -0.24)), "metal")
    figure.add(box(-half, -0.58, half, -0.14, 0.06), patterned=True)
    figure.add(tube(0.03, (0, -0.86), (0, -0.92, 0, -0.95)), "metal").add(disc(0, -0.97, 0.035), "accent")
    figure.add(box(-head, -0.88, head, -0.6, 0.07))
    for side in (-1, 1):
        figure.add(disc(side * 0.09, -0.75, 0.05), "glow").add(disc(side * 0.09, -0.75, 0.02), "ink", outline=False)
    return figure


@kind("boot")
def boot(p: Proportions) -> Figure:
    shaft, toe, cuff = 0.17 + 0.04 * p[0], 0.34 + 0.08 * p[1], -0.84 - 0.06 * p[2]
    leather = curve(
        (-0.26, -0.08),
        (-0.24, -0.5, -0.22, cuff, -0.22, cuff),
        (0, cuff, 0, cuff, shaft, cuff),
        (shaft, -0.5, shaft - 0.02, -0.42, shaft + 0.03, -0.34),
        (toe, -0.3, toe + 0.06, -0.2, toe + 0.02, -0.08),
        (0, -0.08, -0.2, -0.08, -0.26, -0.08),
    )
    return (
        Figure((-0.02, -0.55, 0.12))
        .add(leather, patterned=True)
        .add(box(-0.25, cuff - 0.06, shaft + 0.03, cuff + 0.05, 0.04), "accent")
        .add(blade((-0.28, -0.1), (toe + 0.05, -0.1), (toe + 0.05, -0.02), (0.0, -0.02), (-0.08, 0), (-0.28, 0)), "ink")
    )


@kind("cake")
def cake(p: Proportions) -> Figure:
    low, high, candle = 0.44 + 0.06 * p[0], 0.28 + 0.06 * p[1], 0.06 + 0.08 * p[2]
    return (
        Figure((0, -0.2, 0.12))
        .add(box(-low, -0.4, low, 0, 0.06), patterned=True)
        .add(trapezoid(-0.46, -0.36, low - 0.02, low), "cream")
        .add(box(-high, -0.74, high, -0.42, 0.05), "accent")
        .add(box(-0.03, -0.86 - candle, 0.03, -0.72, 0.01), "cream")
        .add(disc(0, -0.9 - candle, 0.035, 0.06), "glow")
    )
