"""One thread owns the model; whoever wants a picture waits in line for it.

Between two denoising steps the engine asks whether the picture is still wanted. A step that hangs (a wedged GPU
cannot be interrupted from Python) ends the whole process: the lease brings the order to another worker.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PIL import Image

from generation.spec import GenerationSpec

if TYPE_CHECKING:  # torch is loaded by the engine's thread, when the first picture is asked for
    from generation.pipeline import DrawResult, RealCustomPipeline

logger = logging.getLogger(__name__)

HUNG_EXIT: Final = 70  # EX_SOFTWARE

Loader = Callable[[str], "RealCustomPipeline"]
OnStep = Callable[[int, int], None]  # steps done, steps in all; (0, 0) when the turn has come


@dataclass
class Job:
    """One picture in line."""

    spec: GenerationSpec
    references: Sequence[Image.Image]
    on_step: OnStep
    result: Future[DrawResult] = field(default_factory=Future)


class Engine:
    """Draws one picture after the other. load: makes a profile's pipeline, once; step_seconds and load_seconds: how
    long a step (encoding and decoding too) and a load may take before the process is given up."""

    def __init__(self, load: Loader, *, step_seconds: float, load_seconds: float) -> None:
        """Starts the threads; the model is loaded when it is first needed."""
        self._load, self._step_seconds, self._load_seconds = load, step_seconds, load_seconds
        self._jobs: queue.SimpleQueue[Job | str] = queue.SimpleQueue()
        self._pipelines: dict[str, RealCustomPipeline] = {}
        self._deadline: tuple[float, str] | None = None
        threading.Thread(target=self._work, name="engine", daemon=True).start()
        threading.Thread(target=self._watch, name="engine-watchdog", daemon=True).start()

    def draw(self, spec: GenerationSpec, references: Sequence[Image.Image], on_step: OnStep) -> DrawResult:
        """Wait for the turn and the picture. Raises what the pipeline or `on_step` raised.

        on_step: called on the engine's thread when the turn has come, before the first and after each step; it must be
        quick, and may raise to stop.
        """
        job = Job(spec, references, on_step)
        self._jobs.put(job)
        return job.result.result()

    def warm_up(self, profile: str) -> None:
        """Have a model loaded before the first order needs it; a model that is not there fails that order."""
        self._jobs.put(profile)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                if isinstance(job, str):
                    self._pipeline(job)
                else:
                    job.result.set_result(self._draw(job))
            except Exception as error:
                if isinstance(job, str):
                    logger.exception("%s cannot be loaded", job)
                else:
                    job.result.set_exception(error)
            del job  # the picture's tensors must not live until the next one comes

    def _pipeline(self, profile: str) -> RealCustomPipeline:
        if profile not in self._pipelines:
            with self._guarded(self._load_seconds, f"loading {profile}"):
                self._pipelines[profile] = self._load(profile)
        return self._pipelines[profile]

    def _draw(self, job: Job) -> DrawResult:
        job.on_step(0, 0)
        pipeline = self._pipeline(job.spec.profile)
        with self._guarded(self._step_seconds, "encoding"):
            request = pipeline.prepare(job.spec, list(job.references))
        while not request.done:
            job.on_step(request.step, request.steps)
            with self._guarded(self._step_seconds, f"step {request.step + 1}"):
                pipeline.step(request)
        job.on_step(request.step, request.steps)
        with self._guarded(self._step_seconds, "decoding"):
            return pipeline.finish(request)

    @contextmanager
    def _guarded(self, seconds: float, what: str) -> Iterator[None]:
        self._deadline = (time.monotonic() + seconds, what)
        try:
            yield
        finally:
            self._deadline = None

    def _watch(self) -> None:
        while True:
            time.sleep(min(1.0, self._step_seconds / 4))
            deadline = self._deadline
            if deadline is not None and time.monotonic() > deadline[0]:
                logger.critical("%s hangs: this process ends, its orders are drawn elsewhere", deadline[1])
                logging.shutdown()
                os._exit(HUNG_EXIT)
