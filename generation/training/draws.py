"""Every random choice of the loss, made beforehand from the numbers of step and row.

So a resumed run repeats an unbroken one, and two half batches are one whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

MaskKind = Literal["own", "perfect", "none"]
#: Streams of random numbers of one seed that never meet.
_ROW, _STEP, EPOCH, CROP = 0, 1, 2, 3


@dataclass(frozen=True)
class Recipe:
    """How pairs are made hard (RealCustom, section 3.2, unless it says otherwise).

    quantity: the share of visual tokens let in (gamma_num) is uniform between these.
    text_dropout, reference_dropout: share of rows without words, and with a blank reference, for classifier-free
    guidance. time_exponent: time steps are T u ** exponent, u uniform; 1 is uniform, less favours noise.
    own_mask, perfect_mask: share of steps in which the reference acts under the guidance mask the model itself would
    draw with, where pairs name their word, or under the subject's own place, where they know it; in all others it
    acts everywhere, as in the paper. scope: such masks keep a share uniform between these.
    """

    quantity: tuple[float, float] = (0.3, 1.0)
    text_dropout: float = 0.1
    reference_dropout: float = 0.1
    time_exponent: float = 1.0
    own_mask: float = 0.0
    perfect_mask: float = 0.0
    scope: tuple[float, float] = (0.15, 0.45)


@dataclass(frozen=True)
class Draws:
    """What chance decided for one micro-batch of b rows.

    noise, encoding (b, c, h, w): added to the latents, and the autoencoder's own. times (b,): in 0..T-1.
    words, references (b,): 1 where the row keeps them. quantity, mask, scope: of the whole step.
    """

    noise: Tensor
    encoding: Tensor
    times: Tensor
    words: Tensor
    references: Tensor
    quantity: float
    mask: MaskKind
    scope: float


def generator(seed: int, stream: int, number: int) -> np.random.Generator:
    """Of one row or step. Philox takes the whole key; torch's CPU generator would use its lower 32 bits alone."""
    return np.random.Generator(np.random.Philox(key=[seed * 4 + stream, number]))


def draws_at(
    recipe: Recipe, seed: int, *, step: int, rows: Sequence[int], latent: tuple[int, ...], steps: int = 1000
) -> Draws:
    """For the rows of these numbers, all of one `step`; latent: (c, h, w); steps: the noise schedule's T."""
    generators = [generator(seed, _ROW, row) for row in rows]
    chances = torch.from_numpy(np.stack([g.random(3) for g in generators]))
    shape = (2, *latent)
    noise = torch.from_numpy(np.stack([g.standard_normal(shape, dtype=np.float32) for g in generators]))
    quantity, kind, scope = generator(seed, _STEP, step).random(3).tolist()
    low, high = recipe.quantity
    return Draws(
        noise=noise[:, 0],
        encoding=noise[:, 1],
        times=(steps * chances[:, 0] ** recipe.time_exponent).long().clamp(max=steps - 1),
        words=(chances[:, 1] >= recipe.text_dropout).float(),
        references=(chances[:, 2] >= recipe.reference_dropout).float(),
        quantity=low + (high - low) * quantity,
        mask=_kind(recipe, kind),
        scope=recipe.scope[0] + (recipe.scope[1] - recipe.scope[0]) * scope,
    )


def _kind(recipe: Recipe, chance: float) -> MaskKind:
    if chance < recipe.own_mask:
        return "own"
    return "perfect" if chance < recipe.own_mask + recipe.perfect_mask else "none"
