"""The training loop of every stage and of users' own runs, on accelerate: seeded by step, resumable to the bit.

All randomness follows from the number of the micro-batch, so a checkpoint needs no generator's state and no place in
the data: the number of the step says both.
"""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator
from safetensors import safe_open
from torch import Tensor, nn

from generation.training.checkpoint import CHECKPOINT, MOMENTS, latest, load_average, read_facts, write
from generation.training.plan import Plan

__all__ = ["LossAt", "LossDiverged", "Plan", "Progress", "Trainer", "load_average"]

#: The loss of micro-batch `n`; all its randomness must follow from `n`, so that a resumed run repeats an unbroken one.
LossAt = Callable[[int], Tensor]


@dataclass(frozen=True)
class Progress:
    """One finished step: its number counted from 1, its loss (mean over micro-batches and processes) and its rate."""

    step: int
    loss: float
    rate: float


class LossDiverged(ArithmeticError):
    """The loss is no number any more; the message names the step. The last checkpoint is from before."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss is not finite at step {step}: lower the learning rate, or train in bf16 or float32")


class Trainer:
    """Trains the parameters of `module` that require a gradient and keeps their running average.

    `module` afterwards is what accelerate made of it: call it, rather than its parts, where several processes share
    the work.
    """

    def __init__(self, module: nn.Module, plan: Plan, out: Path, accelerator: Accelerator | None = None) -> None:
        self.plan, self.out, self.step = plan, out, 0
        self.accelerator = accelerator or Accelerator(cpu=True)
        self.accelerator.gradient_accumulation_steps = plan.accumulate
        module.to(self.accelerator.device)
        self.parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        optimizer = torch.optim.AdamW(
            list(self.parameters.values()), plan.learning_rate, plan.betas, weight_decay=plan.weight_decay, fused=True
        )
        self.module, self.optimizer = self.accelerator.prepare(module, optimizer)
        self._stop, self._saved = False, -1
        out.mkdir(parents=True, exist_ok=True)

    @property
    def checkpoint(self) -> Path:
        return self.out / CHECKPOINT

    @property
    def stopped(self) -> bool:
        """Whether a signal ended the run before its plan did."""
        return self._stop

    def run(self, loss_at: LossAt, *, seconds: float, on_step: Callable[[Progress], None] | None = None) -> int:
        """Steps until the plan is done, the time is up or a signal comes; saves, and returns the steps done in all.

        Raises LossDiverged, saving nothing of it.
        """
        started = saved = time.monotonic()
        losses: list[float] = []
        with self._stopping_on(signal.SIGTERM, signal.SIGINT):
            while self.step < self.plan.steps and not self._ends(time.monotonic() - started > seconds):
                losses.append(self._advance(loss_at))
                if on_step is not None:
                    on_step(Progress(self.step, losses[-1], self.plan.rate_at(self.step - 1)))
                if self.step % self.plan.log_every == 0:
                    self._log(losses, time.monotonic() - started)
                    losses = []
                if self._save_is_due(time.monotonic() - saved):
                    self.save()
                    saved = time.monotonic()
            if self._saved != self.step:
                self.save()
        return self.step

    @contextmanager
    def _stopping_on(self, *numbers: signal.Signals) -> Iterator[None]:
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _ends(self, time_is_up: bool) -> bool:
        """Processes stop together: one that left alone would let the others wait for its gradients."""
        ends = self._stop or time_is_up
        if self.accelerator.num_processes == 1:
            return ends
        votes = torch.tensor(float(ends), device=self.accelerator.device)
        return bool(self.accelerator.reduce(votes, "sum") > 0)

    def _save_is_due(self, seconds: float) -> bool:
        if self.plan.save_every:
            return self.step % self.plan.save_every == 0
        return seconds > self.plan.save_every_seconds

    def _advance(self, loss_at: LossAt) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate_at(self.step)
        first = self.step * self.plan.accumulate
        losses = [self._accumulate(loss_at, first + place) for place in range(self.plan.accumulate)]
        self.step += 1
        if self.step % self.plan.ema_every == 0:
            self._update_average()
        loss = float(self.accelerator.reduce(torch.stack(losses).mean(), "mean"))
        if not math.isfinite(loss):
            raise LossDiverged(self.step)
        return loss

    def _accumulate(self, loss_at: LossAt, micro: int) -> Tensor:
        """Gradients of one micro-batch; with the last one of a step the optimiser steps."""
        with self.accelerator.accumulate(self.module):
            loss = loss_at(micro)
            self.accelerator.backward(loss)
            if self.accelerator.sync_gradients:
                self.accelerator.clip_grad_norm_(self.parameters.values(), self.plan.clip)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    @torch.no_grad()
    def _update_average(self) -> None:
        weight = 1 - self.plan.ema_decay_at(self.step)
        torch._foreach_lerp_(list(self.average.values()), list(self.parameters.values()), weight)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the module holds the running average; afterwards its own parameters again, to the bit."""
        own = {name: p.detach().clone() for name, p in self.parameters.items()}
        self._fill(self.average)
        try:
            yield
        finally:
            self._fill(own)

    @torch.no_grad()
    def _fill(self, values: dict[str, Tensor]) -> None:
        for name, parameter in self.parameters.items():
            parameter.copy_(values[name])

    def _log(self, losses: list[float], seconds: float) -> None:
        row = {
            "step": self.step,
            "loss": sum(losses) / len(losses),
            "rate": self.plan.rate_at(self.step),
            "seconds": seconds,
        }
        if self.accelerator.is_main_process:
            with (self.out / "log.jsonl").open("a") as log:
                log.write(json.dumps(row) + "\n")

    def save(self) -> None:
        """Writes parameters, average and optimiser state to one file, replacing the last one in a single move."""
        if self.accelerator.is_main_process:
            write(self.out, self._tensors(), self._facts(), self.plan.keep)
        self._saved = self.step
        self.accelerator.wait_for_everyone()

    def _tensors(self) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.parameters.items():
            tensors[f"parameter/{name}"] = parameter.detach().contiguous()
            tensors[f"average/{name}"] = self.average[name].contiguous()
            for key in MOMENTS:
                if parameter in self.optimizer.state:
                    tensors[f"{key}/{name}"] = self.optimizer.state[parameter][key].contiguous()
        return tensors

    def _facts(self) -> dict[str, Any]:
        """`updates` differs from `step` where half precision overflowed and the optimiser skipped."""
        states = list(self.optimizer.state.values())
        updates = int(states[0]["step"]) if states else 0
        scaler = self.accelerator.scaler.state_dict() if self.accelerator.scaler else {}
        return {"step": self.step, "updates": updates, "scaler": scaler}

    @torch.no_grad()
    def resume(self) -> None:
        """Continues from the latest checkpoint. Raises NoCheckpoint, or SafetensorError if it is of another module."""
        path = latest(self.out)
        facts = read_facts(path)
        self.step = int(facts["step"])
        updates = int(facts.get("updates", self.step))
        with safe_open(path, framework="pt") as stored:
            for name, parameter in self.parameters.items():
                parameter.copy_(stored.get_tensor(f"parameter/{name}"))
                self.average[name].copy_(stored.get_tensor(f"average/{name}"))
            if updates:
                self._resume_moments(stored, updates)
        if self.accelerator.scaler and facts.get("scaler"):
            self.accelerator.scaler.load_state_dict(facts["scaler"])

    def _resume_moments(self, stored: Any, updates: int) -> None:
        for name, parameter in self.parameters.items():
            moments = {key: stored.get_tensor(f"{key}/{name}").to(parameter.device, copy=True) for key in MOMENTS}
            steps = torch.tensor(float(updates), device=parameter.device)
            self.optimizer.state[parameter] = {"step": steps, **moments}
