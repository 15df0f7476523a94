from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from generation.denoising import NonFiniteLatent
from generation.pipeline import DrawRequest, DrawResult, RealCustomPipeline, pixel_digest
from generation.spec import GenerationSpec, MaskDials
from gpu_worker.batch_size import TRIED, measure
from gpu_worker.engine import HUNG_EXIT, Engine
from gpu_worker.outcomes import Canceled, DoesNotFit, failure_of
from tests.generation import dummy

ONE_STEP = dummy.spec(steps=1, mask=MaskDials(stop_step=1))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine() -> Engine:
    return Engine(lambda _: dummy.pipeline(), step_seconds=60, load_seconds=60)


def test_every_step_is_told_and_the_picture_is_the_pipelines_own(engine: Engine) -> None:
    steps: list[tuple[int, int]] = []
    drawn = engine.draw(dummy.spec(), [dummy.reference()], lambda *step: steps.append(step))
    assert steps == [(0, 0), (0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    alone = dummy.pipeline().draw(dummy.spec(), [dummy.reference()])
    assert drawn.pixel_digest == alone.pixel_digest == pixel_digest(drawn.image)


def test_a_picture_nobody_wants_stops_between_two_steps(engine: Engine) -> None:
    seen: list[int] = []

    def stop_after_two(step: int, steps: int) -> None:
        seen.append(step)
        if step == 2:
            raise Canceled

    with pytest.raises(Canceled):
        engine.draw(dummy.spec(), [dummy.reference()], stop_after_two)
    assert seen[-1] == 2
    assert engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None).pixel_digest


def test_pictures_are_drawn_one_after_the_other(engine: Engine) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def count(step: int, steps: int) -> None:
        nonlocal inside, most
        with lock:
            inside += {0: int(steps == 0)}.get(step, 0) - int(step == steps != 0)
            most = max(most, inside)

    threads = [
        threading.Thread(target=engine.draw, args=(dummy.spec(seed=n), [dummy.reference()], count)) for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most) == (0, 1)


def test_a_model_is_loaded_once_and_a_missing_one_fails_its_orders_only() -> None:
    loads: list[str] = []

    def load(profile: str) -> object:
        loads.append(profile)
        if len(loads) == 1:
            raise FileNotFoundError("weights/unet.safetensors")
        return dummy.pipeline()

    engine = Engine(load, step_seconds=60, load_seconds=60)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None)
    for _ in range(2):
        engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None)
    assert loads == ["studio", "studio"]


