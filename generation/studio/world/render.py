"""A picture of the drawn world from a seed: scene, individual, place, light, shadow, caption, mask."""

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import skia

from generation.studio import vocabulary
from generation.studio.world import accessories, brush, more_products, more_scenes, people, products, scenes
from generation.studio.world.accessories import ACCESSORY_PAINTERS
from generation.studio.world.captions import caption_for
from generation.studio.world.figure import KIND_SHAPES, Figure, paint_figure, silhouette
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import BESIDE, PLAIN, Layout, Placement, draw_layout, draw_scene, place
from generation.studio.world.scenes import SCENE_PAINTERS

#: Importing these modules fills the registries.
DRAWN_BY = (products, more_products, people, scenes, more_scenes, accessories)
SIZE = 128


@dataclass(frozen=True)
class Drawing:
    """`picture` (h, w, 3) uint8 of `individual` in `scene`, laid out so; `mask` (h, w) uint8 in 0..255 when asked for.

    The mask is the subject alone, without what stands beside it or is worn.
    """

    picture: npt.NDArray[np.uint8]
    caption: str
    individual: Individual
    scene: str
    mask: npt.NDArray[np.uint8] | None = None
    layout: Layout = PLAIN


def _enter(canvas: skia.Canvas, figure: Figure, at: Placement) -> None:
    bounds = figure.bounds()
    canvas.translate(at.x, at.ground)
    canvas.scale(-at.scale if at.mirrored else at.scale, at.scale)
    canvas.translate(-bounds.centerX(), 0)


def _shade() -> skia.Paint:
    return skia.Paint(
        AntiAlias=True,
        Color=brush.colour((20, 16, 50), 0.32),
        MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 1.6),
    )


def _shadow(canvas: skia.Canvas, figure: Figure, at: Placement) -> None:
    half = figure.bounds().width() * at.scale * 0.52
    canvas.drawOval(skia.Rect.MakeLTRB(at.x - half, at.ground - 3.4, at.x + half * 1.12, at.ground + 3.4), _shade())


def _surface(size: int) -> tuple[npt.NDArray[np.uint8], skia.Surface, skia.Canvas]:
    pixels = np.zeros((size, size, 4), np.uint8)
    surface = skia.Surface(pixels, skia.kRGBA_8888_ColorType)
    canvas = surface.getCanvas()
    canvas.scale(size / 100, size / 100)
    return pixels, surface, canvas


def _mask(figure: Figure, at: Placement, size: int) -> npt.NDArray[np.uint8]:
    pixels, surface, canvas = _surface(size)
    _enter(canvas, figure, at)
    silhouette(canvas, figure, brush.fill((255, 255, 255)))
    surface.flushAndSubmit()
    return pixels[..., 0]


def _head(figure: Figure, at: Placement) -> tuple[float, float]:
    """Where something worn sits: the middle of the parts that reach highest."""
    bounds = figure.bounds()
    top = skia.Rect.MakeEmpty()
    for part in figure.parts:
        edge = part.path.getBounds()
        if edge.top() < bounds.top() + 0.08:
            top.join(edge)
    offset = (top.centerX() - bounds.centerX()) * at.scale
    return at.x - offset if at.mirrored else at.x + offset, at.ground + bounds.top() * at.scale


def _accompany(canvas: skia.Canvas, rng: random.Random, layout: Layout, at: Placement) -> None:
    """What stands beside the subject, drawn before it."""
    if layout.accessory in BESIDE:
        ground = at.ground + rng.uniform(-1, 2)
        if layout.accessory != "balloon":
            canvas.drawOval(skia.Rect.MakeLTRB(at.beside - 12, ground - 2.4, at.beside + 13, ground + 2.4), _shade())
        ACCESSORY_PAINTERS[layout.accessory](canvas, rng, at.beside, ground)


def paint_picture(
    rng: random.Random,
    individual: Individual,
    scene: str,
    layout: Layout | None = None,
    *,
    size: int = SIZE,
    mask: bool = False,
) -> Drawing:
    """`individual` in `scene`, placed and captioned by `rng`. Raises KeyError for a kind or scene nobody draws."""
    layout = layout or draw_layout(rng, individual.kind)
    figure = KIND_SHAPES[individual.kind](individual.proportions)
    at = place(rng, figure, layout)
    pixels, surface, canvas = _surface(size)
    SCENE_PAINTERS[scene](canvas, rng)
    _accompany(canvas, rng, layout, at)
    _shadow(canvas, figure, at)
    canvas.save()
    _enter(canvas, figure, at)
    paint_figure(canvas, figure, individual)
    canvas.restore()
    if layout.accessory not in (*BESIDE, "none"):
        ACCESSORY_PAINTERS[layout.accessory](canvas, rng, *_head(figure, at))
    surface.flushAndSubmit()
    caption = caption_for(rng, individual, scene, layout)
    return Drawing(pixels[..., :3], caption, individual, scene, _mask(figure, at, size) if mask else None, layout)


def paint_reference(rng: random.Random, individual: Individual, *, size: int = SIZE) -> npt.NDArray[np.uint8]:
    """The individual alone before a plain wall, as a product photograph shows it. (size, size, 3) uint8."""
    figure = KIND_SHAPES[individual.kind](individual.proportions)
    pixels, surface, canvas = _surface(size)
    tone = rng.choice(((250, 250, 250), (236, 238, 242), (244, 238, 230), (222, 230, 236)))
    canvas.clear(brush.colour(tone))
    bounds = figure.bounds()
    scale = min(rng.uniform(76, 86) / bounds.height(), rng.uniform(78, 88) / bounds.width())
    at = Placement(rng.uniform(48, 52), 50 + bounds.height() * scale / 2, scale, rng.random() < 0.5)
    _shadow(canvas, figure, at)
    _enter(canvas, figure, at)
    paint_figure(canvas, figure, individual)
    surface.flushAndSubmit()
    return pixels[..., :3]


def draw_picture(
    seed: int, *, size: int = SIZE, held_out: bool = False, every_pair: bool = False, mask: bool = False
) -> Drawing:
    """The picture of a seed: the same seed draws the same picture in every process.

    `held_out` individuals are for judging; so are the pairs that only `every_pair` lets in.
    """
    rng = random.Random(seed)
    individual = draw_individual(rng, kinds=vocabulary.tokens(vocabulary.KINDS), held_out=held_out)
    scene = draw_scene(rng, individual.kind, every_pair=every_pair)
    layout = draw_layout(rng, individual.kind, every_pair=every_pair)
    return paint_picture(rng, individual, scene, layout, size=size, mask=mask)
