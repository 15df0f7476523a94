"""What a run must remember to go on as if it had never stopped: one safetensors file, no pickles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

CHECKPOINT = "checkpoint.safetensors"
MOMENTS = ("exp_avg", "exp_avg_sq")


class NoCheckpoint(FileNotFoundError):
    """There is no run to go on with in this folder; the message names it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"no checkpoint in {folder}: start without --resume")


def older(folder: Path) -> list[Path]:
    """Checkpoints kept beside the latest, oldest first."""
    return sorted(folder.glob("checkpoint-*.safetensors"))


def latest(folder: Path) -> Path:
    """The newest complete checkpoint. Raises NoCheckpoint."""
    newest = folder / CHECKPOINT
    if newest.is_file():
        return newest
    kept = older(folder)  # killed between two renames: the one before is whole
    if not kept:
        raise NoCheckpoint(folder)
    return kept[-1]


def write(folder: Path, tensors: dict[str, Tensor], facts: Mapping[str, Any], keep: int) -> None:
    """Becomes the latest checkpoint in a single move; of those before, `keep - 1` stay. Raises OSError: disk full."""
    newest = folder / CHECKPOINT
    fresh = newest.with_suffix(".new")
    try:
        save_file(tensors, fresh, metadata={name: json.dumps(value) for name, value in facts.items()})
    except SafetensorError as error:
        raise OSError(f"{fresh} cannot be written: {error}") from error
    if keep > 1 and newest.is_file():
        newest.replace(folder / f"checkpoint-{_step(newest):09d}.safetensors")
    fresh.replace(newest)
    for path in older(folder)[: -(keep - 1) or None]:
        path.unlink()


def _step(checkpoint: Path) -> int:
    return int(read_facts(checkpoint)["step"])


def read_facts(checkpoint: Path) -> dict[str, Any]:
    """`step` and what else was noted. Raises ValueError for a file that is no checkpoint."""
    try:
        with safe_open(checkpoint, framework="pt") as stored:
            facts: dict[str, Any] = {name: json.loads(value) for name, value in (stored.metadata() or {}).items()}
    except SafetensorError as error:
        raise ValueError(f"{checkpoint} is no checkpoint: {error}") from error
    if "step" not in facts:
        raise ValueError(f"{checkpoint} is no checkpoint: it does not say its step")
    return facts


@torch.no_grad()
def load_average(module: nn.Module, checkpoint: Path) -> int:
    """Puts the running average of a checkpoint into `module`; returns its step. Raises KeyError on a missing name."""
    with safe_open(checkpoint, framework="pt") as stored:
        names = {key.removeprefix("average/") for key in list(stored.keys()) if key.startswith("average/")}
        own = dict(module.named_parameters())
        for name in names:
            own[name].copy_(stored.get_tensor(f"average/{name}"))
    return _step(checkpoint)
