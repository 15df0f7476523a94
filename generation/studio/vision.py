"""Stage vision: the visual branch of the small model, trained as anybody's is, on pairs of the drawn world."""

from dataclasses import dataclass

import torch
from torch import Tensor

from generation.encoders import ClipText, SquareEncoder
from generation.profiles import STUDIO
from generation.projector import SmallProjector
from generation.studio.drawn_pairs import PICTURE_ALONE, DrawnPairs, Views
from generation.studio.text_to_image import TIME_EXPONENT, TextToImage
from generation.studio.tokenizer import MAX_LENGTH
from generation.studio.vision_networks import StudioImageEncoder
from generation.studio.world.render import SIZE
from generation.training.base import Base
from generation.training.draws import Recipe, draws_at
from generation.training.visual import VisualBranch

#: At inference the reference acts under the word's own mask, so it mostly does here; else everywhere.
RECIPE = Recipe(time_exponent=TIME_EXPONENT, own_mask=0.6, perfect_mask=0.15)


@dataclass(frozen=True)
class Lessons:
    """What the branch is taught from: how pairs are made hard, and where their references are taken."""

    recipe: Recipe
    views: Views


#: By the name of what the references are of.
LESSONS = {
    "elsewhere": Lessons(RECIPE, Views()),
    # The paper's: text-image pairs alone, and no mask before inference.
    "picture": Lessons(Recipe(time_exponent=TIME_EXPONENT), PICTURE_ALONE),
}


class Vision(VisualBranch):
    """The base model with a fresh visual branch; only the branch asks for gradients."""

    def __init__(self, base: TextToImage, encoder: StudioImageEncoder) -> None:
        base.requires_grad_(False)
        encoder.requires_grad_(False)
        frozen = Base(
            base.unet,
            base.autoencoder,
            ClipText(base.tokenizer, base.text_encoder, MAX_LENGTH),
            SquareEncoder(encoder, SIZE),
            base.scheduler,
            mask_layers=STUDIO.mask_layers,
        )
        super().__init__(
            frozen, SmallProjector(encoder.config["widths"][-1], int(base.unet.config["cross_attention_dim"]))
        )


def loss_at(model: Vision, seed: int, lessons: Lessons, step: int, batch: int) -> Tensor:
    """The loss of one step's pairs, a scalar, in bfloat16 where that is safe."""
    source, rows = DrawnPairs(seed, lessons.views), range(step * batch, (step + 1) * batch)
    side = int(model.base.unet.config["sample_size"])
    channels = int(model.base.unet.config["in_channels"])
    draws = draws_at(lessons.recipe, seed, step=step, rows=rows, latent=(channels, side, side))
    with torch.autocast("cpu", torch.bfloat16):
        loss: Tensor = model([source.pair(row) for row in rows], draws)
    return loss
