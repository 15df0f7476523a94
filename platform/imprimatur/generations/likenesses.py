"""Which of its references does a picture look least like? The worker's scores, one for each reference.

The mean over references (`scores["similarity"]`) is high where one subject is right and the other is not. Like every
score these decide nothing, so what is not well formed is dropped rather than the picture.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any

from imprimatur.generations.models import Generation, Output
from imprimatur.library.models import ReferenceImage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """score: in [0, 1], of the picture to this reference alone. view: which of its subject, from 1. word: what stands
    for the subject in the prompt."""

    reference: ReferenceImage
    view: int
    word: str
    score: float


def checked(told: Any, row: Generation) -> list[list[float]]:
    """As it is kept: a score for each view of each subject of the row; empty where the worker told something else."""
    if not told:
        return []
    try:
        scores = [[float(score) for score in views] for views in told]
    except (TypeError, ValueError):
        scores = []
    counts = Counter(drawn.subject for drawn in row.drawn_from.all())
    views = [counts[subject] for subject in sorted(counts)]
    if [len(found) for found in scores] != views or not all(0 <= score <= 1 for found in scores for score in found):
        logger.warning("%s: its likenesses were dropped, they are not those of its references", row.public_id)
        return []
    return scores


def of(output: Output) -> list[Likeness]:
    """The least like first; empty for pictures whose worker did not tell."""
    row = output.generation
    scores = {(s, v): score for s, views in enumerate(output.likenesses) for v, score in enumerate(views)}
    found = [
        Likeness(
            reference=drawn.reference,
            view=drawn.view + 1,
            word=row.words[drawn.subject],
            score=scores[drawn.subject, drawn.view],
        )
        for drawn in row.drawn_from.all()
        if (drawn.subject, drawn.view) in scores
    ]
    return sorted(found, key=lambda likeness: likeness.score)
