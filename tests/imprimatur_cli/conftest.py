"""Commands that draw on this machine: their own keys, their own language, a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import generation.loading
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
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "bottle.png"
    dummy.reference().save(path)
    return path
