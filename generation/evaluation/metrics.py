"""Was the individual kept, and were the words obeyed? Figures of pictures whose truth is known, each in [0, 1].

The studio's world draws its references, so what a picture should show is no opinion. A network that shares no weight
with the model names what it sees; its own accuracy on held-out drawings (`generation.studio.looking.evaluator_figures`)
bounds what these can say and belongs beside them.

- main, accent, pattern, emblem: 1 where the evaluator names that of the individual. recovery: their mean.
- similarity: cosine of the evaluator's embeddings of picture and reference, 0 where negative.
- text_match: share, of what the prompt names of kind, scene, position, size and accessory, that the evaluator names.
- surroundings: the evaluator's belief in the scene that the prompt names, once the subject is painted over with the
  mean colour of the rest. `leak`: by how much it falls from the picture that words alone draw from the same noise to
  the one with a reference; 0 where it does not fall.
- drift: mean absolute difference of the two pictures outside of both subjects, as a share of the range. What a
  reference does where it has nothing to say.
- copied: greatest of 0 and the correlation of picture and reference, as luma of GRID x GRID, also mirrored. A subject
  set into another scene at another size lies low; a reference pasted whole at 1.
- variety: 1 - the mean of that correlation over pairs of pictures of one individual and prompt under other seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from generation.studio.drawing import Trial
from generation.studio.vision_networks import StudioEvaluator
from generation.studio.world.layout import PLAIN

RECOVERED: Final = ("main", "accent", "pattern", "emblem")
LAID_OUT: Final = ("position", "size", "accessory")
GRID: Final = 32
COVERED: Final = 0.25  # of a place's weight, once enlarged: above it a pixel is the subject's
LUMA: Final = (0.299, 0.587, 0.114)

Figures = dict[str, float]


def asked(row: Trial) -> dict[str, str]:
    """What the prompt names: head -> class. A plain layout is not put into words, nor are the looks."""
    layout = {head: str(getattr(row.layout, head)) for head in LAID_OUT}
    return {"kind": row.individual.kind, "scene": row.scene} | {
        h: word for h, word in layout.items() if word != getattr(PLAIN, h)
    }


@torch.inference_mode()
def figures(
    evaluator: StudioEvaluator,
    pictures: Tensor,
    rows: Sequence[Trial],
    places: Tensor | None = None,
    portraits: Tensor | None = None,
) -> list[Figures]:
    """One dict a picture (n, 3, 128, 128) in -1..1: all that a picture says by itself.

    places: where the subjects are (`locating.subject_places`), (n, 1, h, w); surroundings are left out without.
    portraits: what similarity is to, as the pictures, where the references show more than the individual.
    Raises ValueError where pictures and rows differ in number, or for an evaluator without an embedding.
    """
    if len(pictures) != len(rows):
        raise ValueError(f"{len(pictures)} pictures for {len(rows)} trials")
    references = torch.cat([row.reference for row in rows])
    meant = references if portraits is None else portraits
    seen = evaluator.see(pictures)
    near = (evaluator.embed(seen) * evaluator.embed(evaluator.see(meant))).sum(1).clamp(0, 1)
    copied = torch.maximum(correlation(pictures, references), correlation(pictures, references.flip(3)))
    named = _named(evaluator.heads(seen), evaluator.config["classes"])
    made = [
        _kept(row, {head: names[i] for head, names in named.items()})
        | {"similarity": float(near[i]), "copied": float(copied[i])}
        for i, row in enumerate(rows)
    ]
    if places is not None:
        for found, belief in zip(made, _surroundings(evaluator, pictures, rows, places), strict=True):
            found["surroundings"] = belief
    return made


def leak(surroundings: float, plain: float) -> float:
    """Of the surroundings with a reference and of those that words alone draw."""
    return max(0.0, plain - surroundings)


def drift(pictures: Tensor, plain: Tensor, places: Tensor, plain_places: Tensor) -> list[float]:
    """Of (n, 3, h, w) and what words alone draw from the same noise, outside of both places (n, 1, ...)."""
    outside = ~(covered(places, pictures) | covered(plain_places, pictures))
    differences = (pictures - plain).abs().mean(1, keepdim=True) / 2
    found: list[float] = ((differences * outside).sum((1, 2, 3)) / outside.sum((1, 2, 3)).clamp(min=1)).tolist()
    return found


def covered(places: Tensor, pictures: Tensor) -> Tensor:
    """(n, 1, h, w) bool at the pictures' size: where the subject is taken to be."""
    enlarged = F.interpolate(places.float(), size=pictures.shape[-2:], mode="bilinear", align_corners=False)
    return enlarged > COVERED


def painted_over(pictures: Tensor, places: Tensor) -> Tensor:
    """(n, 3, h, w) with the mean colour of the rest where the subjects are."""
    hidden = covered(places, pictures)
    rest = (pictures * ~hidden).sum((2, 3), keepdim=True) / (~hidden).sum((2, 3), keepdim=True).clamp(min=1)
    return torch.where(hidden, rest, pictures)


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """(n,) Pearson correlation of the small lumas of (n, 3, h, w) and (n, 3, h, w), 0 where negative or flat."""
    return F.cosine_similarity(_small_luma(a), _small_luma(b), dim=1).clamp(0, 1)


def variety(pictures: Tensor) -> float:
    """Of (n, 3, h, w), n >= 2, of one individual and prompt. Raises ValueError for fewer."""
    if len(pictures) < 2:
        raise ValueError("variety needs at least two pictures")
    first, second = zip(*combinations(range(len(pictures)), 2), strict=True)
    return 1 - float(correlation(pictures[list(first)], pictures[list(second)]).mean())


def _named(logits: Mapping[str, Tensor], classes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The likeliest class a head, picture by picture."""
    return {head: [classes[head][i] for i in rows.argmax(1).tolist()] for head, rows in logits.items()}


def _kept(row: Trial, named: Mapping[str, str]) -> Figures:
    """What is simply right or wrong."""
    right = {head: float(named[head] == getattr(row.individual, head)) for head in RECOVERED}
    words = asked(row)
    obeyed = sum(named[head] == word for head, word in words.items())
    return right | {"recovery": sum(right.values()) / len(right), "text_match": obeyed / len(words)}


def _surroundings(evaluator: StudioEvaluator, pictures: Tensor, rows: Sequence[Trial], places: Tensor) -> list[float]:
    beliefs = evaluator(painted_over(pictures, places))["scene"].float().softmax(1)
    wanted = torch.tensor([evaluator.config["classes"]["scene"].index(row.scene) for row in rows])[:, None]
    found: list[float] = beliefs.gather(1, wanted)[:, 0].tolist()
    return found


def _small_luma(pictures: Tensor) -> Tensor:
    """(n, GRID * GRID), of mean 0."""
    luma = (pictures.float() * torch.tensor(LUMA)[None, :, None, None]).sum(1, keepdim=True)
    small = F.adaptive_avg_pool2d(luma, GRID).flatten(1)
    return small - small.mean(1, keepdim=True)
