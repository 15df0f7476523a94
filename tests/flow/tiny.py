"""The tiny random pipeline as a worker process loads it, at a pace that a test can interrupt."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from generation.pipeline import DrawRequest, RealCustomPipeline
from tests.generation import dummy


class Paced(RealCustomPipeline):
    """Draws as always, with a pause before each step."""

    pause = float(os.environ.get("TINY_STEP_SECONDS", "0"))

    def step_together(self, requests: Sequence[DrawRequest]) -> None:
        time.sleep(self.pause)
        super().step_together(requests)


def load_pipeline(profile: str, device: str) -> RealCustomPipeline:
    """Named by IMPRIMATUR_PIPELINES."""
    built = dummy.pipeline()
    return Paced(built.profile, built.parts)
