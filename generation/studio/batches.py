"""Batches of the drawn world: every picture follows from the stage's seed, the step and its place in the batch."""

import random

import numpy as np
import torch
from torch import Tensor

from generation.studio.autoencoder import to_tensor
from generation.studio.world.render import Drawing, draw_picture

#: Validation pictures come from seeds no training step reaches.
VALIDATION_SEED = 1 << 60


def step_seed(seed: int, step: int) -> int:
    """One integer for a stage's seed and a step; steps of different seeds do not meet below 2 ** 40 pictures."""
    return (seed << 40) + step


def generator_at(seed: int, step: int) -> torch.Generator:
    """Noise of one step. On a CPU torch reads the lower 32 bits of a seed only, so both numbers are mixed into them."""
    return torch.Generator().manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))


def drawings_at(seed: int, step: int, count: int, *, mask: bool = False) -> list[Drawing]:
    """The training drawings of one step."""
    first = step_seed(seed, step * count)
    return [draw_picture(first + place, mask=mask) for place in range(count)]


def validation_drawings(count: int) -> list[Drawing]:
    """Held-out individuals, the same in every run."""
    return [draw_picture(VALIDATION_SEED + place, held_out=True, every_pair=True) for place in range(count)]


def pictures_of(drawings: list[Drawing]) -> Tensor:
    """(n, 3, 128, 128) in -1..1."""
    return to_tensor(np.stack([drawing.picture for drawing in drawings]))


def rng_at(seed: int, step: int) -> random.Random:
    return random.Random(step_seed(seed, step))