def test_a_step_that_hangs_ends_the_process() -> None:
    code = (
        "import threading\n"
        "from gpu_worker.engine import Engine\n"
        "from tests.generation import dummy\n"
        "pipeline = dummy.pipeline()\n"
        "pipeline.step_together = lambda requests: threading.Event().wait()\n"
        "engine = Engine(lambda _: pipeline, step_seconds=15, load_seconds=60)\n"
        "engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == HUNG_EXIT, done.stderr[-2000:]
    assert "step 1 hangs" in done.stderr


class Gathering:
    """Draws several specs at once on an engine whose batch fills up before the first step."""

    def __init__(self, engine: Engine, specs: list[GenerationSpec]) -> None:
        self.engine, self.specs = engine, specs
        self.open = threading.Event()
        self.results: dict[int, DrawResult | BaseException] = {}
        self.together = 0

    def run(self, on_step: Callable[[int, int, int], None] = lambda *_: None) -> dict[int, DrawResult | BaseException]:
        """Outcome by place; on_step(place, step, steps) may raise."""
        blocker = threading.Thread(target=self.engine.draw, args=(ONE_STEP, [dummy.reference()], self._wait))
        blocker.start()
        threads = [threading.Thread(target=self._draw, args=(n, on_step)) for n in range(len(self.specs))]
        for thread in threads:
            thread.start()
        while self.engine._jobs.qsize() < len(self.specs):
            time.sleep(0.01)
        self.open.set()
        for thread in [blocker, *threads]:
            thread.join(120)
        return self.results

    def _wait(self, step: int, steps: int) -> None:
        if steps == 0:
            self.open.wait(60)

    def _draw(self, place: int, on_step: Callable[[int, int, int], None]) -> None:
        try:
            self.results[place] = self.engine.draw(
                self.specs[place], [dummy.reference()], lambda step, steps: on_step(place, step, steps)
            )
        except Exception as error:
            self.results[place] = error


def slots(count: int) -> Engine:
    return Engine(lambda _: dummy.pipeline(), step_seconds=60, load_seconds=60, slots=count)


MIXED = [
    dummy.spec(seed=1, steps=3, mask=MaskDials(stop_step=2)),
    dummy.spec(seed=2, steps=5, mask=MaskDials(stop_step=2, scope=0.4)),
    dummy.spec(seed=3, steps=4, mask=MaskDials(stop_step=4), quantity=0.4),
    dummy.spec(seed=4, steps=2, mask=MaskDials(stop_step=1), guidance="paper"),
]


def test_pictures_share_a_batch_and_come_out_as_if_alone() -> None:
    drawn = Gathering(slots(3), MIXED).run()
    alone = dummy.pipeline()
    for place, spec in enumerate(MIXED):
        found, wanted = drawn[place], alone.draw(spec, [dummy.reference()])
        assert isinstance(found, DrawResult)
        difference = np.abs(np.asarray(found.image, dtype=int) - np.asarray(wanted.image, dtype=int))
        assert difference.max() <= 1
        assert np.array_equal(found.masks > 0, wanted.masks > 0)
        assert int(found.environment["company"]) >= 1
        assert "company" not in wanted.environment


def test_one_that_is_canceled_or_breaks_leaves_the_others_alone() -> None:
    engine = slots(4)

    def on_step(place: int, step: int, steps: int) -> None:
        if (place, step) == (1, 2):
            raise Canceled
        if (place, step) == (2, 1):
            raise RuntimeError("a broken listener")

    drawn = Gathering(engine, MIXED).run(on_step)
    assert isinstance(drawn[1], Canceled)
    assert isinstance(drawn[2], RuntimeError)
    for place in (0, 3):
        found = drawn[place]
        assert isinstance(found, DrawResult)
        assert np.array_equal(found.masks > 0, dummy.pipeline().draw(MIXED[place], [dummy.reference()]).masks > 0)


@pytest.mark.parametrize("breaks", ["latent", "memory"])
def test_a_failing_step_takes_only_its_own_picture(breaks: str) -> None:
    pipeline = dummy.pipeline()
    together = pipeline.step_together

    def step_together(requests: Sequence[DrawRequest]) -> None:
        if breaks == "memory" and len(requests) > 1:
            raise MemoryError("the batch does not fit")
        for request in requests:
            if breaks == "latent" and request.spec.seed == 2 and request.step == 1:
                request.denoising.latent = torch.full_like(request.denoising.latent, float("nan"))
        together(requests)

    pipeline.step_together = step_together  # type: ignore[method-assign]
    engine = Engine(lambda _: pipeline, step_seconds=60, load_seconds=60, slots=4)
    drawn = Gathering(engine, MIXED).run()
    failed = {place for place, found in drawn.items() if isinstance(found, Exception)}
    assert failed == ({1} if breaks == "latent" else set())
    if breaks == "latent":
        assert isinstance(drawn[1], NonFiniteLatent)


class Room:
    """A device that holds so many rows of the UNet at once and no more."""

    def __init__(self, pipeline: RealCustomPipeline, rows: int) -> None:
        self.rows, self.asked = rows, []  # type: tuple[int, list[int]]
        pipeline.parts.denoiser.unet.mid_block.register_forward_pre_hook(self._enter)

    def _enter(self, _: object, args: tuple[torch.Tensor, ...]) -> None:
        self.asked.append(len(args[0]))
        if len(args[0]) > self.rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_a_batch_that_does_not_fit_is_halved_once_and_for_all(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = dummy.pipeline()
    room = Room(pipeline, 4)
    engine = Engine(lambda _: pipeline, step_seconds=60, load_seconds=60, slots=4)
    specs = [dummy.spec(seed=seed) for seed in range(4)]
    drawn = Gathering(engine, specs).run()
    assert engine.slots == 2
    assert sum(rows > 4 for rows in room.asked) == 1, "tried once, not at every step"
    assert "4 pictures at once do not fit in memory: from now on 2" in caplog.text
    alone = dummy.pipeline()
    for place, spec in enumerate(specs):
        found = drawn[place]
        assert isinstance(found, DrawResult)
        assert np.array_equal(found.masks > 0, alone.draw(spec, [dummy.reference()]).masks > 0)


def test_a_picture_that_fits_nowhere_says_what_to_do_and_the_worker_goes_on() -> None:
    pipeline = dummy.pipeline()
    room = Room(pipeline, 1)
    engine = Engine(lambda _: pipeline, step_seconds=60, load_seconds=60, slots=2)
    with pytest.raises(DoesNotFit, match="ask for a smaller one or for fewer subjects") as raised:
        engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None)
    assert failure_of(raised.value).code == "out_of_memory"
    room.rows = 2
    assert engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None).pixel_digest


