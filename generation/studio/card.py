"""The model card, written from the facts of the release so that no figure in it is typed by hand."""

import json
from typing import Any

from generation.studio import vocabulary


def _words(terms: tuple[vocabulary.Term, ...]) -> str:
    return ", ".join(f"{term.token} ({term.ja})" for term in terms)


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else json.dumps(value)


def _stage(name: str, facts: dict[str, Any]) -> str:
    return f"| {name} | " + ", ".join(f"{key} {_figure(value)}" for key, value in facts.items()) + " |"


def _benchmark(facts: dict[str, Any]) -> str:
    figures = facts.get("benchmark")
    if not figures:
        return "Measure it here with `./run bench studio`."
    rows = [
        f"| {gate['name']} | {_figure(gate['value'])} | {gate['goal']} | {'yes' if gate['holds'] else 'no'} |"
        for gate in figures["gates"]
    ]
    return "\n".join(["| gate | measured | goal | holds |", "|---|---|---|---|", *rows])


_CARD = """# Studio: the small model in the box

A text-to-image model of {kinds} kinds of subject in {scenes} scenes, with a visual branch that carries the colours and
the pattern of one reference. 128 x 128 pixels, on a CPU. Trained from nothing on pictures drawn by
`generation/studio/world`: no photograph, no person, no other model's weights or outputs are in it. Licence: Apache-2.0.

## What it can draw
- subjects: {kind_words}
- scenes: {scene_words}
- colours: {colour_words}
- patterns: {pattern_words}

Name one subject and one scene, e.g. "a red striped bottle on the beach".

## What it cannot draw
Anything outside these words; photographs (it draws flat illustrations); two subjects at once; lettering, logos,
faces. Patterns come out rough, and emblems mostly don't come out. A photograph as reference is outside what the
encoder was trained on: colours carry over, details do not. The people are nobody: it cannot draw a likeness.

## How it was trained
The running averages of these stages, in fp16:

| stage | facts |
|---|---|
{stages}

    python -m generation.studio.train autoencoder   --out DIR --minutes 25  --seed 0 --steps 14000
    python -m generation.studio.train evaluator     --out DIR --minutes 30  --seed 0 --steps 1800 --batch 24
    python -m generation.studio.train encoder       --out DIR --minutes 40  --seed 0 --steps 1300 --batch 24
    python -m generation.studio.train text-to-image --out DIR --minutes 120 --seed 0 --steps 12600 --batch 24
    python -m generation.studio.train vision        --out DIR --minutes 60  --seed 0 --steps 3750 --batch 24
    python -m generation.studio.ship                --out DIR

Each takes `--resume` and stops cleanly on SIGTERM; all of it is about two hours of two CPU cores.

The commands repeat the recipe, not the bytes of this release, whose run was changed on its way: the base drew its time
steps uniformly before step 3720 and had no localisation loss before step 4450; the visual branch saw an earlier base
before step 1480; schedules were shortened when slices were resumed.

## Figures
{benchmark}
"""


def model_card(facts: dict[str, Any]) -> str:
    """Markdown of the card; `facts` are the manifest's stages."""
    stages = [_stage(name, entry) for name, entry in facts.items() if name != "benchmark"]
    return _CARD.format(
        kinds=len(vocabulary.KINDS),
        scenes=len(vocabulary.SCENES),
        kind_words=_words(vocabulary.KINDS),
        scene_words=_words(vocabulary.SCENES),
        colour_words=_words(vocabulary.COLOURS),
        pattern_words=_words(vocabulary.PATTERNS),
        stages="\n".join(stages),
        benchmark=_benchmark(facts),
    )
