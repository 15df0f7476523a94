"""Where may a subject be? Boxes and sketches become bounds of its mask."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from generation.reference_quality import flatten
from generation.spec import Box, InvalidSpec, SubjectSpec

BLACK = 0.05  # a sketch darker than this keeps the subject out


def bound_of(subject: SubjectSpec, sketch: Image.Image | None, size: tuple[int, int]) -> Tensor | None:
    """(1, 1, height, width) in [0, 1] at the mask's size, or None where the subject may be anywhere.

    Raises InvalidSpec when box and sketch leave it no place, or when a sketch is named but not given, or not named.
    """
    if bool(subject.sketch_digest) != (sketch is not None):
        raise InvalidSpec(f"“{subject.word}”: a sketch needs both its picture and its digest in the spec")
    bounds = [] if subject.box is None else [_inside(subject.box, size)]
    bounds += [] if sketch is None else [_white(sketch, size)]
    if not bounds:
        return None
    bound = torch.stack(bounds).prod(dim=0)
    if not bound.any():
        raise InvalidSpec(
            f"“{subject.word}” has no place: its box and sketch leave none of the mask's {size[1]} x {size[0]} "
            "positions; make them larger, or let them overlap"
        )
    return bound[None, None]


def _inside(box: Box, size: tuple[int, int]) -> Tensor:
    """1 where at least half of a position lies in the box."""
    rows, columns = _covered(box.top, box.bottom, size[0]), _covered(box.left, box.right, size[1])
    return (rows[:, None] * columns >= 0.5).float()


def _covered(start: float, end: float, count: int) -> Tensor:
    """Share of each of `count` equal parts of [0, 1] that lies between start and end."""
    edges = torch.arange(count + 1, dtype=torch.float64) / count
    return ((edges[1:].clamp(max=end) - edges[:-1].clamp(min=start)).clamp(min=0) * count).float()


def _white(sketch: Image.Image, size: tuple[int, int]) -> Tensor:
    """How white the sketch is at each position; nearly black is 0."""
    grey = flatten(sketch).convert("L").resize((size[1], size[0]), Image.Resampling.BOX)
    white = torch.from_numpy(np.asarray(grey, dtype=np.float32) / 255)
    return white * (white >= BLACK)
