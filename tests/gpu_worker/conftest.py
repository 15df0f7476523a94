from __future__ import annotations

from pathlib import Path

import pytest

from governance.pki import DevelopmentKeyWarning
from tests.gpu_worker.bench import Bench, make_bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A workshop in a fresh folder."""
    with pytest.warns(DevelopmentKeyWarning):
        return make_bench(tmp_path)
