"""Did a subject's word look where a subject can be? Warnings about masks too wide or too narrow.

A mask that keeps a fixed share of positions always has that area, so it says nothing about the word. What does is how
wide the word looks before positions are kept: the share of positions above half of its map's maximum
(`masks.spread`). Either figure beyond its limit is reported, per subject, of the last mask made.
"""

from __future__ import annotations

from collections.abc import Sequence

from generation.denoising import Subject
from generation.explain import COLLAPSE_SHARE, LEAK_SHARE, Note
from generation.masks import kept_share
from generation.spec import SubjectSpec


def mask_notes(specs: Sequence[SubjectSpec], subjects: Sequence[Subject]) -> list[Note]:
    """`leak` and `collapse`, each at most once a subject."""
    notes = []
    for spec, subject in zip(specs, subjects, strict=True):
        area, spread = _area(subject), float(subject.spreads[-1][0])
        notes += _area_notes(spec.word, area, bounded=subject.area > 0) or _spread_notes(spec.word, spread)
    return notes


def _area(subject: Subject) -> float:
    """Share of the picture that the last mask kept; of the bound's positions where there is a bound."""
    mask = subject.masks[-1]
    share = float(kept_share(mask)[0])
    return share * mask[0].numel() / subject.area if subject.area else share


def _area_notes(word: str, area: float, *, bounded: bool) -> list[Note]:
    """Somebody who drew a bound may well fill it."""
    if area > LEAK_SHARE and not bounded:
        return [Note("leak", f"the reference of “{word}” acted on {area:.0%} of the picture: lower the mask scope")]
    if area < COLLAPSE_SHARE:
        return [Note("collapse", f"the reference of “{word}” acted on {area:.0%} of the picture: raise the mask scope")]
    return []


def _spread_notes(word: str, spread: float) -> list[Note]:
    if spread > LEAK_SHARE:
        return [
            Note("leak", f"“{word}” looks at {spread:.0%} of the picture, at no place in particular: say where it is")
        ]
    if spread < COLLAPSE_SHARE:
        return [
            Note("collapse", f"“{word}” looks at only {spread:.0%} of the picture: give it more room in the prompt")
        ]
    return []
