"""One picture asked for: on its way, and done."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.denoising import Denoising
from generation.explain import Note
from generation.spec import GenerationSpec
from generation.tracing import Explanation


@dataclass
class DrawRequest:
    """One picture on its way. `step` of `steps` are done; its state is its own, so requests may share a batch.

    references: flattened RGB, as the model sees them, one subject's after the other's. counts: how many each has.
    company: with how many others it shared a step at most.
    """

    spec: GenerationSpec
    denoising: Denoising
    references: list[Image.Image] = field(default_factory=list)
    counts: tuple[int, ...] = ()
    notes: list[Note] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    company: int = 0

    @property
    def step(self) -> int:
        """Steps done."""
        return self.denoising.step

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.denoising.steps

    @property
    def done(self) -> bool:
        """Whether `finish` may be called."""
        return self.denoising.done

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds wall time to `seconds[stage]`."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


@contextmanager
def timed_together(requests: Sequence[DrawRequest], stage: str) -> Iterator[None]:
    """Adds an equal share of the wall time to each one's `seconds[stage]`."""
    start = time.perf_counter()
    yield
    share = (time.perf_counter() - start) / len(requests)
    for request in requests:
        request.seconds[stage] = request.seconds.get(stage, 0.0) + share


@dataclass(frozen=True)
class DrawResult:
    """A finished picture and what a person may ask about it.

    image: RGB. pixel_digest: of it, see `pixel_digest`. masks: (steps, h, w) float32, the union of the subjects'
    guidance masks of each step at half the latent's resolution; subject_masks: (subjects, steps, h, w), each one's own.
    mask_area: share of positions kept, one a step, in [0, 1].
    notes: what to know, each with a stable code. scores: in [0, 1], see `generation.evaluation.judge`; empty where the
    model has no judge. likenesses: for each subject, to each of its references alone, what `similarity` is to all
    together; empty where that was not scored. environment: what is needed to draw it again; `company` where it shared
    its batch with others, whose presence rounds differently. seconds: by stage. explanation: where the spec asked for
    it.
    """

    image: Image.Image
    pixel_digest: str
    masks: NDArray[np.float32]
    mask_area: list[float]
    notes: list[Note]
    scores: dict[str, float]
    environment: dict[str, str]
    seconds: dict[str, float]
    subject_masks: NDArray[np.float32]
    explanation: Explanation | None = None
    likenesses: list[list[float]] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """The notes' codes."""
        return [note.code for note in self.notes]


def pixel_digest(image: Image.Image) -> str:
    """SHA-256 (hex) over "WxH:RGB:" and the RGB bytes row by row, before watermark and stamp."""
    header = f"{image.width}x{image.height}:RGB:".encode()
    return hashlib.sha256(header + image.convert("RGB").tobytes()).hexdigest()
