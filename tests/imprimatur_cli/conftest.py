"""Commands that draw on this machine: their own keys, their own language, a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import generation.loading
from generation.evaluation.judge import StudioJudge
from generation.pipeline import RealCustomPipeline
from generation.studio.attributes import CLASSES
from generation.studio.vision_networks import StudioEvaluator
from tests.generation import dummy


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("IMPRIMATUR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("LC_ALL", "LC_MESSAGES", "IMPRIMATUR_SIGNER_KEY", "IMPRIMATUR_TRUST_ANCHORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(generation.loading, "load_pipeline", lambda profile, device: dummy.pipeline())
    yield tmp_path


@pytest.fixture
def drawn(here: Path, monkeypatch: pytest.MonkeyPatch) -> list[RealCustomPipeline]:
    """Every pipeline that was loaded; tiny, with a judge."""
    loaded: list[RealCustomPipeline] = []

    def load(profile: str, device: str) -> RealCustomPipeline:
        torch.manual_seed(0)
        loaded.append(dummy.pipeline(judge=StudioJudge(StudioEvaluator(CLASSES))))
        return loaded[-1]

    monkeypatch.setattr(generation.loading, "load_pipeline", load)
    return loaded


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "bottle.png"
    dummy.reference().save(path)
    return path
