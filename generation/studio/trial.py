"""Does the shipped model obey its words and keep to its reference? Held-out subjects, drawn, then judged."""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from generation.conditions import Condition, Vision
from generation.denoising import Denoiser, Denoising, Subject
from generation.profiles import STUDIO
from generation.projector import VisualFeatures
from generation.sampling import initial_latent, trailing_sampler
from generation.spec import MaskDials
from generation.studio import vocabulary
from generation.studio.autoencoder import to_tensor
from generation.studio.loading import StudioParts
from generation.studio.tokenizer import MAX_LENGTH
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.world.captions import placed_phrase, subject_phrase
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import PLAIN, Layout, draw_layout, held_out_pairs
from generation.studio.world.render import paint_reference
from generation.words import word_tokens

#: As the product draws by default.
STEPS, GUIDANCE = STUDIO.steps, STUDIO.guidance_scale
BATCH = 16


@dataclass(frozen=True)
class Trial:
    """One picture to draw: a held-out individual, where and how it shall stand, its reference (1, 3, 128, 128).

    `told`: the prompt tells the looks too, so that words alone can be judged.
    """

    individual: Individual
    scene: str
    reference: Tensor
    seed: int
    layout: Layout = PLAIN
    told: bool = False

    @property
    def prompt(self) -> str:
        """E.g. "a mug beside a red ball in the snow": the looks must come from the reference, unless told."""
        told = self.told
        subject = subject_phrase(
            self.individual, size=self.layout.size, colour=told, accent=told, pattern=told, emblem=told
        )
        return placed_phrase(subject, self.scene, self.layout)


def _trial(rng: random.Random, kind: str, scene: str, seed: int, layout: Layout, *, told: bool = False) -> Trial:
    individual = draw_individual(rng, kinds=(kind,), held_out=True)
    return Trial(individual, scene, to_tensor(paint_reference(rng, individual)[None]), seed, layout, told)


