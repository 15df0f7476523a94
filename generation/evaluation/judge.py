"""Is it the same subject, and were the words obeyed? Scores of one picture, cheap enough to be always on.

The studio judge reads both pictures with the evaluator, a network that shares no weight with the model it judges:

- similarity: how far the evaluator's beliefs about the reference and about the picture agree, the Bhattacharyya
  coefficient sum_i sqrt(p_i q_i) (Bhattacharyya 1943), averaged over kind, colours, pattern and emblem.
- text_match: the evaluator's belief in the kind and the scene that the prompt names, averaged over those it names.
- sharpness: mean absolute Laplacian of the luma, 1 at SHARP and above.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from generation.encoders import square, to_tensor

SUBJECT_HEADS: Final = ("kind", "main", "accent", "pattern", "emblem")
TEXT_HEADS: Final = ("kind", "scene")
SHARP: Final = 12.0  # mean |Laplacian| in grey levels; drawings of the studio's world lie at 12 and above
SIZE: Final = 128


class Judge(Protocol):
    """Scores in [0, 1], by name; a score that cannot be given is left out."""

    def scores(self, picture: Image.Image, reference: Image.Image, prompt: str) -> dict[str, float]:
        """similarity, text_match and sharpness of `picture`."""


class StudioJudge:
    """The judge of the studio profile. `classes` names the evaluator's classes, head by head."""

    def __init__(self, evaluator: nn.Module, classes: Mapping[str, list[str]]) -> None:
        self.evaluator = evaluator.eval()
        self.classes = classes

    @torch.inference_mode()
    def scores(self, picture: Image.Image, reference: Image.Image, prompt: str) -> dict[str, float]:
        """See Judge. text_match is left out where the prompt names neither a known kind nor a known scene."""
        pixels = torch.cat([to_tensor(square(image, SIZE)) for image in (picture, reference)])
        beliefs = {head: logits.float().softmax(1) for head, logits in self.evaluator(pixels).items()}
        found = {"similarity": _agreement(beliefs), "sharpness": sharpness(picture)}
        match = self._text_match(beliefs, prompt)
        return found if match is None else found | {"text_match": match}

    def _text_match(self, beliefs: Mapping[str, Tensor], prompt: str) -> float | None:
        words = set(re.findall(r"[a-z]+", prompt.casefold()))
        asked = [
            float(beliefs[head][0, index])
            for head in TEXT_HEADS
            for index, name in enumerate(self.classes[head])
            if name in words
        ]
        return sum(asked) / len(asked) if asked else None


def _agreement(beliefs: Mapping[str, Tensor]) -> float:
    shared = [float((beliefs[h][0] * beliefs[h][1]).sqrt().sum()) for h in SUBJECT_HEADS if h in beliefs]
    return min(1.0, sum(shared) / len(shared))


def sharpness(picture: Image.Image) -> float:
    """Mean |4 L(y, x) - its four neighbours| of the luma L in grey levels, over SHARP, at most 1."""
    luma = np.asarray(picture.convert("L"), dtype=np.float32)
    inner = 4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:]
    return float(min(1.0, np.abs(inner).mean() / SHARP))
