"""Does the mask keep what its dials say?"""

from __future__ import annotations

import pytest
import torch

from generation import masks
from generation.spec import InvalidSpec, MaskDials
from tests.generation import dummy

MAPS = [torch.rand(2, 4, 6, generator=torch.Generator().manual_seed(i)) for i in range(3)]


@pytest.mark.parametrize("scope", [0.05, 0.25, 0.6, 1.0])
def test_top_k_keeps_exactly_the_strongest_share(scope: float) -> None:
    mean = masks.combine(masks.stack(MAPS, (8, 12)), "min_max_norm")
    kept = masks.top_k(mean, scope, binary=True)
    count = max(1, int(scope * 96))
    assert kept.flatten(1).sum(1).tolist() == [count, count]
    assert (mean * kept).flatten(1).sum(1).tolist() == pytest.approx(mean.flatten(1).topk(count).values.sum(1).tolist())


def test_soft_masks_keep_their_score() -> None:
    mask = masks.guidance_mask(MAPS, (8, 12), MaskDials(scope=0.5))
    assert mask.max() <= 1
    assert len(mask.unique()) > 40


def test_threshold_keeps_what_lies_above() -> None:
    mean = masks.combine(masks.stack(MAPS, (4, 6)), "max_norm")
    kept = masks.guidance_mask(MAPS, (4, 6), MaskDials(norm="max_norm", select="threshold", scope=0.3))
    assert torch.equal(kept > 0, mean > 0.7)


def test_a_scope_too_small_for_one_position_keeps_one() -> None:
    mean = masks.combine(masks.stack(MAPS, (4, 6)), "max_norm")
    assert (masks.top_k(mean, 0.01) > 0).flatten(1).sum(1).tolist() == [1, 1]


def test_a_flat_map_stays_finite() -> None:
    assert torch.isfinite(masks.guidance_mask([torch.zeros(1, 4, 4)], (4, 4), MaskDials())).all()


@pytest.mark.parametrize("scope", [0.0, 1.01, -1.0])
def test_a_scope_outside_its_range_is_refused_by_name(scope: float) -> None:
    with pytest.raises(InvalidSpec, match="mask scope must lie between"):
        dummy.spec(mask=MaskDials(scope=scope))


def test_an_unknown_norm_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown mask norm"):
        masks.combine(MAPS[0][:, None], "softmax")


def test_no_maps_is_an_error() -> None:
    with pytest.raises(ValueError, match="no cross-attention"):
        masks.stack([], (4, 4))