def trials(count: int, *, told: bool = False) -> list[Trial]:
    """Kinds and scenes of the release in turn, alone in the centre; pairings differ as far as there are any."""
    rng = random.Random("studio trials")
    kinds, scenes = vocabulary.tokens(vocabulary.KINDS), vocabulary.tokens(vocabulary.SCENES)
    made = []
    for place in range(count):
        kind, scene = kinds[place % len(kinds)], scenes[(place + place // len(kinds)) % len(scenes)]
        made.append(_trial(rng, kind, scene, place, PLAIN, told=told))
    return made


def layout_trials(count: int) -> list[Trial]:
    """With an accessory, a side or a size that the prompt names."""
    rng = random.Random("studio layouts")
    kinds, scenes = vocabulary.tokens(vocabulary.KINDS), vocabulary.tokens(vocabulary.SCENES)
    made = []
    for place in range(count):
        kind, layout = kinds[place % len(kinds)], PLAIN
        while layout == PLAIN:
            layout = draw_layout(rng, kind)
        made.append(_trial(rng, kind, rng.choice(scenes), place, layout))
    return made


def novel_trials(count: int) -> list[Trial]:
    """Kinds with scenes and accessories that no generator was shown together."""
    rng, pairs = random.Random("studio novelties"), held_out_pairs()
    scenes, made = vocabulary.tokens(vocabulary.SCENES), []
    for place in range(count):
        kind, word = pairs[place % len(pairs)]
        worn = word in vocabulary.ACCESSORY_PHRASES
        layout = Layout(accessory=word) if worn else PLAIN
        made.append(_trial(rng, kind, rng.choice(scenes) if worn else word, place, layout))
    return made


def _text(parts: StudioParts, prompts: list[str]) -> Tensor:
    encoded = parts.tokenizer(
        prompts, padding="max_length", truncation=True, max_length=MAX_LENGTH, return_tensors="pt"
    )
    hidden: Tensor = parts.text_encoder(encoded.input_ids).last_hidden_state
    return hidden


def _words(parts: StudioParts, group: list[Trial]) -> Tensor:
    """(b, 32): 1 at the tokens of the kind."""
    marks = torch.zeros(len(group), MAX_LENGTH)
    for row, trial in enumerate(group):
        marks[row, list(word_tokens(trial.prompt, trial.individual.kind, parts.tokenizer, MAX_LENGTH).indices)] = 1
    return marks


def _denoising(parts: StudioParts, group: list[Trial], influence: float, dials: MaskDials, steps: int) -> Denoising:
    if parts.image_encoder is None or parts.projector is None:
        raise ValueError("this release has no visual branch: train the stages encoder and vision, and ship them")
    references = torch.cat([trial.reference for trial in group])
    seen = parts.projector(VisualFeatures(parts.image_encoder(references)))
    blank = parts.projector(VisualFeatures(parts.image_encoder(torch.zeros_like(references))))
    text, empty = _text(parts, [trial.prompt for trial in group]), _text(parts, [""] * len(group))
    noise = [initial_latent((1, 16, 16, 16), trial.seed, "cpu") for trial in group]
    return Denoising(
        torch.cat(noise),
        trailing_sampler(steps),
        [Subject(_words(parts, group), Vision(seen), quantity=0.8)],
        text=Condition(text),
        negative=Condition(empty, blank),
        dials=dials,
        scale=GUIDANCE,
        influence=influence,
        layers=STUDIO.mask_layers,
    )


@torch.inference_mode()
def draw(
    parts: StudioParts,
    rows: list[Trial],
    *,
    influence: float = 1.0,
    dials: MaskDials | None = None,
    steps: int = STEPS,
) -> Tensor:
    """The pictures (n, 3, 128, 128) in -1..1. `influence` 0 shuts the reference out: the same model without it."""
    if parts.attention is None:
        raise ValueError("this release has no visual branch: train the stages encoder and vision, and ship them")
    denoiser, pictures = Denoiser(parts.unet, parts.attention), []
    for start in range(0, len(rows), BATCH):
        work = _denoising(parts, rows[start : start + BATCH], influence, dials or MaskDials(), steps)
        while not work.done:
            denoiser.step(work)
        pictures.append(parts.autoencoder.decode(work.latent).sample.clamp(-1, 1))
    return torch.cat(pictures)


def _wanted(row: Trial, head: str) -> str:
    if head == "scene":
        return row.scene
    return str(getattr(row.layout if hasattr(row.layout, head) else row.individual, head))


@torch.inference_mode()
def judge(evaluator: StudioEvaluator, pictures: Tensor, rows: list[Trial]) -> dict[str, float]:
    """Share of pictures, a head, in which the evaluator names what the trial asked for or its reference shows."""
    classes, logits = evaluator.config["classes"], evaluator(pictures)
    shares = {}
    for head, names in classes.items():
        named = [names[index] for index in logits[head].argmax(1).tolist()]
        shares[head] = sum(a == _wanted(row, head) for a, row in zip(named, rows, strict=True)) / len(rows)
    return shares


@torch.inference_mode()
def told_apart(evaluator: StudioEvaluator, pictures: Tensor, rows: list[Trial]) -> float:
    """Share of pictures nearer to their own reference than to that of a look-alike, another of the same kind.

    Chance is a half. Raises ValueError with an evaluator that has no embedding.
    """
    rng = random.Random("studio look-alikes")
    others = [draw_individual(rng, kinds=(row.individual.kind,), held_out=True) for row in rows]
    strangers = torch.cat([to_tensor(paint_reference(rng, other)[None]) for other in others])
    seen, own, strange = (
        evaluator.embed(evaluator.see(x)) for x in (pictures, torch.cat([row.reference for row in rows]), strangers)
    )
    return float(((seen * own).sum(1) > (seen * strange).sum(1)).float().mean())
