"""Is it the same subject, were the words obeyed, did the reference spill over? Scores of one picture, always on.

The studio judge reads both pictures with the evaluator, a network that shares no weight with the model it judges:

- similarity: how far the evaluator's beliefs about the reference and about the picture agree, the Bhattacharyya
  coefficient sum_i sqrt(p_i q_i) (Bhattacharyya 1943), averaged over kind, colours, pattern and emblem; where the
  evaluator has an embedding of individuals, the mean of that and of the embeddings' cosine.
- text_match: the evaluator's belief in what the prompt names of kind, scene, position, size and accessory, averaged
  over those it names.
- leak: how little what lies outside the subject's mask follows the words. The subject is painted over with the mean
  colour of the rest (the evaluator then still names 100 of 100 drawn scenes); the leak is what is left of its belief
  beside the scene that the prompt names. Where it names none: how far the rest looks like the reference's own place,
  sum_i sqrt(p_i q_i) over scenes. 0 is none.
- sharpness: mean absolute Laplacian of the luma over its standard deviation, 1 at SHARP and above, so that a pale
  picture does not count as blurred. It is taken at no more than SIDE pixels. A drawing of the studio's world lies at
  0.29 (median of 100) and at 0.11 once blurred by one pixel.

`generation.evaluation.photo_judge` gives the same four for photographs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from generation.encoders import square, to_tensor

SUBJECT_HEADS: Final = ("kind", "main", "accent", "pattern", "emblem")
TEXT_HEADS: Final = ("kind", "scene", "position", "size", "accessory")
SURROUNDINGS: Final = "scene"
SHARP: Final = 0.3  # |Laplacian| in standard deviations
SIDE: Final = 512
SIZE: Final = 128
COVERED: Final = 0.25  # of the mask's maximum: the subject is taken to be where the mask is above

Scores = dict[str, float]
Beliefs = Mapping[str, Tensor]  # head -> (b, classes), each row sums to 1
PlaceMask = NDArray[np.float32]  # (h, w) in [0, 1]


class Judge(Protocol):
    """Scores in [0, 1], by name; a score that cannot be given is left out."""

    def scores(
        self, picture: Image.Image, references: Sequence[Image.Image], prompt: str, mask: PlaceMask | None = None
    ) -> Scores:
        """similarity, text_match, leak and sharpness of `picture`. mask: where the subjects may be, at any size."""


class StudioJudge:
    """The judge of the studio profile. `classes` names the evaluator's classes, head by head; its own if left out."""

    def __init__(self, evaluator: Any, classes: Mapping[str, Sequence[str]] | None = None) -> None:
        self.evaluator = evaluator.eval()
        self.classes = classes or evaluator.config["classes"]

    @torch.inference_mode()
    def scores(
        self,
        picture: Image.Image,
        references: Sequence[Image.Image],
        prompt: str,
        mask: PlaceMask | None = None,
    ) -> Scores:
        """See Judge. text_match is left out where the prompt names nothing that the evaluator knows."""
        rest = picture if mask is None else without_subject(picture, mask)
        pixels = torch.cat([to_tensor(square(image, SIZE)) for image in (rest, picture, *references)])
        seen = self.evaluator.see(pixels)
        beliefs = {head: logits.float().softmax(1) for head, logits in self.evaluator.heads(seen).items()}
        asked = {head: self._named(head, prompt) for head in TEXT_HEADS if head in beliefs}
        whole = {head: belief[1:] for head, belief in beliefs.items()}
        found = {"similarity": self._similarity(whole, seen[1:]), "sharpness": sharpness(picture)}
        if any(asked.values()):
            found["text_match"] = _belief_in(whole, asked)
        if SURROUNDINGS in beliefs:
            scenes = beliefs[SURROUNDINGS]
            found["leak"] = _leak(scenes[0], scenes[2:], asked[SURROUNDINGS])
        return found

    def _similarity(self, beliefs: Beliefs, seen: Tensor) -> float:
        agreed = _agreement(beliefs)
        if self.evaluator.to_embedding is None:
            return agreed
        embedded = self.evaluator.embed(seen)
        near = float((embedded[1:] @ embedded[0]).mean().clamp(0, 1))
        return (agreed + near) / 2

    def _named(self, head: str, prompt: str) -> list[int]:
        """Classes whose word the prompt holds."""
        words = set(re.findall(r"[a-z]+", prompt.casefold()))
        return [index for index, name in enumerate(self.classes[head]) if name in words]


def _agreement(beliefs: Beliefs) -> float:
    shared = [(beliefs[h][:1] * beliefs[h][1:]).sqrt().sum(1).mean() for h in SUBJECT_HEADS if h in beliefs]
    return min(1.0, float(torch.stack(shared).mean()))


def _belief_in(beliefs: Beliefs, asked: Mapping[str, list[int]]) -> float:
    """The classes of one head exclude each other, so its belief is in any of those named."""
    found = [float(beliefs[head][0, indices].sum()) for head, indices in asked.items() if indices]
    return min(1.0, sum(found) / len(found))


def _leak(rest: Tensor, references: Tensor, asked: list[int]) -> float:
    """rest (scenes,) believed of what lies outside the mask, references (b, scenes) of the references."""
    if asked:
        return max(0.0, 1 - float(rest[asked].sum()))
    return min(1.0, float((rest * references).sqrt().sum(1).mean()))


def without_subject(picture: Image.Image, mask: PlaceMask) -> Image.Image:
    """The picture with the mean colour of the rest where the mask, enlarged to it, is above COVERED of its maximum.

    Unchanged where the mask covers nothing or everything.
    """
    enlarged = Image.fromarray(mask.astype(np.float32), "F").resize(picture.size, Image.Resampling.BILINEAR)
    covered = np.asarray(enlarged) > COVERED * float(mask.max())
    if not covered.any() or covered.all():
        return picture
    pixels = np.asarray(picture.convert("RGB")).copy()
    pixels[covered] = pixels[~covered].mean(axis=0).round()
    return Image.fromarray(pixels, "RGB")


def sharpness(picture: Image.Image) -> float:
    """Mean |4 L(y, x) - its four neighbours| of the luma L, over its deviation and SHARP, at most 1; 0 if flat."""
    grey = picture.convert("L")
    grey.thumbnail((SIDE, SIDE))
    luma = np.asarray(grey, dtype=np.float32)
    inner = 4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:]
    deviation = float(luma.std())
    return float(min(1.0, np.abs(inner).mean() / deviation / SHARP)) if deviation > 0 else 0.0
