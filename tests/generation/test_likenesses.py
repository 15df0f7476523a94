"""Is a picture told how like it is to each of its references, beside the mean over all?"""

from __future__ import annotations

from statistics import fmean

import pytest
import torch

from generation.evaluation.judge import StudioJudge
from generation.requests import DrawResult
from generation.spec import SubjectSpec
from generation.studio.attributes import CLASSES
from generation.studio.vision_networks import StudioEvaluator
from tests.generation import dummy

ONE, TWO, THREE = ("0" * 64, "1" * 64, "2" * 64)


@pytest.fixture(scope="module")
def judge() -> StudioJudge:
    torch.manual_seed(0)
    return StudioJudge(StudioEvaluator(CLASSES).eval())


def drawn(judge: StudioJudge | None, *subjects: tuple[str, ...]) -> DrawResult:
    """A picture of one or two subjects, each with as many references as it has digests."""
    first, *others = subjects
    spec = dummy.spec(
        prompt="a bottle beside a mug",
        reference_digests=first,
        others=tuple(SubjectSpec(word="mug", reference_digests=digests) for digests in others),
    )
    turned = [dummy.reference().rotate(90 * n) for n in range(sum(map(len, subjects)))]
    return dummy.pipeline(judge=judge).draw(spec, turned)


def test_a_single_reference_is_as_like_as_all_together(judge: StudioJudge) -> None:
    result = drawn(judge, (ONE,))
    assert result.likenesses == [[result.scores["similarity"]]]


def test_each_view_of_each_subject_has_its_own(judge: StudioJudge) -> None:
    result = drawn(judge, (ONE, TWO), (THREE,))
    assert [len(views) for views in result.likenesses] == [2, 1]
    alone = [score for views in result.likenesses for score in views]
    assert len(set(alone)) == 3
    assert fmean(alone) == pytest.approx(result.scores["similarity"], abs=1e-4)


def test_without_a_judge_there_is_none() -> None:
    assert drawn(None, (ONE,), (TWO,)).likenesses == []
