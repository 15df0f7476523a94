"""`imprimatur train`: the visual branch of a model, trained on text-image pairs; everything else stays frozen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generation.profiles import STUDIO, get_profile
from governance.canonical import sha256_hex
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.training_data import facts_of, inspected, tell_inspection
from imprimatur_cli.training_run import Wish, check_device, run_training

if TYPE_CHECKING:  # torch is loaded once options and data are in order
    from generation.training.dataset import Inspection
    from generation.training.run import Outcome


def train(
    *,
    profile: Annotated[str, typer.Option(help="Which model: studio, sd15 or sdxl-realcustom.")] = "studio",
    data: Annotated[Path | None, typer.Option(help="Folder of pictures and captions; studio draws its own.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run: checkpoints, figures, the result.")] = None,
    base: Annotated[Path | None, typer.Option(help="Folder of the frozen base; studio's is in the box.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps in all.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pairs at once.")] = None,
    accumulate: Annotated[int | None, typer.Option(min=1, help="Batches that make one step.")] = None,
    precision: Annotated[str, typer.Option(help="no, bf16, fp16, or auto.")] = "auto",
    lr: Annotated[float | None, typer.Option(min=0.0, help="Learning rate.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, data and machine: same weights.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 500,
    sample_every: Annotated[int, typer.Option(min=0, help="Steps between sheets of samples; 0 for none.")] = 500,
    keep: Annotated[int, typer.Option(min=1, help="Checkpoints that stay.")] = 2,
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare pictures.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    own_work: Annotated[
        bool, typer.Option("--own-work", help="The pictures are mine, also where they refuse.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look at the data, train nothing.")] = False,
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Train the visual branch on text-image pairs: scoring module, projector, visual keys and values."""
    language = language_of(lang)
    with reported(language):
        wish = Wish(
            profile=get_profile(profile),
            data=data,
            out=out,
            base=base,
            steps=steps,
            batch=batch,
            accumulate=accumulate,
            precision=precision,
            rate=lr,
            seed=seed,
            resume=resume,
            save_every=save_every,
            sample_every=sample_every,
            keep=keep,
            workers=workers,
            device=device,
            own_work=own_work,
            language=language,
        )
        found = _look(wish)
        report = _dry(found) if dry_run else _run(wish, found)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _tell(report, language)


def _look(wish: Wish) -> Inspection | None:
    """The folder's report, told; None where the studio draws its own pairs. Raises CommandError, UnusableData."""
    if wish.data is None:
        if wish.profile.name == STUDIO.name:
            return None
        raise CommandError(f"“{wish.profile.name}” learns from pictures: name their folder with --data")
    found = inspected(wish.data, wish.profile.width // 2, wish.language, own_work=wish.own_work)
    tell_inspection(found, wish.language)
    return found


def _dry(found: Inspection | None) -> dict[str, Any]:
    if found is None:
        raise CommandError("the studio model draws its own pairs: there is no folder to check, name one with --data")
    return facts_of(found)


def _run(wish: Wish, found: Inspection | None) -> dict[str, Any]:
    if wish.out is None:
        raise CommandError("name the folder of the run with --out")
    check_device(wish)
    outcome = run_training(wish, wish.out, found)
    return _report(wish, outcome, found)


def _report(wish: Wish, outcome: Outcome, found: Inspection | None) -> dict[str, Any]:
    branch = outcome.branch
    return {
        "profile": wish.profile.name,
        "steps": outcome.step,
        "finished": branch is not None,
        "loss_before": outcome.before,
        "loss_after": outcome.after,
        "branch": str(branch) if branch else None,
        "sha256": sha256_hex(branch.read_bytes()) if branch else None,
        "out": str(wish.out),
    } | ({} if found is None else facts_of(found))


def _tell(report: dict[str, Any], language: Language) -> None:
    if "branch" not in report:
        print(say("train_checked", language, pairs=report["pairs"]))
    elif report["branch"] is None:
        print(say("train_stopped", language, step=report["steps"]))
    else:
        losses = {"before": f"{report['loss_before']:.4f}", "after": f"{report['loss_after']:.4f}"}
        print(say("train_done", language, path=report["branch"], step=report["steps"], **losses))
        folder = Path(report["branch"]).parent
        print(say("train_draw", language, folder=folder, profile=report["profile"]))
