"""How was each competing method set up? All numbers that decide what it learns, chosen on individuals of their own.

The papers' counts of steps (5000 for Textual Inversion, 800 for DreamBooth) are for networks and learning rates of
another size; here both were swept (`tuning`), and what came out best of similarity and text match together is the
default. Every number is part of a cell's digest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from generation.training.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Fitting:
    """What is learnt of one reference, at test time.

    views: light augmentations of the reference, made once. batch: views a step. time_exponent: time steps are
    1000 u ** it, u uniform; less than the base's 0.7 favours noise, where looks are decided.
    """

    steps: int
    learning_rate: float
    batch: int = 4
    views: int = 24
    warmup: int = 5
    decay_from: float = 0.6
    weight_decay: float = 0.0
    time_exponent: float = 0.35
    seed: int = 0

    @property
    def plan(self) -> Plan:
        """The loop's. The average follows the parameters at once: a fit is too short for another."""
        return Plan(
            steps=self.steps,
            learning_rate=self.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            decay_from=self.decay_from,
            ema=0.0,
            ema_every=1,
            save_every_seconds=5.0,
            log_every=10,
        )


@dataclass(frozen=True, kw_only=True)
class Inversion(Fitting):
    """Textual Inversion: the embedding of one new word is all that is learnt."""

    steps: int = 160
    learning_rate: float = 6e-2


@dataclass(frozen=True, kw_only=True)
class Lora(Fitting):
    """DreamBooth with low-rank updates of the UNet's attention.

    rank: of every update; alpha: its scale is alpha / rank. word: the rare one that stands before the kind.
    prior: pictures of the kind that the base draws itself, in prior_steps steps; prior_batch rows of them join each
    step, and prior_weight is their loss's.
    """

    steps: int = 200
    learning_rate: float = 6e-3
    rank: int = 8
    alpha: int = 8
    word: str = "friendly"
    prior: int = 12
    prior_steps: int = 12
    prior_batch: int = 2
    prior_weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """IP-Adapter, trained once for all subjects.

    references: what they are of, as in the stage vision: the picture itself alone, or the individual elsewhere. Each of
    text_dropout and reference_dropout is the share of rows that lose it, independently. time_exponent: as the base was
    trained.
    """

    references: Literal["elsewhere", "picture"] = "picture"
    steps: int = 1500
    learning_rate: float = 3e-4
    batch: int = 24
    warmup: int = 50
    decay_from: float = 0.3
    text_dropout: float = 0.1
    reference_dropout: float = 0.1
    time_exponent: float = 0.7
    seed: int = 41

    @property
    def plan(self) -> Plan:
        """The loop's."""
        return Plan(
            steps=self.steps,
            learning_rate=self.learning_rate,
            warmup=self.warmup,
            decay_from=self.decay_from,
            ema=0.998,
            save_every_seconds=60.0,
        )


Settings = Fitting | Adapter


def as_json(settings: Settings) -> dict[str, Any]:
    """Plain types, by name."""
    return asdict(settings)


def digest(*facts: Any) -> str:
    """SHA-256 (hex) over plain JSON."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
