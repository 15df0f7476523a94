"""Stage vision: everything frozen but the visual branch, which learns to bring one reference into the picture."""

import random
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generation.attention import AttentionPass, Condition, MapsComplete, attach, visual_parameters
from generation.masks import guidance_mask, max_norm, top_k
from generation.projector import SmallProjector, VisualFeatures
from generation.spec import MaskDials
from generation.studio import vocabulary
from generation.studio.autoencoder import to_tensor
from generation.studio.batches import generator_at, pictures_of, rng_at
from generation.studio.text_to_image import Noised, TextToImage, noised, subject_coverage, word_marks
from generation.studio.vision_networks import StudioImageEncoder
from generation.studio.world.captions import plain_caption_for
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import draw_scene
from generation.studio.world.render import Drawing, paint_picture, paint_reference

#: Share of rows without text, and of rows whose reference is blank, for classifier-free guidance.
TEXT_DROPOUT, REFERENCE_DROPOUT = 0.1, 0.1
#: Where the reference is taken from: a plain wall, another scene, or the picture itself (the rest).
PLAIN_SHARE, OTHER_SCENE_SHARE = 0.7, 0.2
#: Share of steps under the mask the model itself would use, and under a perfect one; else it acts everywhere.
OWN_MASK_SHARE, PERFECT_MASK_SHARE = 0.6, 0.15


@dataclass(frozen=True)
class Pairs:
    """A batch: drawings with their masks, captions naming only kind and scene, references (b, 3, 128, 128)."""

    drawings: list[Drawing]
    captions: list[str]
    references: Tensor


class Vision(nn.Module):
    """The base model with a fresh visual branch; only the branch asks for gradients."""

    def __init__(self, base: TextToImage, encoder: StudioImageEncoder) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.encoder = encoder.requires_grad_(False)
        width = int(base.unet.config["cross_attention_dim"])
        self.projector = SmallProjector(encoder.config["widths"][-1], width)
        self.attention = attach(base.unet, self.projector, scoring=True)
        for parameter in visual_parameters(base.unet):
            parameter.requires_grad_(True)
        self._start_silent()

    def _start_silent(self) -> None:
        """Visual values start at zero: the first step draws exactly what the base draws."""
        for layer in self.attention.layers:
            nn.init.zeros_(layer.to_v_vision.weight)

    def visual_tokens(self, references: Tensor) -> Tensor:
        """(b, 3, 128, 128) -> (b, 64, width)."""
        with torch.no_grad():
            deep = self.encoder(references)
        tokens: Tensor = self.projector(VisualFeatures(deep))
        return tokens


def _reference(rng: random.Random, drawing: Drawing) -> Tensor:
    draw = rng.random()
    if draw < PLAIN_SHARE:
        return to_tensor(paint_reference(rng, drawing.individual)[None])
    if draw < PLAIN_SHARE + OTHER_SCENE_SHARE:
        return pictures_of([paint_picture(rng, drawing.individual, draw_scene(rng, drawing.individual.kind))])
    return pictures_of([drawing])


def pair_for(rng: random.Random, individual: Individual) -> tuple[Drawing, str, Tensor]:
    """One training row: a drawing, its plain caption, a reference of the same individual."""
    scene = draw_scene(rng, individual.kind)
    drawing = paint_picture(rng, individual, scene, mask=True)
    return drawing, plain_caption_for(rng, individual, scene, drawing.layout), _reference(rng, drawing)


def pairs_at(seed: int, step: int, batch: int) -> Pairs:
    """The rows of one step, after condition dropout: no text, or a blank (all-zero) reference."""
    rng = rng_at(seed, step)
    rows = [pair_for(rng, draw_individual(rng, kinds=vocabulary.tokens(vocabulary.DRAWN_KINDS))) for _ in range(batch)]
    captions = ["" if rng.random() < TEXT_DROPOUT else caption for _, caption, _ in rows]
    seen = torch.tensor([rng.random() >= REFERENCE_DROPOUT for _ in rows]).float()
    references = torch.cat([reference for _, _, reference in rows]) * seen[:, None, None, None]
    return Pairs([drawing for drawing, _, _ in rows], captions, references)


def subject_mask(drawings: list[Drawing], scope: float) -> Tensor:
    """What a perfect guidance mask would be: (b, 1, 8, 8), the `scope` share of places the subject fills most."""
    return top_k(max_norm(F.avg_pool2d(subject_coverage(drawings), 16)), scope)


@torch.no_grad()
def own_mask(model: Vision, pairs: Pairs, asked: Noised, scope: float) -> Tensor:
    """The guidance mask the model itself would draw with, (b, 1, 8, 8); rows without text get the perfect one."""
    base = model.base
    ids = base.token_ids(pairs.captions)
    condition = Condition(base.text_encoder(ids).last_hidden_state)
    word = word_marks(base, ids, pairs.drawings)
    looking = AttentionPass(condition, 16, 16, word=word, wanted_maps=len(model.attention.layers))
    with model.attention.running(looking), suppress(MapsComplete):
        base.unet(asked.latents, asked.times, condition.text)
    mask = guidance_mask(looking.maps, (8, 8), MaskDials(scope=scope))
    named = word.sum(1).clamp(max=1)[:, None, None, None]
    return torch.where(named > 0, mask, subject_mask(pairs.drawings, scope))


def mask_for(model: Vision, pairs: Pairs, asked: Noised, rng: random.Random) -> Tensor | None:
    """The model's own mask, the perfect one, or none (the reference acts everywhere), as the shares above say."""
    kind, scope = rng.random(), rng.uniform(0.15, 0.45)
    if kind < OWN_MASK_SHARE:
        return own_mask(model, pairs, asked, scope)
    return subject_mask(pairs.drawings, scope) if kind < OWN_MASK_SHARE + PERFECT_MASK_SHARE else None


def loss_at(model: Vision, seed: int, step: int, batch: int) -> Tensor:
    """The plain v-prediction loss with the reference as a second condition, a scalar.

    The quantity, the share of visual tokens let in, is uniform in 0.3..1 as in the paper.
    """
    pairs, rng, base = pairs_at(seed, step, batch), rng_at(seed + 1, step), model.base
    asked = noised(base, pairs.drawings, generator_at(seed, step))
    with torch.autocast("cpu", torch.bfloat16):
        condition = Condition(base.text(pairs.captions), model.visual_tokens(pairs.references))
        mask = mask_for(model, pairs, asked, rng)
        current = AttentionPass(condition, 16, 16, mask=mask, time=asked.times / 1000, quantity=rng.uniform(0.3, 1.0))
        with model.attention.running(current):
            predicted = base.unet(asked.latents, asked.times, condition.text).sample
    error: Tensor = predicted.float() - asked.velocity
    return error.square().mean()
