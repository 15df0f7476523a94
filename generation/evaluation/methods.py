"""What can be compared? Anything that, given one reference, draws its subject where the words say.

Every method draws with the shipped studio model, from the trial's own noise (`drawing.initial_noise`), so that cells of
two methods differ by the method alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch
from torch import Tensor

from generation.studio.autoencoder import to_tensor
from generation.studio.drawing import How, Trial, draw_as
from generation.studio.loading import StudioParts
from generation.studio.world.render import paint_picture


@dataclass(frozen=True)
class Prepared:
    """What a method made of one individual before it could draw it, and what that cost at test time."""

    state: Any = None
    steps: int = 0
    seconds: float = 0.0


class Method(Protocol):
    """One way to customise, at one setting.

    name: stands in the table. settings: plain JSON types, all that decides what is drawn besides the model and the
    trial (digests of own weights included); they go into each cell's digest. per_subject: something is learnt or
    optimised for each individual; then all rows of one `draw` are of one individual.
    """

    @property
    def name(self) -> str:
        """E.g. "ip-adapter"; points of one sweep share it."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """See above."""

    @property
    def per_subject(self) -> bool:
        """See above."""

    def prepare(self, row: Trial) -> Prepared:
        """Reads the row's individual's kind and its reference, nothing else of it; the same row gives the same state.

        Called once an individual for methods that are `per_subject`, else never. May keep its result on disk.
        """

    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        """The pictures (n, 3, 128, 128) in -1..1, of any number of rows; an empty `Prepared` unless `per_subject`."""


@dataclass(frozen=True)
class Ours:
    """The shipped base with a visual branch, whole or with something left out: see `How`.

    told: the prompt describes the looks too. branch: digest of the visual branch (`baselines.branches`), empty where no
    reference acts.
    """

    name: str
    parts: StudioParts
    how: How = field(default_factory=How)
    told: bool = False
    branch: str = ""
    per_subject: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """All dials, and what is not as shipped."""
        told: dict[str, Any] = {"told": True} if self.told else {}
        return self.how.as_json() | told | ({"branch": self.branch} if self.branch else {})

    def prepare(self, row: Trial) -> Prepared:
        """Nothing is learnt at test time."""
        del row
        return Prepared()

    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        """See Method."""
        del prepared
        return draw_as(self.parts, [replace(row, told=self.told) for row in rows], self.how)


@dataclass(frozen=True)
class Truth:
    """The drawn world itself paints what was asked: no method can be expected above what the evaluator says of it."""

    name: str = "drawn by the world itself"
    per_subject: bool = False

    @property
    def settings(self) -> Mapping[str, Any]:
        """None."""
        return {}

    def prepare(self, row: Trial) -> Prepared:
        """It knows the individual."""
        del row
        return Prepared()

    def draw(self, rows: Sequence[Trial], prepared: Prepared) -> Tensor:
        """See Method."""
        del prepared
        return torch.cat([self._painted(row) for row in rows])

    def _painted(self, row: Trial) -> Tensor:
        rng = random.Random(row.seed)  # noqa: S311  the noise of a drawing
        return to_tensor(paint_picture(rng, row.individual, row.scene, row.layout).picture[None])
