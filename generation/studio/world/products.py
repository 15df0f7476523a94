"""The products of the drawn world: one short function a kind, from proportions to a figure."""

from generation.studio.world.figure import Figure, Proportions, kind
from generation.studio.world.shapes import blade, box, curve, disc, trapezoid, tube


@kind("bottle")
def bottle(p: Proportions) -> Figure:
    half, neck, shoulder = 0.17 + 0.08 * p[0], 0.065 + 0.03 * p[1], -0.62 - 0.1 * p[2]
    body = curve(
        (-half, 0),
        (-half, shoulder / 2, -half, shoulder / 2, -half, shoulder + 0.05),
        (-half, shoulder - 0.1, -neck, shoulder - 0.03, -neck, -0.87),
        (0, -0.87, 0, -0.87, neck, -0.87),
        (neck, shoulder - 0.03, half, shoulder - 0.1, half, shoulder + 0.05),
        (half, shoulder / 2, half, shoulder / 2, half, 0),
    )
    cap = box(-neck - 0.03, -1, neck + 0.03, -0.86, 0.03)
    return Figure((0, shoulder / 2, 0.13)).add(body, patterned=True).add(cap, "accent")


@kind("mug")
def mug(p: Proportions) -> Figure:
    half, taper = 0.33 + 0.08 * p[0], 0.07 * p[1]
    reach = half + 0.26 + 0.06 * p[2]
    handle = tube(
        0.1,
        (half - 0.05, -0.68),
        (reach + 0.1, -0.72, reach, -0.42),
        (reach - 0.08, -0.16, half - taper, -0.2),
    )
    body = trapezoid(-0.86, 0, half, half - taper)
    return (
        Figure((0, -0.42, 0.17))
        .add(handle, "accent")
        .add(body, patterned=True)
        .add(disc(0, -0.86, half, 0.09))
        .add(disc(0, -0.85, half - 0.06, 0.055), "ink", outline=False)
    )


@kind("sneaker")
def sneaker(p: Proportions) -> Figure:
    ankle, toe = -0.58 - 0.22 * p[0], 0.6 + 0.1 * p[1]
    upper = curve(
        (-0.58, -0.1),
        (-0.62, -0.3, -0.58, ankle, -0.55, ankle),
        (-0.4, ankle + 0.06, -0.3, ankle + 0.05, -0.1, ankle + 0.02),
        (0.02, -0.34, 0.28, -0.42, toe - 0.05, -0.27),
        (toe + 0.05, -0.22, toe + 0.05, -0.15, toe, -0.08),
        (0, -0.08, -0.5, -0.08, -0.58, -0.1),
    )
    sole = box(-0.62, -0.13, toe + 0.06, 0, 0.06)
    laces = [
        tube(
            0.05,
            (-0.02 + 0.12 * i, -0.5 + 0.07 * i),
            (0.04 + 0.12 * i, -0.52 + 0.07 * i, 0.09 + 0.12 * i, -0.38 + 0.05 * i),
        )
        for i in range(3)
    ]
    figure = Figure((-0.3, -0.34, 0.15)).add(upper, patterned=True).add(sole, "cream" if p[2] < 0.5 else "accent")
    for lace in laces:
        figure.add(lace, "cream", outline=False)
    return figure


@kind("bag")
def bag(p: Proportions) -> Figure:
    top, low, grip = 0.3 + 0.06 * p[0], 0.4 + 0.1 * p[1], -0.86 - 0.14 * p[2]
    handle = tube(0.065, (-0.18, -0.6), (-0.18, grip - 0.12, 0, grip - 0.02), (0.18, grip - 0.12, 0.18, -0.6))
    return (
        Figure((0, -0.28, 0.16))
        .add(handle, "accent")
        .add(trapezoid(-0.62, 0, top, low), patterned=True)
        .add(box(-top - 0.03, -0.66, top + 0.03, -0.56, 0.03), "accent")
    )


@kind("lamp")
def lamp(p: Proportions) -> Figure:
    brim, crown, tall = 0.36 + 0.08 * p[0], 0.14 + 0.1 * p[1], -0.5 + 0.06 * p[2]
    return (
        Figure((0, tall - 0.2, 0.13))
        .add(disc(0, -0.04, 0.24, 0.045), "accent")
        .add(box(-0.04, tall, 0.04, -0.05, 0.02), "accent")
        .add(disc(0, tall + 0.02, 0.1, 0.07), "glow")
        .add(trapezoid(-1, tall, crown, brim), patterned=True)
    )