class Clock:
    """Tells the times it is given."""

    def __init__(self, *seconds: float) -> None:
        self.times = [time for taken in seconds for time in (0.0, taken)]

    def __call__(self) -> float:
        return self.times.pop(0)


@pytest.mark.parametrize(
    ("seconds", "best", "tried"),
    [
        ((1.0, 1.2, 1.5), 4, 3),
        ((1.0, 1.2, 2.39), 2, 3),
        ((1.0, 1.95, 3.9), 1, 3),
        ((11.0,), 1, 1),
        ((4.0, 7.0), 2, 2),
    ],
)
def test_the_batch_is_the_one_that_draws_most_a_second(seconds: tuple[float, ...], best: int, tried: int) -> None:
    found = measure(dummy.pipeline(), Clock(*seconds))
    assert (found.best, len(found.rates)) == (best, tried)


def test_what_does_not_fit_is_not_measured() -> None:
    pipeline = dummy.pipeline()
    Room(pipeline, 4)
    found = measure(pipeline, Clock(1.0, 1.0, 1.0))
    assert (found.best, list(found.rates)) == (2, [1, 2])


def test_an_engine_measures_the_model_it_loads_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    engine = Engine(lambda _: dummy.pipeline(), step_seconds=60, load_seconds=60, slots=None)
    assert engine.slots == 1
    assert engine.draw(ONE_STEP, [dummy.reference()], lambda *_: None).pixel_digest
    assert engine.slots in TRIED
    assert f"studio draws {engine.slots} at once (1 at once: " in caplog.text


def test_a_reference_is_remembered_for_its_tenant_alone_until_it_is_forgotten() -> None:
    pipeline = dummy.pipeline()
    encoder = pipeline.parts.visual_encoder.model  # type: ignore[attr-defined]
    engine = Engine(lambda _: pipeline, step_seconds=60, load_seconds=60)
    spec = ONE_STEP
    forwards = []
    for tenant in ("alice", "alice", "bob", "bob", ""):
        engine.draw(spec, [dummy.reference()], lambda *_: None, tenant=tenant)
        forwards.append(encoder.forwards)
    assert forwards == [2, 2, 3, 3, 4], "the blank once, then each tenant's own; nobody's is never kept"
    assert engine.forget("alice", spec.reference_digests) == 1
    assert engine.forget("carol", spec.reference_digests) == 0
    for tenant in ("alice", "bob"):
        engine.draw(spec, [dummy.reference()], lambda *_: None, tenant=tenant)
    assert encoder.forwards == 5
