"""A run: pairs in, a trained visual branch out; killed at any moment, it goes on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import accelerate
import diffusers
import torch
import transformers
from accelerate import Accelerator, DistributedDataParallelKwargs

from generation.pipeline import RealCustomPipeline
from generation.training.bases import Ground, pipeline_of
from generation.training.board import Board, ToBytes, plain_png
from generation.training.draws import Draws, Recipe, draws_at
from generation.training.export import BRANCH, export_branch
from generation.training.feed import Feed
from generation.training.loop import Progress, Trainer
from generation.training.pairs import PairSource
from generation.training.plan import Plan
from generation.training.samples import sample_sheet, sample_specs
from generation.training.visual import VisualBranch

RUN: Final = "run.json"
EXPORTED: Final = "visual"
MEASURED_ROWS: Final = 16
#: What may change between the slices of one run; all else makes it another run.
_MAY_CHANGE: Final = frozenset(
    {"workers", "sample_every", "sample_steps", "save_every", "save_every_seconds", "keep", "log_every"}
)


class RunMismatch(ValueError):
    """The folder holds another run, or would lose one; the message says which setting differs."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is, beside its base and its data.

    batch: rows of a micro-batch, on each process. precision: `no`, `bf16` or `fp16`. workers: processes that prepare
    pictures. sample_every: steps between sheets of drawn pictures, 0 for none; sample_steps: their denoising steps.
    """

    plan: Plan
    recipe: Recipe = field(default_factory=Recipe)
    seed: int = 0
    batch: int = 4
    precision: str = "no"
    workers: int = 0
    sample_every: int = 0
    sample_steps: int = 20


@dataclass(frozen=True)
class Outcome:
    """What a run came to. branch: the exported file, or None where a signal stopped it before its last step.

    before, after: the loss of fixed rows, noise and time steps with an untrained branch, and with the average at the
    end; after is None without a branch.
    """

    step: int
    before: float
    after: float | None = None
    branch: Path | None = None


class Run:
    """One training run in the folder `out`. Trains `ground.projector` and the branch it is given to.

    data: names the data, e.g. by a digest, so that a run is never resumed on other pairs.
    """

    def __init__(
        self, ground: Ground, source: PairSource, settings: Settings, out: Path, *, data: str, cpu: bool = False
    ) -> None:
        self.ground, self.source, self.settings, self.out, self.data = ground, source, settings, out, data
        unused = DistributedDataParallelKwargs(find_unused_parameters=True)  # a mask may shut a layer's reference out
        self.accelerator = Accelerator(mixed_precision=settings.precision, cpu=cpu, kwargs_handlers=[unused])
        self.branch = _fresh_branch(ground, settings.seed)
        self.trainer = Trainer(self.branch, settings.plan, out, self.accelerator)
        self.feed = Feed(
            source,
            settings.batch,
            rank=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
            workers=settings.workers,
        )

    def train(
        self,
        *,
        resume: bool = False,
        on_step: Callable[[Progress], None] | None = None,
        to_bytes: ToBytes = plain_png,
    ) -> Outcome:
        """Train to the plan's end, or to a signal; then export.

        to_bytes: how the pictures of sample sheets are encoded. Raises RunMismatch, NoCheckpoint.
        """
        before = self._resumed() if resume else self._begun()
        board = Board(self.out / "tensorboard", first_step=self.trainer.step, to_bytes=to_bytes)
        with closing(board):
            watcher = _Watcher(self, board, on_step)
            self.trainer.run(self._loss_at, seconds=float("inf"), on_step=watcher)
            return self._finished(before, board)

    def measured(self) -> float:
        """The loss of the first rows under fixed noise and evenly spread time steps, nothing dropped or masked."""
        total = 0.0
        rows = range(MEASURED_ROWS)
        with torch.no_grad():
            for start in range(0, MEASURED_ROWS, self.settings.batch):
                part = rows[start : start + self.settings.batch]
                with self.accelerator.autocast():
                    loss = self.branch([self.source.pair(row) for row in part], self._fixed(part))
                total += float(loss) * len(part)
        return total / MEASURED_ROWS

    def _fixed(self, rows: Sequence[int]) -> Draws:
        steps = len(self.ground.base.scheduler.betas)
        plain = Recipe(quantity=(0.8, 0.8), text_dropout=0, reference_dropout=0)
        drawn = draws_at(plain, self.settings.seed + 1, step=0, rows=rows, latent=self._latent, steps=steps)
        times = torch.tensor([int((row + 0.5) / MEASURED_ROWS * steps) for row in rows])
        return replace(drawn, times=times)

    @property
    def _latent(self) -> tuple[int, int, int]:
        profile = self.ground.profile
        channels = int(self.ground.base.unet.config["in_channels"])
        return channels, profile.height // profile.multiple, profile.width // profile.multiple

    def _loss_at(self, micro: int) -> torch.Tensor:
        draws = draws_at(
            self.settings.recipe,
            self.settings.seed,
            step=micro // self.settings.plan.accumulate,
            rows=self.feed.rows(micro),
            latent=self._latent,
            steps=len(self.ground.base.scheduler.betas),
        )
        loss: torch.Tensor = self.trainer.module(self.feed.pairs(micro), draws)
        return loss

    def _begun(self) -> float:
        if (self.out / RUN).is_file():
            raise RunMismatch(f"{self.out} holds a run already: go on with --resume, or name another folder")
        self.accelerator.wait_for_everyone()
        before = self.measured()
        if self.accelerator.is_main_process:
            told = {"settings": self._identity(), "loss_before": before}
            (self.out / RUN).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
        self.trainer.save()
        return before

    def _resumed(self) -> float:
        self.trainer.resume()
        if not (self.out / RUN).is_file():
            raise RunMismatch(f"{self.out} has a checkpoint but no {RUN}: nobody can say what it was trained on")
        told = json.loads((self.out / RUN).read_text())
        own = self._identity()
        differing = [name for name in own if own[name] != told["settings"].get(name)]
        if differing:
            listed = ", ".join(f"{n} was {told['settings'].get(n)}, is {own[n]}" for n in differing)
            raise RunMismatch(
                f"the run in {self.out} was started differently: {listed}. Give it what it was started with"
            )
        return float(told["loss_before"])

    def _identity(self) -> dict[str, Any]:
        """Everything the weights at the end depend on, as plain JSON."""
        settings = asdict(self.settings)
        plan = settings.pop("plan")
        whole = (
            settings
            | plan
            | {
                "profile": self.ground.profile.name,
                "base": self.ground.digests,
                "data": self.data,
                "processes": self.accelerator.num_processes,
            }
        )
        free = _MAY_CHANGE | ({"steps"} if self.settings.plan.decay_from >= 1 else set())  # a flat rate has no end
        told: dict[str, Any] = json.loads(json.dumps({k: v for k, v in whole.items() if k not in free}))
        return told

    def _finished(self, before: float, board: Board) -> Outcome:
        step = self.trainer.step
        if step < self.settings.plan.steps:
            return Outcome(step, before)
        with self.trainer.averaged():
            after = self.measured()
            board.number("loss/fixed", after, step)
            if self.accelerator.is_main_process:
                self._export(before, after)
        self.accelerator.wait_for_everyone()
        return Outcome(step, before, after, self.out / EXPORTED / BRANCH)

    def _export(self, before: float, after: float) -> None:
        rows = self.trainer.step * self.settings.plan.accumulate * self.settings.batch * self.accelerator.num_processes
        facts = {
            "profile": self.ground.profile.name,
            "base": self.ground.digests,
            "scored": True,
            "settings": self._identity(),
            "figures": {"steps": self.trainer.step, "rows": rows, "loss_before": before, "loss_after": after},
            "libraries": {
                "torch": torch.__version__,
                "diffusers": diffusers.__version__,
                "transformers": transformers.__version__,
                "accelerate": accelerate.__version__,
            },
        }
        export_branch(self.ground.base.unet, self.out / EXPORTED, facts)


def _fresh_branch(ground: Ground, seed: int) -> VisualBranch:
    """All its random numbers follow from the seed, whatever was loaded before."""
    torch.manual_seed(seed)
    for module in ground.projector.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.LayerNorm):
            module.reset_parameters()
    return VisualBranch(ground.base, ground.projector)


class _Watcher:
    """Hears of every step: figures and pictures to the board, the step itself to whoever shows progress."""

    def __init__(self, run: Run, board: Board, on_step: Callable[[Progress], None] | None) -> None:
        self.run, self.board, self.on_step = run, board, on_step
        self.wishes = sample_specs(self._pipeline(), run.source, run.settings.sample_steps) if self._samples else []

    @property
    def _samples(self) -> int:
        return self.run.settings.sample_every if self.run.accelerator.is_main_process else 0

    def _pipeline(self) -> RealCustomPipeline:
        """A fresh one each time: what a pipeline keeps of a projector is stale after the next step."""
        return pipeline_of(self.run.ground, self.run.branch.attention, {})

    def __call__(self, progress: Progress) -> None:
        if self.run.accelerator.is_main_process:
            self.board.number("loss/train", progress.loss, progress.step)
            self.board.number("rate", progress.rate, progress.step)
        if self._samples and progress.step % self._samples == 0:
            self._draw(progress.step)
        if self.on_step is not None:
            self.on_step(progress)

    def _draw(self, step: int) -> None:
        with self.run.trainer.averaged():
            self.board.number("loss/fixed", self.run.measured(), step)
            if self.wishes:
                with self.run.accelerator.autocast():
                    self.board.picture("samples", sample_sheet(self._pipeline(), self.wishes), step)
        self.board.flush()
