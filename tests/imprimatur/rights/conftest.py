from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nobody_came_before() -> Iterator[None]:
    """Links are opened at a pace, by address; all tests share one, and none's visits count against another's."""
    cache.clear()
    yield
    cache.clear()
