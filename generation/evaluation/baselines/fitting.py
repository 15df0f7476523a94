"""Learning one subject at test time: kept on disk, so that a run killed at any moment goes on and a done one is read.

The cost is counted in seconds of one core (process time), which other work on the machine does not stretch.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from generation.evaluation.baselines.settings import Fitting, as_json, digest
from generation.evaluation.methods import Prepared
from generation.studio.drawing import Trial
from generation.studio.loading import StudioParts
from generation.training.loop import LossAt, Trainer

FILE, LOCK = "fit.safetensors", "lock"
#: What is learnt and the loss that teaches it.
Lesson = tuple[nn.Module, LossAt]
Setting = TypeVar("Setting", bound=Fitting)


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
    setting: Fitting

    def place(self, row: Trial) -> Path:
        """Of the fit of this row's kind and reference; another setting or base has another."""
        pixels = hashlib.sha256(row.reference.contiguous().numpy().tobytes()).hexdigest()
        known = digest(self.model, self.method, as_json(self.setting), row.individual.kind, pixels)
        return self.folder / self.method / known[:32]

    def fit(self, row: Trial, begin: Callable[[], Lesson]) -> Prepared:
        """The fit of this row, made by training what of the module asks for gradients; state: those tensors by name.

        begin: called only where there is none yet; what it costs is the subject's too. Raises Interrupted.
        """
        file = self.place(row) / FILE
        if not file.is_file():
            with _alone(file.parent):
                self._train(file, begin)
        with safe_open(file, framework="pt") as stored:
            state = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
            return Prepared(state, self.setting.steps, float(stored.metadata()["seconds"]))

    def _train(self, file: Path, begin: Callable[[], Lesson]) -> None:
        if file.is_file():
            return  # another process made it while this one waited
        begun, steps = time.process_time(), self.setting.steps
        module, loss_at = begin()
        trainer = Trainer(module, self.setting.plan, file.parent)
        if trainer.checkpoint.is_file():
            trainer.resume()
        before, ready = trainer.step, time.process_time()
        trainer.run(loss_at, seconds=float("inf"))
        if trainer.step < steps:
            raise Interrupted(trainer.step, trainer.out)
        each = (time.process_time() - ready) / max(1, steps - before)
        _keep(file, trainer.parameters, ready - begun + each * steps)


class Fitted(Generic[Setting]):
    """A method to be compared that learns each subject at test time; see generation.evaluation.methods.Method."""

    name: str
    per_subject = True

    def __init__(self, parts: StudioParts, folder: Path, model: str, setting: Setting) -> None:
        """folder: where fits are kept; model: digest of the base's weights."""
        self.parts, self.setting = parts, setting
        self.fits = Fits(folder, model, self.name, setting)

    @property
    def settings(self) -> Mapping[str, Any]:
        """See Method."""
        return as_json(self.setting)

    def prepare(self, row: Trial) -> Prepared:
        """See Method. Raises Interrupted."""
        return self.fits.fit(row, lambda: self._begin(row))

    def _begin(self, row: Trial) -> Lesson:
        """What is learnt of this row's subject, from its start."""
        raise NotImplementedError


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Processes that want the same fit wait for the one that makes it; a killed one holds nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(file: Path, parameters: dict[str, nn.Parameter], seconds: float) -> None:
    """Whole or not at all."""
    state: dict[str, Tensor] = {name: parameter.detach().contiguous() for name, parameter in parameters.items()}
    partial = file.with_suffix(".part")
    save_file(state, partial, metadata={"seconds": f"{seconds:.2f}"})
    partial.replace(file)
