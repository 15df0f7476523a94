"""`imprimatur sweep`: one reference under many dials, and which of them serve it best."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from generation.profiles import get_profile
from generation.spec import GenerationSpec, MaskDials
from imprimatur_cli.draw import Wish
from imprimatur_cli.drawing import Job
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.rights import declared, permitted
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.subjects import SubjectOptions, read_subjects
from imprimatur_cli.sweep_plan import Cell, Proposal, cells, proposal
from imprimatur_cli.sweeping import Sweep

MOST_CELLS: Final = 400
Listed = Annotated[str, typer.Option(help="Comma separated.")]


def sweep(
    *,
    reference: Annotated[
        list[Path],
        typer.Option("--reference", "-r", exists=True, dir_okay=False, help="Picture of --word; repeatable."),
    ],
    prompt: Annotated[str, typer.Option(help="What the pictures show.")],
    word: Annotated[str, typer.Option(help="The word of the prompt that is the subject.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder; goes on with what is there.")
    ],
    own_work: Annotated[bool, typer.Option("--own-work", help="I declare that the reference is my own work.")] = False,
    rights: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="JSON file of agreements.")] = None,
    scopes: Listed = "0.15,0.25,0.4",
    quantities: Listed = "0.5,0.8,1",
    stops: Annotated[str, typer.Option(help="Steps after which the mask is frozen; the usual one if left out.")] = "",
    seeds: Listed = "1,2",
    steps: Annotated[int | None, typer.Option(help="Denoising steps; the model's own if left out.")] = None,
    within: Annotated[float, typer.Option(help="How much similarity may be given up for the words.")] = 0.05,
    profile: Annotated[str, typer.Option(help="Which model draws.")] = "studio",
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Draw scope x quantity x stop step x seed, score each, and propose dials: sheet.png, plot.svg, sweep.json."""
    language = language_of(lang)
    with reported(language):
        subjects = read_subjects(SubjectOptions(word=word, references=reference))
        named = [r.named for s in subjects for r in s.references]
        inherits = all(n.drawn is not None for n in named)
        claim = declared(own_work=own_work, file=rights, person=False, marks=(), inherits=inherits)
        permit = permitted(claim, named)
        plan = _plan(profile, steps, scopes=scopes, quantities=quantities, stops=stops, seeds=seeds)
        jobs = {
            cell: Job(
                _wish(profile, prompt, steps, cell).spec(subjects),
                subjects,
                claim,
                permit,
                output / cell.file_name,
                None,
                device,
                "photograph",
                language,
            )
            for cell in plan
        }
        done = Sweep(output, jobs, language).run()
        found = proposal(done, within)
    _tell(output, found, language, as_json=as_json)


def _wish(profile: str, prompt: str, steps: int | None, cell: Cell) -> Wish:
    return Wish(
        profile=profile,
        prompt=prompt,
        seed=cell.seed,
        steps=steps,
        scope=cell.scope,
        quantity=cell.quantity,
        stop_step=cell.stop,
    )


def _plan(profile: str, steps: int | None, **lists: str) -> list[Cell]:
    """Every combination. Raises CommandError for what is no list of numbers, or too many pictures."""
    taken = get_profile(profile).steps if steps is None else steps
    usual = max(1, taken * (MaskDials.stop_step or 1) // GenerationSpec.steps)
    found = cells(
        scopes=numbers("--scopes", lists["scopes"]),
        quantities=numbers("--quantities", lists["quantities"]),
        stops=[int(stop) for stop in numbers("--stops", lists["stops"] or str(usual))],
        seeds=[int(seed) for seed in numbers("--seeds", lists["seeds"])],
    )
    if len(found) > MOST_CELLS:
        raise CommandError(f"that makes {len(found)} pictures: take fewer values, at most {MOST_CELLS} pictures")
    return found


def numbers(option: str, text: str) -> list[float]:
    """The values of a comma separated option, each once. Raises CommandError."""
    try:
        return list(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError as error:
        raise CommandError(f"{option} {text}: give numbers with commas between them") from error


def _tell(folder: Path, found: Proposal | None, language: Language, *, as_json: bool) -> None:
    facts: dict[str, Any] = {"folder": str(folder), "proposal": found.to_json() if found else None}
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    print(say("sweep_done", language, sheet=folder / "sheet.png", plot=folder / "plot.svg"))
    if found is None:
        sys.stderr.write(say("sweep_unscored", language) + "\n")
        return
    print(say("sweep_proposal", language, **found.told()))
