"""The drawn world as training pairs: a drawing, a caption silent about its looks, a reference that shows them."""

import random

from PIL import Image

from generation.studio import vocabulary
from generation.studio.batches import rng_at
from generation.studio.world.captions import plain_caption_for
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import draw_scene
from generation.studio.world.render import Drawing, paint_picture, paint_reference
from generation.training.pairs import Pair

#: Where the reference is taken from: a plain wall, another scene, or the picture itself (the rest).
PLAIN_SHARE, OTHER_SCENE_SHARE = 0.7, 0.2


class DrawnPairs:
    """Draws the pair of every number from `seed`; the subject's place and word come with it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def pair(self, number: int) -> Pair:
        """See generation.training.pairs.PairSource."""
        rng = rng_at(self.seed, number)
        return pair_for(rng, draw_individual(rng, kinds=vocabulary.tokens(vocabulary.KINDS)))


def pair_for(rng: random.Random, individual: Individual) -> Pair:
    """The individual in a scene, captioned by kind and scene alone, with a reference of it."""
    scene = draw_scene(rng, individual.kind)
    drawing = paint_picture(rng, individual, scene, mask=True)
    return Pair(
        picture=Image.fromarray(drawing.picture),
        caption=plain_caption_for(rng, individual, scene, drawing.layout),
        reference=_reference(rng, drawing),
        word=individual.kind,
        subject=drawing.mask,
    )


def _reference(rng: random.Random, drawing: Drawing) -> Image.Image:
    draw, individual = rng.random(), drawing.individual
    if draw < PLAIN_SHARE:
        return Image.fromarray(paint_reference(rng, individual))
    if draw < PLAIN_SHARE + OTHER_SCENE_SHARE:
        return Image.fromarray(paint_picture(rng, individual, draw_scene(rng, individual.kind)).picture)
    return Image.fromarray(drawing.picture)
