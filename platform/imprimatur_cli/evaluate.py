"""`imprimatur evaluate`: CLIP-T, CLIP-I, DINO-I and ImageReward of a model over a benchmark, beside published figures.

Figures are kept, pictures are not: nothing that is drawn here leaves the process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from generation.evaluation.dreambench import PUBLISHED, SOURCE, BenchSubject, read_benchmark
from generation.profiles import Profile, get_profile
from generation.spec import Effort, GenerationSpec, MaskDials
from generation.weight_record import models_folder
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.sentences import Lang, Language, language_of, say

if TYPE_CHECKING:  # torch is loaded once options and folder are in order
    from generation.evaluation.dreambench_run import Examination

CELLS: Final = "cells.jsonl"
HEADS: Final = {"clip_t": "CLIP-T", "image_reward": "ImageReward", "clip_i": "CLIP-I", "dino_i": "DINO-I"}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the options ask for."""

    profile: Profile
    judges: Path
    subjects: list[BenchSubject]
    steps: int
    effort: Effort
    quantity: float
    scope: float
    seeds: int
    batch: int
    minutes: float | None
    device: str
    language: Language


def evaluate(
    *,
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder of subjects and their prompts.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder; goes on with what is there.")
    ],
    profile: Annotated[str, typer.Option(help="Which model draws.")] = "sd15",
    judges: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder of clip/ and dino/; IMPRIMATUR_MODELS/evaluation.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Pictures of each prompt.")] = 4,
    subjects: Annotated[int | None, typer.Option(min=1, help="Only so many subjects.")] = None,
    prompts: Annotated[int | None, typer.Option(min=1, help="Only so many prompts of each.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Denoising steps; the model's own if left out.")] = None,
    quantity: Annotated[float, typer.Option(help="Share of visual tokens that gets in.")] = GenerationSpec.quantity,
    scope: Annotated[float, typer.Option(help="Share of the picture the mask keeps.")] = MaskDials.scope,
    effort: Annotated[str, typer.Option(help="exact or fast.")] = "exact",
    batch: Annotated[int, typer.Option(min=1, help="Pictures at once.")] = 4,
    minutes: Annotated[float | None, typer.Option(help="Stop after so many; the same command goes on.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Draw every prompt of every subject and measure likeness and obedience, beside the figures papers print."""
    language = language_of(lang)
    if effort not in ("exact", "fast"):
        raise typer.BadParameter("choose exact or fast", param_hint="--effort")
    with reported(language):
        found = get_profile(profile)
        wish = Wish(
            profile=found,
            judges=_judges(judges),
            subjects=_chosen(read_benchmark(data), subjects, prompts),
            steps=steps or found.steps,
            effort="fast" if effort == "fast" else "exact",
            quantity=quantity,
            scope=scope,
            seeds=seeds,
            batch=batch,
            minutes=minutes,
            device=device,
            language=language,
        )
        report = _measured(wish, output / CELLS)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _tell(report, language)


def _judges(named: Path | None) -> Path:
    models = models_folder()
    if named is None and models is None:
        raise CommandError(
            "say where the networks that judge are kept: --judges FOLDER, "
            "or set IMPRIMATUR_MODELS (then its “evaluation”)"
        )
    return named or Path(str(models)) / "evaluation"


def _chosen(found: list[BenchSubject], subjects: int | None, prompts: int | None) -> list[BenchSubject]:
    """The first so many of each."""
    if subjects is not None and subjects > len(found):
        raise CommandError(f"the folder has {len(found)} subjects: {subjects} cannot be chosen")
    return [
        BenchSubject(name=s.name, word=s.word, prompts=s.prompts[:prompts], pictures=s.pictures)
        for s in found[:subjects]
    ]


def _measured(wish: Wish, path: Path) -> dict[str, Any]:
    """Fill the cells of `path`, with a progress bar, and sum them up."""
    from generation.evaluation.cells import CellCache, fill
    from generation.evaluation.dreambench_run import intervals, row

    try:
        cache = CellCache(path)
    except ValueError as error:
        raise CommandError(str(error)) from error
    examination = _examination(wish)
    cells = examination.cells
    with _progress(len(cells), len(cells) - len(cache.missing(cells)), wish.language) as advanced:
        left = fill(cells, cache, examination.measure, minutes=wish.minutes, advanced=advanced, batch=wish.batch)
    found = intervals(cells, cache)
    return {
        "profile": wish.profile.name,
        "subjects": len(wish.subjects),
        "pictures": len(cells) - left,
        "left": left,
        "settings": dict(cells[0].settings),
        "figures": {name: asdict(figure) for name, figure in found.items()},
        "table": [asdict(line) for line in (*PUBLISHED, row(found))],
        "published": SOURCE,
    }


def _examination(wish: Wish) -> Examination:
    from generation.evaluation.dreambench_run import Examination, How
    from generation.evaluation.photo_figures import lacks_reward, load_photo_figures
    from generation.loading import best_device, load_pipeline

    _quieten()
    device = best_device() if wish.device == "auto" else wish.device
    judges = load_photo_figures(wish.judges, device)  # before the model: it is the quicker to be told missing
    if lacking := lacks_reward(wish.judges):
        sys.stderr.write(say("evaluate_no_reward", wish.language, lacking=", ".join(lacking)) + "\n")
    how = How(steps=wish.steps, effort=wish.effort, quantity=wish.quantity, scope=wish.scope)
    return Examination(load_pipeline(wish.profile.name, device), judges, wish.subjects, how, wish.seeds)


def _quieten() -> None:
    """Their progress bars beside ours would be two; a judge without the head of its training is what we ask for."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()


@contextmanager
def _progress(total: int, done: int, language: Language) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(say("evaluating", language), total=total, completed=done)
        yield lambda count: progress.advance(task, count)


def _tell(report: dict[str, Any], language: Language) -> None:
    heads = [say("evaluate_method", language), *HEADS.values(), say("evaluate_steps", language)]
    print("\t".join(heads))
    for line in report["table"]:
        cells = ("" if line[name] is None else f"{line[name]:.4f}" for name in HEADS)
        print("\t".join((line["method"], *cells, str(line["steps"]))))
    facts = {name: report[name] for name in ("pictures", "subjects", "profile")}
    print(say("evaluate_measured", language, **facts))
    for name, figure in report["figures"].items():
        print(f"{HEADS[name]}\t{figure['mean']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]")
    print(say("evaluate_published", language, source=report["published"]))
    print(say("evaluate_caution", language))
    if report["left"]:
        print(say("evaluate_left", language, left=report["left"], all=report["left"] + report["pictures"]))
