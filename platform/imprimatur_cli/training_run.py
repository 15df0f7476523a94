"""What `imprimatur train` sets going: the options as settings of a run, its progress on stderr."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from generation.profiles import STUDIO, Profile
from governance.manifests import IntakeFacts
from governance.provenance import sign_reference
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Language, say
from imprimatur_cli.stamping import signer

if TYPE_CHECKING:  # torch is loaded once options and data are in order
    from generation.training.bases import Ground
    from generation.training.dataset import Inspection
    from generation.training.pairs import PairSource
    from generation.training.run import Outcome, Run, Settings

PNG: Final = "image/png"


@dataclass(frozen=True)
class Usual:
    """What a profile is trained with where nothing else is said."""

    steps: int
    batch: int
    accumulate: int
    rate: float


USUAL: Final = {
    "studio": Usual(3000, 24, 1, 1e-3),
    "sd15": Usual(40_000, 8, 2, 1e-5),
    "sdxl-realcustom": Usual(40_000, 2, 8, 1e-5),
}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the options ask for; None is the profile's usual."""

    profile: Profile
    data: Path | None
    out: Path | None
    base: Path | None
    steps: int | None
    batch: int | None
    accumulate: int | None
    precision: str
    rate: float | None
    seed: int
    resume: bool
    save_every: int
    sample_every: int
    keep: int
    workers: int
    device: str
    own_work: bool
    language: Language


def run_training(wish: Wish, out: Path, found: Inspection | None) -> Outcome:
    """Load the base and train its branch in the folder `out`, with a progress bar; `found` None draws the pairs."""
    import torch

    from generation.training.run import Run

    _quieten()
    ground = _ground(wish)
    cpu = ground.base.device.type == "cpu"
    if cpu:
        torch.set_num_threads(_threads())
    run = Run(ground, _source(wish, found), _settings(wish, cpu=cpu), out, data=_data(found), cpu=cpu)
    outcome = _progress(run, wish)
    if not run.accelerator.is_main_process:
        raise typer.Exit(0)  # of several processes, one speaks
    return outcome


def _quieten() -> None:
    """Their progress bars beside ours would be two, and a base without its text head is what we ask for."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()


def check_device(wish: Wish) -> None:
    """Raise CommandError for a device or precision this machine has not."""
    import torch

    if wish.device not in ("cpu", "cuda", "auto"):
        raise CommandError("--device: choose cpu, cuda or auto")
    if wish.device == "cuda" and not torch.cuda.is_available():
        raise CommandError("there is no CUDA GPU here: train on the device “cpu”")
    if wish.precision not in ("no", "bf16", "fp16", "auto"):
        raise CommandError("--precision: choose no, bf16, fp16 or auto")
    if wish.precision == "fp16" and (wish.device == "cpu" or not torch.cuda.is_available()):
        raise CommandError("--precision fp16 needs a GPU: choose bf16 or no")


def _ground(wish: Wish) -> Ground:
    """On the device accelerate gives this process; half precision halves the frozen part's memory on a GPU."""
    import torch
    from accelerate import PartialState

    from generation.training.bases import load_ground

    device = PartialState(cpu=wish.device == "cpu").device
    narrow = {"no": torch.float32, "fp16": torch.float16}.get(wish.precision, torch.bfloat16)
    return load_ground(wish.profile, wish.base, str(device), narrow if device.type == "cuda" else torch.float32)


def _source(wish: Wish, found: Inspection | None) -> PairSource:
    from generation.studio.drawn_pairs import DrawnPairs
    from generation.training.folder import FolderPairs

    if found is None:
        return DrawnPairs(wish.seed)
    return FolderPairs(found.records, wish.profile.width, wish.profile.height, seed=wish.seed)


def _data(found: Inspection | None) -> str:
    return "the drawn world" if found is None else found.digest()


def _settings(wish: Wish, *, cpu: bool) -> Settings:
    from generation.studio.vision import RECIPE
    from generation.training.draws import Recipe
    from generation.training.plan import Plan
    from generation.training.run import Settings

    usual, studio = USUAL[wish.profile.name], wish.profile.name == STUDIO.name
    steps = wish.steps or usual.steps
    plan = Plan(
        steps=steps,
        learning_rate=usual.rate if wish.rate is None else wish.rate,
        betas=(0.9, 0.99) if studio else (0.9, 0.999),
        warmup=min(100, max(1, steps // 10)),
        decay_from=0.6 if studio else 1.0,
        ema=0.998 if studio else 0.9999,
        accumulate=wish.accumulate or usual.accumulate,
        save_every=wish.save_every,
        keep=wish.keep,
        log_every=10,
    )
    automatic = "no" if cpu and not studio else "bf16"
    return Settings(
        plan=plan,
        recipe=RECIPE if studio else Recipe(own_mask=0.3),
        seed=wish.seed,
        batch=wish.batch or usual.batch,
        precision=automatic if wish.precision == "auto" else wish.precision,
        workers=wish.workers,
        sample_every=wish.sample_every,
    )


def _threads() -> int:
    """IMPRIMATUR_TORCH_THREADS, or all cores but one."""
    return int(os.environ.get("IMPRIMATUR_TORCH_THREADS") or max(1, (os.cpu_count() or 1) - 1))


def _progress(run: Run, wish: Wish) -> Outcome:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[loss]}"),
    )
    shown = console.is_terminal and run.accelerator.is_main_process
    with Progress(*columns, console=console, disable=not shown) as progress:
        task = progress.add_task(say("training", wish.language), total=run.settings.plan.steps, loss="")
        return run.train(
            resume=wish.resume,
            on_step=lambda p: progress.update(task, completed=p.step, loss=f"{p.loss:.4f}"),
            to_bytes=_stamped,
        )


def _stamped(image: Image.Image) -> bytes:
    """Samples lie in the event files as what they are: generated pictures, signed."""
    stream = io.BytesIO()
    image.save(stream, "PNG")
    facts = IntakeFacts(reference_id=f"training:{hashlib.sha256(image.tobytes()).hexdigest()[:16]}", origin="generated")
    return sign_reference(stream.getvalue(), PNG, facts, signer()[0])
