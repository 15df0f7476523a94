"""A plain training loop: seeded by step, resumable to the bit, its figures in a JSONL file."""

import json
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

#: The loss of step `n`; it must draw all its randomness from `n`, so that a resumed run repeats an unbroken one.
LossAt = Callable[[int], Tensor]


@dataclass(frozen=True)
class Plan:
    """How long and how fast: `steps` is the whole schedule, whatever slices it is run in."""

    steps: int
    learning_rate: float = 8e-4
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    warmup: int = 100
    decay_from: float = 0.6
    clip: float = 1.0
    ema: float = 0.999
    ema_every: int = 4
    save_every_seconds: float = 120.0
    log_every: int = 50

    def rate_at(self, step: int) -> float:
        """Linear warm-up, flat, then a half cosine to zero over the last `1 - decay_from` of the steps."""
        warm = min(1.0, (step + 1) / self.warmup)
        late = (step / self.steps - self.decay_from) / (1 - self.decay_from)
        return self.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, max(0.0, late))))


class Trainer:
    """Trains the parameters of `module` that require a gradient and keeps their running average."""

    def __init__(self, module: nn.Module, plan: Plan, out: Path) -> None:
        self.plan, self.out, self.step = plan, out, 0
        self.parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        self.optimizer = torch.optim.AdamW(
            list(self.parameters.values()), plan.learning_rate, plan.betas, weight_decay=plan.weight_decay, fused=True
        )
        self._stop = False
        out.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint(self) -> Path:
        return self.out / "checkpoint.safetensors"

    def run(self, loss_at: LossAt, *, seconds: float) -> int:
        """Steps until the plan is done, the time is up or SIGTERM comes; saves, and returns the steps done in all."""
        signal.signal(signal.SIGTERM, self._on_signal)
        started = saved = time.monotonic()
        losses: list[float] = []
        while self.step < self.plan.steps and time.monotonic() - started < seconds and not self._stop:
            losses.append(self._advance(loss_at))
            if self.step % self.plan.log_every == 0:
                self._log(losses, time.monotonic() - started)
                losses = []
            if time.monotonic() - saved > self.plan.save_every_seconds:
                self.save()
                saved = time.monotonic()
        self.save()
        return self.step

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _advance(self, loss_at: LossAt) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate_at(self.step)
        loss = loss_at(self.step)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.plan.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.step % self.plan.ema_every == 0:
            self._update_average()
        return float(loss.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        """The decay warms up, so that a short run is not an average of its random start."""
        decay = min(self.plan.ema, (1 + self.step) / (10 + self.step)) ** self.plan.ema_every
        torch._foreach_lerp_(list(self.average.values()), list(self.parameters.values()), 1 - decay)

    def _log(self, losses: list[float], seconds: float) -> None:
        row = {
            "step": self.step,
            "loss": sum(losses) / len(losses),
            "rate": self.plan.rate_at(self.step),
            "seconds": seconds,
        }
        with (self.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")

    def save(self) -> None:
        """Writes parameters, average and optimiser state to one file, replacing the last one in a single move."""
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.parameters.items():
            tensors[f"parameter/{name}"] = parameter.detach().contiguous()
            tensors[f"average/{name}"] = self.average[name].contiguous()
            for key in ("exp_avg", "exp_avg_sq"):
                if parameter in self.optimizer.state:
                    tensors[f"{key}/{name}"] = self.optimizer.state[parameter][key].contiguous()
        fresh = self.checkpoint.with_suffix(".new")
        save_file(tensors, fresh, metadata={"step": str(self.step)})
        fresh.replace(self.checkpoint)

    @torch.no_grad()
    def resume(self) -> None:
        """Continues from the checkpoint. Raises FileNotFoundError without one, KeyError if it is of another module."""
        with safe_open(self.checkpoint, framework="pt") as stored:
            self.step = int(stored.metadata()["step"])
            for name, parameter in self.parameters.items():
                parameter.copy_(stored.get_tensor(f"parameter/{name}"))
                self.average[name].copy_(stored.get_tensor(f"average/{name}"))
                if self.step:
                    moments = {key: stored.get_tensor(f"{key}/{name}").clone() for key in ("exp_avg", "exp_avg_sq")}
                    self.optimizer.state[parameter] = {"step": torch.tensor(float(self.step)), **moments}


@torch.no_grad()
def load_average(module: nn.Module, checkpoint: Path) -> int:
    """Puts the running average of a checkpoint into `module`; returns its step. Raises KeyError on a missing name."""
    with safe_open(checkpoint, framework="pt") as stored:
        names = {key.removeprefix("average/") for key in list(stored.keys()) if key.startswith("average/")}
        own = dict(module.named_parameters())
        for name in names:
            own[name].copy_(stored.get_tensor(f"average/{name}"))
        return int(stored.metadata()["step"])
