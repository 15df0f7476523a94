"""The drawn world as training pairs: a drawing, a caption silent about its looks, a reference that shows them."""

import random
from dataclasses import dataclass

from PIL import Image

from generation.studio import vocabulary
from generation.studio.batches import rng_at
from generation.studio.world.captions import plain_caption_for
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import draw_scene
from generation.studio.world.render import Drawing, paint_picture, paint_reference
from generation.training.folder import cut_of
from generation.training.pairs import Pair


@dataclass(frozen=True)
class Views:
    """Where references are taken. wall, elsewhere: shares before a plain wall and in some other scene.

    The rest is made of the picture itself, the only view that text-image pairs have; `cut` of those show a part of it.
    """

    wall: float = 0.7
    elsewhere: float = 0.2
    cut: float = 0.0


#: What text-image pairs alone give, as RealCustom and IP-Adapter are trained; cut as pairs from a folder are.
PICTURE_ALONE = Views(wall=0.0, elsewhere=0.0, cut=0.5)


class DrawnPairs:
    """Draws the pair of every number from `seed`; the subject's place and word come with it."""

    def __init__(self, seed: int, views: Views | None = None) -> None:
        self.seed, self.views = seed, views or Views()

    def pair(self, number: int) -> Pair:
        """See generation.training.pairs.PairSource."""
        rng = rng_at(self.seed, number)
        return pair_for(rng, draw_individual(rng, kinds=vocabulary.tokens(vocabulary.KINDS)), self.views)


def pair_for(rng: random.Random, individual: Individual, views: Views) -> Pair:
    """The individual in a scene, captioned by kind and scene alone, with a reference of it."""
    scene = draw_scene(rng, individual.kind)
    drawing = paint_picture(rng, individual, scene, mask=True)
    return Pair(
        picture=Image.fromarray(drawing.picture),
        caption=plain_caption_for(rng, individual, scene, drawing.layout),
        reference=_reference(rng, drawing, views),
        word=individual.kind,
        subject=drawing.mask,
    )


def _reference(rng: random.Random, drawing: Drawing, views: Views) -> Image.Image:
    draw, individual = rng.random(), drawing.individual
    if draw < views.wall:
        return Image.fromarray(paint_reference(rng, individual))
    if draw < views.wall + views.elsewhere:
        return Image.fromarray(paint_picture(rng, individual, draw_scene(rng, individual.kind)).picture)
    own = Image.fromarray(drawing.picture)
    return cut_of(own, [rng.random() for _ in range(4)]) if views.cut and rng.random() < views.cut else own
