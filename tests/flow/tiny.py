"""The tiny random pipeline as a worker process loads it, at a pace that a test can interrupt."""

from __future__ import annotations

import os
import time
from typing import Any

from generation.pipeline import RealCustomPipeline
from tests.generation import dummy


class Paced(RealCustomPipeline):
    """Draws as always, with a pause after each step."""

    pause = float(os.environ.get("TINY_STEP_SECONDS", "0"))

    def step(self, request: Any) -> Any:
        time.sleep(self.pause)
        return super().step(request)


def load_pipeline(profile: str, device: str) -> RealCustomPipeline:
    """Named by IMPRIMATUR_PIPELINES."""
    built = dummy.pipeline()
    return Paced(built.profile, built.parts)
