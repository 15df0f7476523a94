"""Does the shipped model obey its words and keep to its reference? Held-out subjects, drawn, then judged."""

import random

import torch
from torch import Tensor

from generation.spec import MaskDials
from generation.studio import vocabulary
from generation.studio.autoencoder import to_tensor
from generation.studio.drawing import STEPS, How, Trial, draw_as
from generation.studio.loading import StudioParts
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.world.individual import draw_individual
from generation.studio.world.layout import PLAIN, Layout, draw_layout, held_out_pairs
from generation.studio.world.render import paint_reference

__all__ = ["STEPS", "Trial", "draw", "judge", "layout_trials", "novel_trials", "told_apart", "trials"]


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
    return draw_as(parts, rows, How(influence=influence, dials=dials or MaskDials(), steps=steps))


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
