"""Stage together: base and visual branch learn at once, from pictures half of which come with a reference.

Learning the branch alone, on a finished base, costs as much a step and teaches the base nothing: here a picture with a
reference teaches both. Rows without a reference keep the base what it is without one. The stage `vision` may go on from
here with the base frozen.
"""

import random
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.attention import AttentionPass, Condition, MapsComplete, attach, is_visual
from generation.conditions import Vision
from generation.influence import Influence
from generation.masks import guidance_mask, max_norm, top_k
from generation.profiles import STUDIO
from generation.projector import SmallProjector, VisualFeatures
from generation.spec import MaskDials
from generation.studio import vocabulary
from generation.studio.autoencoder import to_tensor
from generation.studio.batches import generator_at, pictures_of, rng_at
from generation.studio.localising import localisation_loss
from generation.studio.text_to_image import LOCALISATION, Noised, TextToImage, noised, subject_coverage, word_marks
from generation.studio.vision_networks import StudioImageEncoder
from generation.studio.world.captions import plain_caption_for
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import draw_scene
from generation.studio.world.render import Drawing, paint_picture, paint_reference
from generation.training.loop import Trainer

Mask = Tensor | None
#: The most cells of the 8 x 8 mask that belong to a subject: the least and the largest share of a step.
SCOPE = (0.2, 0.5)
#: Shares of rows with a reference, of those whose caption tells nothing of the looks, and of rows without text.
REFERENCE_SHARE, PLAIN_SHARE, TEXT_DROPOUT = 0.5, 0.5, 0.1
#: Of the rows without text, how many have a blank reference: the negative of classifier-free guidance.
BLANK_SHARE = 0.5
#: Share of references on a plain wall; the others are taken in some other scene.
WALL_SHARE = 0.75
#: Shares of steps under the mask the model itself would draw with, and under a perfect one; else references act
#: everywhere.
OWN_MASK_SHARE, PERFECT_MASK_SHARE = 0.5, 0.2
#: How much more a place wholly the subject's weighs than the background.
SUBJECT_WEIGHT = 4.0


@dataclass(frozen=True)
class Rows:
    """Drawings (b) with their captions, references (r, 3, 128, 128) of the first r, and `shown` (b,).

    `shown` is 1 where a reference acts: in the first r rows, and in some others a blank one.
    """

    drawings: list[Drawing]
    captions: list[str]
    references: Tensor
    shown: Tensor

    @property
    def acting(self) -> Tensor:
        """(r,): the rows in which a reference acts, a blank one included."""
        return self.shown.nonzero()[:, 0]


def rows_at(seed: int, step: int, batch: int) -> Rows:
    """The rows of one step."""
    rng, count = rng_at(seed, step), round(batch * REFERENCE_SHARE)
    kinds = vocabulary.tokens(vocabulary.KINDS)
    drawings = [_drawing(rng, draw_individual(rng, kinds=kinds)) for _ in range(batch)]
    captions = [_caption(rng, drawing, referenced=place < count) for place, drawing in enumerate(drawings)]
    references = torch.cat([_reference(rng, drawing) for drawing in drawings[:count]])
    blanks = [float(not caption and rng.random() < BLANK_SHARE) for caption in captions[count:]]
    return Rows(drawings, captions, references, torch.tensor([1.0] * count + blanks))


def _drawing(rng: random.Random, individual: Individual) -> Drawing:
    return paint_picture(rng, individual, draw_scene(rng, individual.kind), mask=True)


def _reference(rng: random.Random, drawing: Drawing) -> Tensor:
    """(1, 3, 128, 128): the same individual, seen elsewhere."""
    if rng.random() < WALL_SHARE:
        return to_tensor(paint_reference(rng, drawing.individual)[None])
    return pictures_of([_drawing(rng, drawing.individual)])


def _caption(rng: random.Random, drawing: Drawing, *, referenced: bool) -> str:
    if rng.random() < TEXT_DROPOUT:
        return ""
    if referenced and rng.random() < PLAIN_SHARE:
        return plain_caption_for(rng, drawing.individual, drawing.scene, drawing.layout)
    return drawing.caption


class Together(nn.Module):
    """Base and visual branch, both learning; the autoencoder and the image encoder stay as they are."""

    def __init__(self, base: TextToImage, encoder: StudioImageEncoder) -> None:
        super().__init__()
        self.base = base
        self.encoder = encoder.requires_grad_(False)
        width = int(base.unet.config["cross_attention_dim"])
        self.projector = SmallProjector(encoder.config["widths"][-1], width)
        self.attention = attach(base.unet, self.projector, scoring=True)
        for layer in self.attention.layers:
            nn.init.zeros_(layer.to_v_vision.weight)  # at first every picture is the base's own

    def tokens(self, rows: Rows) -> Vision:
        """Projected tokens of the references, then of a blank picture as often as one acts."""
        references, blanks = rows.references, len(rows.acting) - len(rows.references)
        with torch.no_grad():
            deep = self.encoder(torch.cat([references, torch.zeros_like(references[:1])]))
        blank = deep[-1:].expand(blanks, -1, -1)
        return Vision(self.projector(VisualFeatures(torch.cat([deep[:-1], blank]))))


