"""Why does a picture look as it does? The worker's account, kept with the picture: shares of words and visual tokens.

It decides nothing, so one that is not well formed is dropped rather than the picture.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import numpy as np

from generation.tracing import Explanation
from imprimatur.generations.models import Output

logger = logging.getLogger(__name__)

MOST_WORDS: Final = 77  # what text encoders read
MOST_SUBJECTS, MOST_REFERENCES, MOST_SIDE = 4, 4, 64


def checked(told: dict[str, Any]) -> dict[str, Any]:
    """The account as it is kept; empty where there is none, or where it is not what `Explanation` says."""
    if not told:
        return {}
    try:
        explanation = Explanation.from_json(told)
        _check(explanation)
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("an explanation was dropped: %s", error)
        return {}
    return explanation.to_json()


def of(output: Output) -> dict[str, Any]:
    """Everything review shows about why: words with their shares, tokens, area of the mask, warnings, scores."""
    told = output.explanation or {"words": [], "inside": [], "outside": [], "tokens": []}
    shares = zip(told["words"], told["inside"], told["outside"], strict=True)
    return {
        "words": [{"word": word, "inside": inside, "outside": outside} for word, inside, outside in shares],
        "tokens": told["tokens"],
        "mask_area": output.mask_area,
        "warnings": output.warnings,
        "scores": output.scores,
    }


def _check(explanation: Explanation) -> None:
    """Raise ValueError for sizes and shares that no picture has."""
    counts = {len(explanation.words), len(explanation.inside), len(explanation.outside)}
    if (
        len(counts) != 1
        or len(explanation.words) > MOST_WORDS
        or not all(isinstance(w, str) for w in explanation.words)
    ):
        raise ValueError("words and shares do not belong together")
    if len(explanation.tokens) > MOST_SUBJECTS:
        raise ValueError("too many subjects")
    for grids in explanation.tokens:
        if grids.ndim != 3 or grids.shape[0] > MOST_REFERENCES or max(grids.shape[1:]) > MOST_SIDE:
            raise ValueError(f"token grids of shape {grids.shape}")
    figures = [*explanation.inside, *explanation.outside, *(f for g in explanation.tokens for f in (g.min(), g.max()))]
    if not all(np.isfinite(f) and 0 <= f <= 1 for f in figures):
        raise ValueError("shares outside 0 to 1")
