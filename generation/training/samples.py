"""How does the branch draw by now? A few pairs of the data, drawn from their references, as one picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from PIL import Image

from generation.pipeline import RealCustomPipeline
from generation.reference_quality import UnusableReference
from generation.spec import GenerationSpec, MaskDials
from generation.training.pairs import Pair, PairSource
from generation.words import WordBeyondLimit, WordNotInPrompt

SAMPLES: Final = 4
LOOKED_AT: Final = 64
SEED: Final = 20240301


def subject_word(pair: Pair) -> str:
    """The pair's own word; else the longest of its caption, a guess that serves to look at."""
    return pair.word or max(re.findall(r"\w+", pair.caption) or [""], key=len)


def sample_specs(
    pipeline: RealCustomPipeline, source: PairSource, steps: int
) -> list[tuple[GenerationSpec, Image.Image]]:
    """The first few pairs that can be drawn at all: words the model reads, a reference that shows something."""
    found = []
    for spec, pair in _wishes(pipeline, source, steps):
        with suppress(WordBeyondLimit, WordNotInPrompt, UnusableReference):
            pipeline.prepare(spec, [pair.reference])
            found.append((spec, pair.reference))
        if len(found) == SAMPLES:
            break
    return found


def _wishes(pipeline: RealCustomPipeline, source: PairSource, steps: int) -> Iterator[tuple[GenerationSpec, Pair]]:
    for number in range(LOOKED_AT):
        pair = source.pair(number)
        word = subject_word(pair)
        if word and pair.caption:
            yield _spec(pipeline, pair.caption, word, steps), pair


def _spec(pipeline: RealCustomPipeline, caption: str, word: str, steps: int) -> GenerationSpec:
    return GenerationSpec(
        profile=pipeline.profile.name,
        prompt=caption,
        word=word,
        seed=SEED,
        reference_digests=("0" * 64,),
        steps=steps,
        mask=MaskDials(stop_step=max(1, steps * 12 // 25)),
    )


def sample_sheet(pipeline: RealCustomPipeline, wishes: Sequence[tuple[GenerationSpec, Image.Image]]) -> Image.Image:
    """References above, what was drawn from them below."""
    profile = pipeline.profile
    sheet = Image.new("RGB", (profile.width * len(wishes), 2 * profile.height), "white")
    for column, (spec, reference) in enumerate(wishes):
        small = reference.copy()
        small.thumbnail((profile.width, profile.height))
        sheet.paste(small, (column * profile.width, 0))
        sheet.paste(pipeline.draw(spec, [reference]).image, (column * profile.width, profile.height))
    return sheet
