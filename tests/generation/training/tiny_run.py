"""A short run on the tiny sd15 base as a process of its own, so that a test can kill it: FOLDER OUT [--resume]."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from generation.training.bases import Ground, sd15_ground
from generation.training.dataset import inspect_folder
from generation.training.draws import Recipe
from generation.training.folder import FolderPairs
from generation.training.loop import Progress
from generation.training.plan import Plan
from generation.training.run import Run, Settings
from tests.generation.training import tiny

STEPS, SAVE_EVERY = 12, 4
SETTINGS = Settings(
    plan=Plan(
        steps=STEPS,
        learning_rate=3e-3,
        warmup=3,
        decay_from=0.5,
        ema=0.9,
        ema_every=1,
        accumulate=2,
        save_every=SAVE_EVERY,
        keep=2,
        log_every=1,
    ),
    recipe=Recipe(own_mask=0.5),
    batch=2,
)


def run_on(ground: Ground, data: Path, out: Path, settings: Settings = SETTINGS) -> Run:
    found = inspect_folder(data, 64)
    source = FolderPairs(found.records, tiny.SIDE, tiny.SIDE, seed=settings.seed)
    return Run(ground, source, settings, out, data=found.digest(), cpu=True)


def say(progress: Progress) -> None:
    sys.stdout.write(f"step {progress.step}\n")
    sys.stdout.flush()


def main(folder: Path, out: Path, resume: bool) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(99 if resume else 7)  # whatever a process did before must not matter
    ground = sd15_ground(folder / "base", "cpu", torch.float32, tiny.PROFILES["sd15"])
    run_on(ground, folder / "data", out).train(resume=resume, on_step=say)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), "--resume" in sys.argv)
