"""A worker that is switched off is gone within five seconds, busy loading or idle, by itself.

The seconds are those it gives itself. What a busy machine adds is no fault of the worker; ten minutes of loading are.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.permit import ensure_permit_keys
from governance.worker_keys import ensure_worker_keys
from gpu_worker.config import LEAVE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
LOADER = """
import time


def load_pipeline(profile, device):
    time.sleep({seconds})
    raise RuntimeError("no model")
"""
LOADING = 600
pytestmark = [pytest.mark.slow]


class Worker:
    """A real worker process on a folder of its own, whose model takes `seconds` to load."""

    def __init__(self, home: Path, seconds: int) -> None:
        ensure_permit_keys(home / "pki")
        ensure_worker_keys(home / "worker", home / "pki")
        (home / "slow_model.py").write_text(LOADER.format(seconds=seconds))
        surroundings = {k: v for k, v in os.environ.items() if not k.startswith("IMPRIMATUR_")} | {
            "IMPRIMATUR_HOME": str(home),
            "IMPRIMATUR_PIPELINES": "slow_model:load_pipeline",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform"), str(home)]),
        }
        self.log = home / "worker.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "gpu_worker.celery", "worker", "--loglevel=INFO"],
                cwd=ROOT, env=surroundings, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def until_said(self, words: str) -> None:
        end = time.monotonic() + 180
        while words not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def leave(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LOADING / 5)


@pytest.fixture
def worker(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Worker]:
    running = Worker(tmp_path, request.param)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


@pytest.mark.parametrize("worker", [0, LOADING], indirect=True, ids=["idle", "loading"])
def test_it_is_gone_within_five_seconds(worker: Worker) -> None:
    worker.until_said("ready.")
    time.sleep(2)
    assert LEAVE_SECONDS < 5
    assert worker.leave() == 0
    assert "leaving:" in worker.log.read_text()
