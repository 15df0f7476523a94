"""Learning one subject at test time: kept on disk, so that a run killed at any moment goes on and a done one is read.

The cost is counted in seconds of one core (process time), which other work on the machine does not stretch.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor, nn

from generation.evaluation.baselines.settings import Fitting, as_json, digest
from generation.evaluation.methods import Prepared
from generation.studio.drawing import Trial
from generation.training.loop import LossAt, Trainer

COST: Final = "cost.json"


class Interrupted(RuntimeError):
    """A signal ended the fit before its last step; the message says where it goes on."""

    def __init__(self, step: int, folder: Path) -> None:
        super().__init__(f"the fit stopped at step {step}: run the same again, it goes on from {folder}")


@dataclass(frozen=True)
class Fits:
    """Fits of one method at one setting. model: digest of the base's weights; folder: outside of git."""

    folder: Path
    model: str
    method: str
    settings: Any

    def place(self, row: Trial) -> Path:
        """Of the fit of this row's kind and reference; another setting or base has another."""
        pixels = row.reference.numpy().tobytes().hex()
        known = digest(self.model, self.method, as_json(self.settings), row.individual.kind, pixels)
        return self.folder / self.method / known[:32]

    def fit(self, row: Trial, module: nn.Module, loss_at: LossAt, *, begun: float) -> Prepared:
        """Trains what of `module` asks for gradients; state: those tensors by name.

        begun: process time at which the preparation for this fit began. Raises Interrupted.
        """
        settings: Fitting = self.settings
        trainer = Trainer(module, settings.plan, self.place(row))
        if trainer.checkpoint.is_file():
            trainer.resume()
        before, ready = trainer.step, time.process_time()
        if before < settings.steps:
            trainer.run(loss_at, seconds=float("inf"))
        if trainer.step < settings.steps:
            raise Interrupted(trainer.step, trainer.out)
        if before < settings.steps:
            each = (time.process_time() - ready) / (settings.steps - before)
            _write_cost(trainer.out, ready - begun + each * settings.steps)
        return Prepared(_state(trainer), settings.steps, _read_cost(trainer.out))


def _state(trainer: Trainer) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in trainer.parameters.items()}


def _write_cost(folder: Path, seconds: float) -> None:
    (folder / COST).write_text(json.dumps({"seconds": round(seconds, 2)}) + "\n")


def _read_cost(folder: Path) -> float:
    """0 where the process was killed between the last step and this note."""
    path = folder / COST
    return float(json.loads(path.read_text())["seconds"]) if path.is_file() else 0.0
