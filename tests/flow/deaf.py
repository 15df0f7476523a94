"""A worker that hears no command to drop what it draws: whatever it was told, it draws to the end and reports."""

from __future__ import annotations

from generation.pipeline import RealCustomPipeline
from gpu_worker.held import Held
from tests.flow import tiny


def load_pipeline(profile: str, device: str) -> RealCustomPipeline:
    """Named by IMPRIMATUR_PIPELINES."""
    Held.cancel = lambda *_: False  # type: ignore[method-assign]
    return tiny.load_pipeline(profile, device)
