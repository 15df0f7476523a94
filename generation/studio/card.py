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


def _table(head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    lines = [list(head), ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _benchmark(facts: dict[str, Any]) -> str:
    """The gates, then the shares of pictures in which the evaluator names what was asked for."""
    figures = facts.get("benchmark")
    if not figures:
        return "Measure it here with `./run bench studio`."
    gates = [
        [gate["name"], _figure(gate["value"]), gate["goal"], "yes" if gate["holds"] else "no"]
        for gate in figures["gates"]
    ]
    columns = [name for name, value in figures.items() if isinstance(value, dict)]
    heads = dict.fromkeys(head for name in columns for head in figures[name])
    shares = [[head, *(_share(figures[name].get(head)) for name in columns)] for head in heads]
    return "\n".join(
        [
            *_table(("gate", "measured", "goal", "holds"), gates),
            "",
            *_table(("named rightly by the evaluator", *columns), shares),
        ]
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


_CARD = """# Studio: the small model in the box

A text-to-image model of {kinds} kinds of subject in {scenes} scenes, with a visual branch that carries the colours and,
roughly, the pattern of one reference. 128 x 128 pixels, on a CPU. Trained from nothing on pictures drawn by
`generation/studio/world`: no photograph, no person, no other model's weights or outputs are in it. Licence: Apache-2.0.

## What it can draw
- subjects: {kind_words}
- scenes: {scene_words}
- colours: {colour_words}
- patterns: {pattern_words}
- side of the picture, said last: "{left}", "{right}"; nothing said is the centre
- size, said first: {size_words}
- accessories, said after the subject: {accessory_words}

Name one subject and one scene, e.g. "a red and white striped bottle on the beach", "a small mug beside a potted plant
in the kitchen, on the left".

## What it cannot draw
Anything outside these words; photographs (it draws flat illustrations); two subjects at once; lettering, logos,
faces. {weak} A photograph as reference is outside what the encoder was trained on: colours carry over, details do not.
Where its background is cluttered, its subject is cut out first (`generation/studio/cutting_out.py`).
The people are nobody: it cannot draw a likeness.

## How it was trained
The running averages of these stages, in fp16:

| stage | facts |
|---|---|
{stages}

    python -m generation.studio.train autoencoder   --out DIR --minutes 25  --seed 0 --steps 14000
    python -m generation.studio.train evaluator     --out DIR --minutes 80  --seed 0 --steps 3100 --batch 48
    python -m generation.studio.train encoder       --out DIR --minutes 20  --seed 0 --steps 2000 --batch 24
    python -m generation.studio.train text-to-image --out DIR --minutes 120 --seed 0 --steps 16500 --batch 24
    python -m generation.studio.train together      --out DIR --minutes 130 --seed 0 --steps 30400 --batch 24
    python -m generation.studio.train vision        --out DIR --minutes 60  --seed 0 --steps 5000 --batch 24
    python -m generation.studio.ship                --out DIR

Each takes `--resume` and stops cleanly on SIGTERM; all of it is about six hours of two CPU cores. In `together` a
visual branch learns beside the base, from other views of each subject. The branch that ships learnt afterwards, on the
frozen base and from nothing, as RealCustom's does: from text-image pairs alone, the reference being the picture itself.
Why: `docs/explanation/proof.md`.

The commands repeat the recipe, not the bytes of this release. Its base grew out of an earlier one (`--grow`): 12,600
steps with ten kinds and ten scenes, without cross-attention at 16 x 16; that came with step 12,600 and the wider world
with step 13,616. `together` began at step 16,513, used the model's own masks from step 18,083, let the subject weigh
more from step 20,315, had its rate fall by step 24,406 and went on from there at the full rate, which fell again from
step 27,360. Encoder and evaluator started from earlier ones trained on the smaller world. Which kinds were held out
with which later scenes and accessories is in `generation/studio/world/layout.py`.

## Figures
{benchmark}
"""
#: What the last look at many samples showed.
_WEAK = (
    "Two patterns in three come out, with ragged edges; emblems are a spot of the right colour, seldom its shape; "
    "small faces smear."
)


def _phrases(phrases: dict[str, str]) -> str:
    return ", ".join(f'"{phrase}"' for phrase in phrases.values())


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
        left=vocabulary.POSITION_PHRASES["left"],
        right=vocabulary.POSITION_PHRASES["right"],
        size_words=_words(vocabulary.SIZES[1:]),
        accessory_words=_phrases(vocabulary.ACCESSORY_PHRASES),
        weak=_WEAK,
        stages="\n".join(stages),
        benchmark=_benchmark(facts),
    )
