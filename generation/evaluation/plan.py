"""Who is drawn where: the fixed list of held-out individuals and prompts on which methods are compared."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Final

from torch import Tensor

from generation.studio import vocabulary
from generation.studio.autoencoder import to_tensor
from generation.studio.drawing import Trial
from generation.studio.world.individual import Individual, draw_individual
from generation.studio.world.layout import PLAIN, Layout, draw_layout, pair_held_out
from generation.studio.world.render import paint_picture, paint_reference

INDIVIDUALS: Final = 40
PROMPTS: Final = 10
SEEDS: Final = 2
#: Every how manyeth prompt says nothing of the layout.
PLAIN_EVERY: Final = 4


@dataclass(frozen=True)
class Planned:
    """One trial and its names in the cells: who, where and which noise. portrait (1, 3, 128, 128): what it shall be
    like, before a plain wall whatever the reference shows."""

    trial: Trial
    portrait: Tensor
    individual: str
    prompt: str
    seed: int


def planned(individuals: int = INDIVIDUALS, prompts: int = PROMPTS, seeds: int = SEEDS) -> list[Planned]:
    """Individual by individual, prompt by prompt; fewer of each are the first of all."""
    return [plan for place, who in enumerate(_people("dual", individuals)) for plan in _of(place, who, prompts, seeds)]


def planned_elsewhere(individuals: int = INDIVIDUALS, prompts: int = 4, seeds: int = 1) -> list[Planned]:
    """The same individuals and prompts, with references taken in a scene that the prompt does not ask for."""
    return [_taken_elsewhere(plan) for plan in planned(individuals, prompts, seeds)]


def _taken_elsewhere(plan: Planned) -> Planned:
    """Large, in the middle of another scene; a reference of its own for every prompt, so that no scene weighs more."""
    trial, rng = plan.trial, _rng(f"elsewhere {plan.trial.seed}")
    scene = rng.choice([scene for scene in vocabulary.tokens(vocabulary.SCENES) if scene != trial.scene])
    picture = paint_picture(rng, trial.individual, scene, Layout(size="large")).picture
    shown = replace(trial, reference=to_tensor(picture[None]))
    return replace(plan, trial=shown, individual=f"{plan.individual}, elsewhere")


def tuning_trials(count: int, prompts: int = 1) -> list[Trial]:
    """For choosing a method's settings: held-out individuals that the comparison doesn't have."""
    compared = set(_people("dual", INDIVIDUALS))
    others = [who for who in _people("dual, tuning", 2 * count) if who not in compared][:count]
    return [plan.trial for place, who in enumerate(others) for plan in _of(1000 + place, who, prompts, 1)]


def _rng(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  a list that every machine draws alike, nothing secret


def _people(seed: str, count: int) -> list[Individual]:
    """Kinds in turn."""
    rng, kinds = _rng(seed), list(vocabulary.tokens(vocabulary.KINDS))
    rng.shuffle(kinds)
    return [draw_individual(rng, kinds=(kinds[place % len(kinds)],), held_out=True) for place in range(count)]


def _of(place: int, who: Individual, prompts: int, seeds: int) -> list[Planned]:
    rng = _rng(f"dual {place}")
    reference, asked = to_tensor(paint_reference(rng, who)[None]), _prompts(rng, who.kind)[:prompts]
    made = []
    for number, (scene, layout) in enumerate(asked):
        for seed in range(seeds):
            trial = Trial(who, scene, reference, (place * PROMPTS + number) * SEEDS + seed, layout)
            made.append(Planned(trial, reference, f"{place:02} {who.kind}", trial.prompt, seed))
    return made


def _prompts(rng: random.Random, kind: str) -> list[tuple[str, Layout]]:
    """PROMPTS different scenes, most with an accessory, a side or a size; only what the model was shown together."""
    scenes = [scene for scene in vocabulary.tokens(vocabulary.SCENES) if not pair_held_out(kind, scene)]
    chosen = rng.sample(scenes, PROMPTS)
    return [(scene, _layout(rng, kind) if place % PLAIN_EVERY else PLAIN) for place, scene in enumerate(chosen)]


def _layout(rng: random.Random, kind: str) -> Layout:
    layout = draw_layout(rng, kind)
    while layout == PLAIN:
        layout = draw_layout(rng, kind)
    return layout
