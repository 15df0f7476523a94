"""Does the shipped model obey its words and keep to its reference? Held-out subjects, drawn, then judged."""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from generation.attention import Condition
from generation.denoising import Denoiser, Denoising
from generation.profiles import STUDIO
from generation.projector import VisualFeatures
from generation.sampling import initial_latent, trailing_sampler
from generation.spec import MaskDials
from generation.studio import vocabulary
from generation.studio.autoencoder import to_tensor
from generation.studio.loading import StudioParts
from generation.studio.tokenizer import MAX_LENGTH
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.render import paint_reference
from generation.words import word_tokens

#: As the product draws by default.
STEPS, GUIDANCE = STUDIO.steps, STUDIO.guidance_scale
BATCH = 16


@dataclass(frozen=True)
class Trial:
    """One picture to draw: a held-out individual, where it shall stand, and its reference (1, 3, 128, 128)."""

    individual: Individual
    scene: str
    reference: Tensor
    seed: int

    @property
    def prompt(self) -> str:
        """Kind and scene only, e.g. "a mug in the snow": the looks must come from the reference."""
        return f"a {self.individual.kind} {vocabulary.SCENE_PHRASES[self.scene]}"


def trials(count: int) -> list[Trial]:
    """Kinds and scenes in turn, each pairing at most once in `kinds * scenes` trials."""
    rng = random.Random("studio trials")
    kinds, scenes = vocabulary.tokens(vocabulary.KINDS), vocabulary.tokens(vocabulary.SCENES)
    made = []
    for place in range(count):
        kind, scene = kinds[place % len(kinds)], scenes[(place + place // len(kinds)) % len(scenes)]
        individual = draw_individual(rng, kinds=(kind,), held_out=True)
        made.append(Trial(individual, scene, to_tensor(paint_reference(rng, individual)[None]), place))
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
        _words(parts, group),
        text=Condition(text),
        generation=Condition(text, seen),
        negative=Condition(empty, blank),
        dials=dials,
        scale=GUIDANCE,
        quantity=0.8,
        influence=influence,
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


@torch.inference_mode()
def judge(evaluator: StudioEvaluator, pictures: Tensor, rows: list[Trial]) -> dict[str, float]:
    """Share of pictures, a head, in which the evaluator names what the trial asked for or its reference shows."""
    classes, logits = evaluator.config["classes"], evaluator(pictures)
    shares = {}
    for head, names in classes.items():
        wanted = [row.scene if head == "scene" else getattr(row.individual, head) for row in rows]
        named = [names[index] for index in logits[head].argmax(1).tolist()]
        shares[head] = sum(a == b for a, b in zip(named, wanted, strict=True)) / len(rows)
    return shares
