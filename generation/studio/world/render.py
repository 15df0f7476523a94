"""A picture of the drawn world from a seed: scene, individual, place, light, shadow, caption, mask."""

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import skia

from generation.studio import vocabulary
from generation.studio.world import brush, more_products, more_scenes, people, products, scenes
from generation.studio.world.captions import caption_for
from generation.studio.world.figure import KIND_SHAPES, Figure, paint_figure, silhouette
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.scenes import SCENE_PAINTERS

#: Importing these modules fills the registries.
DRAWN_BY = (products, more_products, people, scenes, more_scenes)
SIZE = 128


@dataclass(frozen=True)
class Placement:
    """Where a figure stands in the 100 x 100 box: ground point, scale (height of the unit box), mirrored or not."""

    x: float
    ground: float
    scale: float
    mirrored: bool


@dataclass(frozen=True)
class Drawing:
    """`picture` (h, w, 3) uint8 of `individual` in `scene`; `mask` (h, w) uint8 in 0..255 when asked for."""

    picture: npt.NDArray[np.uint8]
    caption: str
    individual: Individual
    scene: str
    mask: npt.NDArray[np.uint8] | None = None


def place(rng: random.Random, figure: Figure) -> Placement:
    """A product fills 55-75 % of the height; a wide one is limited by the width."""
    bounds = figure.bounds()
    scale = min(rng.uniform(60, 76) / bounds.height(), rng.uniform(70, 82) / bounds.width())
    return Placement(rng.uniform(44, 56), rng.uniform(86, 93), scale, rng.random() < 0.5)


def _enter(canvas: skia.Canvas, figure: Figure, at: Placement) -> None:
    bounds = figure.bounds()
    canvas.translate(at.x, at.ground)
    canvas.scale(-at.scale if at.mirrored else at.scale, at.scale)
    canvas.translate(-bounds.centerX(), 0)


def _shadow(canvas: skia.Canvas, figure: Figure, at: Placement) -> None:
    half = figure.bounds().width() * at.scale * 0.52
    shadow = skia.Paint(
        AntiAlias=True,
        Color=brush.colour((20, 16, 50), 0.32),
        MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 1.6),
    )
    canvas.drawOval(skia.Rect.MakeLTRB(at.x - half, at.ground - 3.4, at.x + half * 1.12, at.ground + 3.4), shadow)


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


def paint_picture(
    rng: random.Random, individual: Individual, scene: str, *, size: int = SIZE, mask: bool = False
) -> Drawing:
    """`individual` in `scene`, placed and captioned by `rng`. Raises KeyError for a kind or scene nobody draws."""
    figure = KIND_SHAPES[individual.kind](individual.proportions)
    at = place(rng, figure)
    pixels, surface, canvas = _surface(size)
    SCENE_PAINTERS[scene](canvas, rng)
    _shadow(canvas, figure, at)
    _enter(canvas, figure, at)
    paint_figure(canvas, figure, individual)
    surface.flushAndSubmit()
    caption = caption_for(rng, individual, scene)
    return Drawing(pixels[..., :3], caption, individual, scene, _mask(figure, at, size) if mask else None)


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


def draw_picture(seed: int, *, size: int = SIZE, held_out: bool = False, mask: bool = False) -> Drawing:
    """The picture of a seed: the same seed draws the same picture in every process."""
    rng = random.Random(seed)
    individual = draw_individual(rng, kinds=vocabulary.tokens(vocabulary.KINDS), held_out=held_out)
    scene = rng.choice(vocabulary.tokens(vocabulary.SCENES))
    return paint_picture(rng, individual, scene, size=size, mask=mask)
