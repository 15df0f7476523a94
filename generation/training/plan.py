"""How long, how fast, and how often to save: the numbers of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`steps` is the whole schedule, whatever slices it is run in.

    accumulate: micro-batches whose gradients make one step. save_every: steps between checkpoints; 0 goes by
    `save_every_seconds` alone. keep: how many checkpoints stay.
    """

    steps: int
    learning_rate: float = 8e-4
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    warmup: int = 100
    decay_from: float = 0.6
    clip: float = 1.0
    ema: float = 0.999
    ema_every: int = 4
    accumulate: int = 1
    save_every: int = 0
    save_every_seconds: float = 120.0
    keep: int = 1
    log_every: int = 50

    def rate_at(self, step: int) -> float:
        """Linear warm-up, flat, then a half cosine to zero over the last `1 - decay_from` of the steps."""
        warm = min(1.0, (step + 1) / max(1, self.warmup))
        late = (step / self.steps - self.decay_from) / max(1 - self.decay_from, 1e-9)
        return self.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, max(0.0, late))))

    def ema_decay_at(self, step: int) -> float:
        """Of one update, which covers `ema_every` steps.

        The decay warms up, so that a short run is not an average of its random start.
        """
        return float(min(self.ema, (1 + step) / (10 + step)) ** self.ema_every)
