"""Draw a benchmark's subjects and measure each picture: cells for `generation.evaluation.cells`; no picture is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from generation.downloads import file_sha256
from generation.evaluation.bootstrap import Interval, interval
from generation.evaluation.cells import Cell, CellCache, Figures
from generation.evaluation.dreambench import BenchSubject, Row, opened
from generation.evaluation.photo_figures import PhotoFigures, Seen
from generation.pipeline import RealCustomPipeline
from generation.spec import Effort, GenerationSpec, MaskDials

METHOD: Final = "RealCustom, ours"
FIGURES: Final = ("clip_t", "image_reward", "clip_i", "dino_i")


@dataclass(frozen=True, kw_only=True)
class How:
    """The dials every picture is drawn with."""

    steps: int
    effort: Effort = "exact"
    quantity: float = GenerationSpec.quantity
    scope: float = MaskDials.scope

    def mask(self) -> MaskDials:
        """Frozen after the same share of the steps, however many there are."""
        usual = MaskDials.stop_step or GenerationSpec.steps
        return MaskDials(scope=self.scope, stop_step=max(1, self.steps * usual // GenerationSpec.steps))


@dataclass(frozen=True)
class Examination:
    """One model, its judges and the subjects it is asked for."""

    pipeline: RealCustomPipeline
    judges: PhotoFigures
    subjects: Sequence[BenchSubject]
    how: How
    seeds: int

    @cached_property
    def cells(self) -> list[Cell]:
        """A picture each: every prompt of every subject under every seed."""
        digests = sorted((self.pipeline.parts.digests | self.judges.digests).items())
        model = hashlib.sha256(repr(digests).encode()).hexdigest()
        settings = vars(self.how) | {"profile": self.pipeline.profile.name, "reward": self.judges.reward is not None}
        return [
            Cell(model=model, method=METHOD, settings=settings, individual=name, prompt=prompt, seed=seed)
            for name, subject in self._by_name.items()
            for prompt in subject.prompts
            for seed in range(self.seeds)
        ]

    def measure(self, cells: Sequence[Cell]) -> list[Figures]:
        """Draw them together. Raises UnusableBenchmark, and what `RealCustomPipeline.prepare` does."""
        pipe = RealCustomPipeline(self.pipeline.profile, replace(self.pipeline.parts, judge=None))
        requests = [
            pipe.prepare(self._spec(cell), [opened(self._by_name[cell.individual].pictures[0])]) for cell in cells
        ]
        while not requests[0].done:
            pipe.step_together(requests)
        pictures = [pipe.finish(request).image for request in requests]
        real = [self._real(cell.individual) for cell in cells]
        return self.judges.of(pictures, [cell.prompt for cell in cells], real)

    @cached_property
    def _by_name(self) -> dict[str, BenchSubject]:
        """Other pictures make another individual."""
        return {f"{subject.name} {_digest(subject)[:12]}": subject for subject in self.subjects}

    @cached_property
    def _seen(self) -> dict[str, Seen]:
        return {}

    def _real(self, individual: str) -> Seen:
        if individual not in self._seen:
            self._seen[individual] = self.judges.see([opened(p) for p in self._by_name[individual].pictures])
        return self._seen[individual]

    def _spec(self, cell: Cell) -> GenerationSpec:
        subject = self._by_name[cell.individual]
        return GenerationSpec(
            profile=self.pipeline.profile.name,
            prompt=cell.prompt,
            word=subject.word,
            seed=cell.seed,
            reference_digests=(file_sha256(subject.pictures[0]),),
            steps=self.how.steps,
            quantity=self.how.quantity,
            effort=self.how.effort,
            mask=self.how.mask(),
        )


def _digest(subject: BenchSubject) -> str:
    return hashlib.sha256("".join(file_sha256(path) for path in subject.pictures).encode()).hexdigest()


def intervals(cells: Sequence[Cell], cache: CellCache) -> dict[str, Interval]:
    """Each figure's mean over the measured cells, bounded over subjects; left out where no cell has it."""
    measured = [cell for cell in cells if cell in cache]
    found = {}
    for name in FIGURES:
        having = [cell for cell in measured if name in cache[cell]]
        if having:
            found[name] = interval([cache[cell][name] for cell in having], [cell.individual for cell in having])
    return found


def row(found: dict[str, Interval]) -> Row:
    """Ours, beside `dreambench.PUBLISHED`: nothing is optimised for a subject."""
    means = {name: found[name].mean if name in found else None for name in FIGURES}
    return Row(METHOD, **means, steps=0)
