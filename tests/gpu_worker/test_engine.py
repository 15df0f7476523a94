from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from generation.pipeline import pixel_digest
from gpu_worker.engine import HUNG_EXIT, Engine
from gpu_worker.outcomes import Canceled
from tests.generation import dummy

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
        "pipeline.step = lambda request: threading.Event().wait()\n"
        "engine = Engine(lambda _: pipeline, step_seconds=15, load_seconds=60)\n"
        "engine.draw(dummy.spec(), [dummy.reference()], lambda *_: None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == HUNG_EXIT, done.stderr[-2000:]
    assert "step 1 hangs" in done.stderr