@kind("chair")
def chair(p: Proportions) -> Figure:
    half, seat, back = 0.28 + 0.06 * p[0], -0.42 - 0.06 * p[1], 0.03 + 0.12 * p[2]
    return (
        Figure((0, seat / 2 - 0.52, 0.13))
        .add(tube(0.065, (-half + 0.1, seat), (-half + 0.08, -0.2, -half + 0.07, -0.12)), "wood")
        .add(tube(0.065, (half - 0.1, seat), (half - 0.08, -0.2, half - 0.07, -0.12)), "wood")
        .add(box(-half, -1, half, seat - 0.02, back), patterned=True)
        .add(tube(0.075, (-half, seat + 0.05), (-half - 0.02, -0.2, -half - 0.05, -0.04)), "wood")
        .add(tube(0.075, (half, seat + 0.05), (half + 0.02, -0.2, half + 0.05, -0.04)), "wood")
        .add(box(-half - 0.07, seat - 0.06, half + 0.07, seat + 0.1, 0.07), "accent")
    )


@kind("teapot")
def teapot(p: Proportions) -> Figure:
    half, high, spout = 0.36 + 0.05 * p[0], 0.3 + 0.05 * p[1], 0.62 + 0.08 * p[2]
    beak = blade((half - 0.12, -0.42), (half - 0.12, -0.14), (spout + 0.06, -0.6), (spout - 0.06, -0.66))
    handle = tube(
        0.085,
        (-half + 0.08, -0.5),
        (-half - 0.32, -0.62, -half - 0.24, -0.34),
        (-half - 0.2, -0.14, -half + 0.06, -0.18),
    )
    return (
        Figure((0, -0.33, 0.16))
        .add(handle, "accent")
        .add(beak)
        .add(disc(0, -0.34, half, high + 0.03), patterned=True)
        .add(disc(0, -0.34 - high, 0.22, 0.07), "accent")
        .add(disc(0, -0.46 - high, 0.065), "accent")
        .add(box(-0.2, -0.06, 0.2, 0, 0.03), "accent")
    )


@kind("car")
def car(p: Proportions) -> Figure:
    roof, nose, wheel = -0.6 - 0.12 * p[0], 0.62 + 0.08 * p[1], 0.13 + 0.04 * p[2]
    cabin = blade((-0.42, -0.36), (-0.3, roof), (0.18, roof), (0.36, -0.36))
    window = blade((-0.31, -0.38), (-0.23, roof + 0.08), (0.13, roof + 0.08), (0.24, -0.38))
    figure = (
        Figure((-0.02, -0.26, 0.12))
        .add(cabin, "accent")
        .add(window, "glass")
        .add(box(-0.62, -0.42, nose, -0.1, 0.1), patterned=True)
        .add(disc(nose - 0.05, -0.28, 0.05), "glow")
    )
    for x in (-0.36, nose - 0.28):
        figure.add(disc(x, -wheel, wheel), "ink").add(disc(x, -wheel, wheel * 0.5), "metal", outline=False)
    return figure


@kind("bear")
def bear(p: Proportions) -> Figure:
    belly, head, ear = 0.24 + 0.05 * p[0], 0.22 + 0.03 * p[1], 0.08 + 0.03 * p[2]
    figure = Figure((0, -0.28, 0.12))
    for side in (-1, 1):
        figure.add(disc(side * (belly - 0.02), -0.1, 0.13, 0.1), "accent")
        figure.add(tube(0.15, (side * 0.12, -0.46), (side * 0.3, -0.46, side * (belly + 0.1), -0.26)))
        figure.add(disc(side * head * 0.75, -0.92, ear), "accent")
    figure.add(disc(0, -0.29, belly, 0.27), patterned=True).add(disc(0, -0.74, head, 0.2))
    figure.add(disc(0, -0.68, 0.1, 0.075), "cream", outline=False).add(
        disc(0, -0.71, 0.035, 0.025), "ink", outline=False
    )
    for side in (-1, 1):
        figure.add(disc(side * 0.09, -0.79, 0.024), "ink", outline=False)
    return figure
