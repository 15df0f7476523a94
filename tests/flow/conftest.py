from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World
from tests.flow.stack import Stack, stack_in


@pytest.fixture
def stack(committed_world: World, tmp_path: Path) -> Iterator[Stack]:
    """Nothing runs yet; whatever a test starts ends with it, before the database is emptied."""
    with stack_in(tmp_path) as stack:
        yield stack
