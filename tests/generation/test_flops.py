"""Is the work of a picture what the method needs, and no more? Counted at true size, relative to plain guidance."""

from __future__ import annotations

from functools import cache

import pytest

from generation.spec import Effort
from tests.generation.full_size import SD15, SDXL, FullSize, picture_flops, plain_flops, reference_flops

CONFIGS = {"sd15": SD15, "sdxl": SDXL}


@cache
def size(name: str) -> tuple[FullSize, int]:
    full = FullSize(CONFIGS[name])
    return full, plain_flops(full)


@pytest.mark.parametrize(
    ("name", "effort", "most"),
    [("sd15", "exact", 1.22), ("sdxl", "exact", 1.24), ("sd15", "fast", 1.0), ("sdxl", "fast", 1.0)],
)
def test_flops_of_25_steps_beside_plain_guidance(name: str, effort: Effort, most: float) -> None:
    full, plain = size(name)
    ratio = picture_flops(full, effort) / plain
    print(f"{name} {effort}: {ratio:.3f} of {plain / 1e12:.1f} TF")  # noqa: T201 - shown by pytest -s
    assert 0.7 < ratio <= most


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_flops_beside_the_releases_way_never_frozen(name: str) -> None:
    full, plain = size(name)
    reference = reference_flops(full)
    ratio = picture_flops(full, "exact") / reference
    print(f"{name}: {ratio:.3f} of the release's way, which is {reference / plain:.3f} of plain")  # noqa: T201
    assert ratio <= 0.80
