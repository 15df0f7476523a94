"""One thread owns the model; whoever wants a picture waits in line for a slot of its batch.

Pictures join the batch and leave it between two denoising steps, each at its own step. There the engine asks whether a
picture is still wanted. A step that hangs (a wedged GPU cannot be interrupted from Python) ends the whole process: the
lease brings its orders to another worker.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PIL import Image

from generation.spec import GenerationSpec
from gpu_worker.batch_size import is_out_of_memory, measure
from gpu_worker.caches import TenantCaches
from gpu_worker.outcomes import DoesNotFit

if TYPE_CHECKING:  # torch is loaded by the engine's thread, when the first picture is asked for
    from generation.pipeline import DrawRequest, DrawResult, RealCustomPipeline

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
    tenant: str = ""
    sketches: Sequence[Image.Image | None] = ()
    result: Future[DrawResult] = field(default_factory=Future)


@dataclass
class Drawing:
    """One picture in the batch."""

    job: Job
    pipeline: RealCustomPipeline
    request: DrawRequest

    @property
    def is_over(self) -> bool:
        """Whether it is drawn or has failed."""
        return self.job.result.done()

    def tell(self) -> None:
        """Say how far it is; fails it where it is not wanted any more."""
        try:
            self.job.on_step(self.request.step, self.request.steps)
        except Exception as error:
            self.job.result.set_exception(error)


class Engine:
    """Draws up to `slots` pictures at once, None: as many as each model is found to draw best when it is loaded.

    load: makes a profile's pipeline, once; step_seconds and load_seconds: how long a picture's step (encoding and
    decoding too) and a load may take before the process is given up.
    """

    def __init__(self, load: Loader, *, step_seconds: float, load_seconds: float, slots: int | None = 1) -> None:
        """Starts the threads; the model is loaded when it is first needed."""
        self._load, self._step_seconds, self._load_seconds = load, step_seconds, load_seconds
        self._wanted_slots = slots
        self._best: dict[str, int] = {}
        self._fits: int | None = None
        self._jobs: queue.SimpleQueue[Job | str] = queue.SimpleQueue()
        self._pipelines: dict[str, RealCustomPipeline] = {}
        self._caches = TenantCaches()
        self._deadline: tuple[float, str] | None = None
        threading.Thread(target=self._work, name="engine", daemon=True).start()
        threading.Thread(target=self._watch, name="engine-watchdog", daemon=True).start()

    def draw(
        self,
        spec: GenerationSpec,
        references: Sequence[Image.Image],
        on_step: OnStep,
        *,
        tenant: str = "",
        sketches: Sequence[Image.Image | None] = (),
    ) -> DrawResult:
        """Wait for the turn and the picture. Raises what the pipeline or `on_step` raised.

        on_step: called on the engine's thread when the turn has come, before the first and after each step; it must be
        quick, and may raise to stop. tenant: whose references they are, so that they need not be encoded again.
        """
        job = Job(spec, references, on_step, tenant, sketches)
        self._jobs.put(job)
        return job.result.result()

    @property
    def slots(self) -> int:
        """How many pictures it draws at once by now: as set or measured, and no more than fitted in memory."""
        wanted = self._wanted_slots or min(self._best.values(), default=1)
        return wanted if self._fits is None else min(wanted, self._fits)

    def warm_up(self, profile: str) -> None:
        """Have a model loaded before the first order needs it; a model that is not there fails that order."""
        self._jobs.put(profile)

    def forget(self, tenant_id: str, digests: Collection[str]) -> int:
        """Forget what was seen in these references of the tenant; how many were remembered. From any thread."""
        return self._caches.forget(tenant_id, digests)

    def _work(self) -> None:
        batch: list[Drawing] = []
        while True:
            while len(batch) < self.slots and self._taken(batch):
                pass
            batch = self._advanced(batch)

    def _taken(self, batch: list[Drawing]) -> bool:
        """Whether somebody stood in line; waits for somebody where nothing is being drawn."""
        try:
            job = self._jobs.get(block=not batch)
        except queue.Empty:
            return False
        try:
            if isinstance(job, str):
                self._pipeline(job)
            else:
                batch.append(self._begun(job))
        except Exception as error:
            if isinstance(job, str):
                logger.exception("%s cannot be loaded", job)
            else:
                job.result.set_exception(error)
        return True

    def _pipeline(self, profile: str) -> RealCustomPipeline:
        if profile not in self._pipelines:
            with self._guarded(self._load_seconds, f"loading {profile}"):
                self._pipelines[profile] = self._load(profile)
                if self._wanted_slots is None:
                    self._measure(profile)
        return self._pipelines[profile]

    def _measure(self, profile: str) -> None:
        """A model that cannot draw the trial pictures may still draw orders: one at once, and they say why not."""
        try:
            found = measure(self._pipelines[profile])
        except Exception:
            logger.exception("%s: its batch could not be measured, it draws 1 at once", profile)
            self._best[profile] = 1
            return
        logger.info("%s %s", profile, found)
        self._best[profile] = found.best

    def _begun(self, job: Job) -> Drawing:
        job.on_step(0, 0)
        pipeline = self._pipeline(job.spec.profile)
        with self._guarded(self._step_seconds, "encoding"):
            request = pipeline.prepare(
                job.spec, list(job.references), sketches=job.sketches, cache=self._caches.of(job.tenant)
            )
        return Drawing(job, pipeline, request)

    def _advanced(self, batch: list[Drawing]) -> list[Drawing]:
        """The batch one step later, without those that are over."""
        for drawing in batch:
            drawing.tell()
        wanted = [drawing for drawing in batch if not drawing.is_over]
        for pipeline in {id(d.pipeline): d.pipeline for d in wanted}.values():
            group = [d for d in wanted if d.pipeline is pipeline]
            for start in range(0, len(group), self._fits or len(group)):
                self._step(group[start : start + (self._fits or len(group))])
        for drawing in wanted:
            if drawing.request.done and not drawing.is_over:
                self._finish(drawing)
        return [drawing for drawing in wanted if not drawing.is_over]

    def _step(self, group: list[Drawing]) -> None:
        """One step of pictures of one model. Where that fails they go on apart, so that one leaves and not all: in
        halves where memory was short, which is remembered, else each alone."""
        before = [drawing.request.step for drawing in group]
        error = self._failure(group, before)
        if error is None:
            return
        short = is_out_of_memory(error)
        if len(group) == 1:
            group[0].job.result.set_exception(DoesNotFit() if short else error)
            return
        self._settle(group)
        left = [d for d, step in zip(group, before, strict=True) if not d.is_over and d.request.step == step]
        size = self._shrunk(len(group)) if short else 1
        for start in range(0, len(left), size):
            self._step(left[start : start + size])

    def _failure(self, group: list[Drawing], before: list[int]) -> BaseException | None:
        """What went wrong in the step, without its frames: they hold the memory that the next try needs."""
        try:
            with self._guarded(self._step_seconds * len(group), f"step {min(before) + 1}"):
                group[0].pipeline.step_together([drawing.request for drawing in group])
        except Exception as error:
            if is_out_of_memory(error):
                logger.warning("%d pictures at once: %s", len(group), error)
            return error.with_traceback(None) if is_out_of_memory(error) else error
        return None

    def _settle(self, group: list[Drawing]) -> None:
        """Those whose own latent went wrong are over; the others of the step have gone on or not."""
        for drawing in group:
            if drawing.request.denoising.error is not None:
                drawing.job.result.set_exception(drawing.request.denoising.error)

    def _shrunk(self, count: int) -> int:
        self._fits = max(1, count // 2)
        logger.warning("%d pictures at once do not fit in memory: from now on %d", count, self._fits)
        return self._fits

    def _finish(self, drawing: Drawing) -> None:
        drawing.tell()
        if drawing.is_over:
            return
        try:
            with self._guarded(self._step_seconds, "decoding"):
                drawing.job.result.set_result(drawing.pipeline.finish(drawing.request))
        except Exception as error:
            drawing.job.result.set_exception(error)

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