@torch.no_grad()
def own_mask(model: Together, asked: Noised, text: Tensor, words: Tensor, scope: float) -> Tensor:
    """The guidance mask the model itself would draw with, (b, 1, 8, 8); words (b, n): 1 at the kind's token."""
    layers = STUDIO.mask_layers
    looking = AttentionPass(Condition(text.detach()), 16, 16, word=words, wanted_maps=max(layers) + 1)
    with model.attention.running(looking), suppress(MapsComplete):
        model.base.unet(asked.latents, asked.times, looking.condition.text)
    return guidance_mask([looking.maps[layer].float() for layer in layers], (8, 8), MaskDials(scope=scope))


def mask_for(model: Together, rows: Rows, asked: Noised, text: Tensor, words: Tensor, *, rng: random.Random) -> Mask:
    """The mask (r, 1, 8, 8) of the rows in which a reference acts, or None; without its word, the subject's place."""
    draw, scope = rng.random(), rng.uniform(*SCOPE)
    if draw >= OWN_MASK_SHARE + PERFECT_MASK_SHARE:
        return None
    acting = rows.acting
    place = top_k(max_norm(F.avg_pool2d(subject_coverage(rows.drawings), 16)), scope)[acting]
    if draw >= OWN_MASK_SHARE:
        return place
    some = Noised(asked.latents[acting], asked.times[acting], asked.velocity[acting])
    own = own_mask(model, some, text[acting], words[acting], scope)
    return torch.where(words[acting].sum(1)[:, None, None, None] > 0, own, place)


def loss_at(model: Together, seed: int, step: int, batch: int) -> Tensor:
    """The v-prediction loss of all rows plus the localisation loss of those with text, a scalar.

    How many visual tokens get in is uniform in 0.4..1.
    """
    rows, rng, base = rows_at(seed, step, batch), rng_at(seed + 1, step), model.base
    asked, ids = noised(base, rows.drawings, generator_at(seed, step)), base.token_ids(rows.captions)
    words = word_marks(base, ids, rows.drawings)
    with torch.autocast("cpu", torch.bfloat16):
        text, seen = base.text_encoder(ids).last_hidden_state, model.tokens(rows)
        mask, quantity = mask_for(model, rows, asked, text, words, rng=rng), rng.uniform(0.4, 1.0)
        influence = Influence(seen, rows.acting, mask, (quantity,) * len(rows.acting))
        times = asked.times / 1000
        current = AttentionPass(Condition(text), 16, 16, time=times, word=words, influence=influence)
        # Over 64 positions the fused kernel's backward costs more than plain products.
        with model.attention.running(current), sdpa_kernel(SDPBackend.MATH):
            predicted = base.unet(asked.latents, asked.times, text).sample
    coverage = subject_coverage(rows.drawings)
    maps = [seen.float().flatten(1) for seen in current.maps]
    place = localisation_loss(maps, coverage, words.sum(1).clamp(max=1))
    return weighted_error(predicted.float() - asked.velocity, coverage) + LOCALISATION * place


def weighted_error(error: Tensor, coverage: Tensor) -> Tensor:
    """Mean square of error (b, c, 16, 16), the subject's places weighing more; coverage (b, 1, 128, 128) in 0..1.

    Backgrounds are learnt early; patterns and emblems are a few places of many. What is best at a place stays so.
    """
    weight = 1 + SUBJECT_WEIGHT * F.adaptive_avg_pool2d(coverage, (error.shape[-2], error.shape[-1]))
    return (error.square() * weight).sum() / (weight.sum() * error.shape[1])


@torch.no_grad()
def adopt_base(trainer: Trainer, checkpoint: Path) -> None:
    """Starts from a base's checkpoint, its optimiser state included; the visual branch starts silent."""
    with safe_open(checkpoint, framework="pt") as stored:
        trainer.step = int(stored.metadata()["step"])
        names = {key.removeprefix("parameter/") for key in list(stored.keys()) if key.startswith("parameter/")}
        for name in names:
            parameter = trainer.parameters[f"base.{name}"]
            parameter.copy_(stored.get_tensor(f"parameter/{name}"))
            trainer.average[f"base.{name}"].copy_(stored.get_tensor(f"average/{name}"))
            if not trainer.step:
                continue
            moments = {key: stored.get_tensor(f"{key}/{name}").clone() for key in ("exp_avg", "exp_avg_sq")}
            trainer.optimizer.state[parameter] = {"step": torch.tensor(float(trainer.step)), **moments}


def split(checkpoint: Path, out: Path) -> None:
    """Writes what the two learnt as the checkpoints of the stages text-to-image and vision, for those to go on with."""
    with safe_open(checkpoint, framework="pt") as stored:
        tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
        step = stored.metadata()["step"]
    visual = {key: tensor for key, tensor in tensors.items() if is_visual(key.split("/", 1)[1])}
    base = {key.replace("/base.", "/", 1): tensor for key, tensor in tensors.items() if key not in visual}
    for folder, part, at in (("text-to-image", base, step), ("vision", visual, "0")):
        (out / folder).mkdir(parents=True, exist_ok=True)
        fresh = out / folder / "checkpoint.new"
        save_file(part, fresh, metadata={"step": at})
        fresh.replace(out / folder / "checkpoint.safetensors")
