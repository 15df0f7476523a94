"""`imprimatur weights`: the models that are not shipped: which there are, get them, check them, convert a pickle."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from generation.getting import get_file
from generation.profiles import PROFILES, Profile, get_profile
from generation.weight_files import WeightFile, Weights
from generation.weight_record import Recorded, missing, models_folder, problems, read_record
from imprimatur_cli.failures import ERROR, CommandError, reported
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.translation import translated

weights = typer.Typer(help="Weights of the models that are not in the box.", no_args_is_help=True)
Models = Annotated[Path | None, typer.Option("--models", help="Folder of models; IMPRIMATUR_MODELS if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@weights.command("list")
def list_weights(models: Models = None, as_json: AsJson = False, lang: Lang = "") -> None:
    """Every model, its parts, their sizes and licences, and what is here."""
    with reported(language_of(lang)):
        folder = models or models_folder()
        rows = [_part_row(profile, part, folder) for profile in PROFILES.values() for part in profile.weights]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        print("\t".join((row["profile"], row["part"], row["size"], row["licence"], row["state"])))


@weights.command("get")
def get_weights(  # noqa: PLR0917 - typer's options
    profile: Annotated[str, typer.Argument(help="Which model, as `weights list` names it.")],
    models: Models = None,
    mirror: Annotated[str, typer.Option("--from", help="Address laid out as the model's folder, instead.")] = "",
    optional: Annotated[bool, typer.Option("--optional", help="Also what only scores pictures.")] = False,
    accept: Annotated[bool, typer.Option("--accept-licences", help="I agree to the licences of its parts.")] = False,
    lang: Lang = "",
) -> None:
    """Fetch a model's files, resuming what was interrupted; every file is checked and recorded."""
    language = language_of(lang)
    with reported(language):
        found, folder = _target(profile, models)
        parts = [part for part in found.weights if part.base and (optional or not part.optional)]
        _check_agreed(parts, accept=accept)
        for part in parts:
            _get_part(folder, part, mirror, language)
    print(folder)


@weights.command("check")
def check_weights(
    profile: Annotated[str, typer.Argument(help="Which model, as `weights list` names it.")],
    models: Models = None,
    lang: Lang = "",
) -> None:
    """Read every file: digests as recorded, licences on record, parameter names exactly the model's."""
    language = language_of(lang)
    with reported(language):
        found, folder = _target(profile, models)
        wrong = problems(folder, found) or _misfits(found, folder)
    for sentence in wrong:
        sys.stderr.write(f"{translated(sentence, language)}\n")
    if wrong:
        raise typer.Exit(ERROR)
    print(say("weights_good", language, profile=profile, count=len(read_record(folder))))


@weights.command("convert")
def convert_weights(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The release's .pth file.")],
    target: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    lang: Lang = "",
) -> None:
    """Rewrite a released .pth as safetensors. Only plain tensors are unpickled, anything else is refused."""
    with reported(language_of(lang)):
        if target.suffix != ".safetensors" or not target.parent.is_dir():
            raise CommandError(f"{target}: name a *.safetensors file in a folder that exists")
        _convert(source, target)
    print(target)


def _target(profile: str, models: Path | None) -> tuple[Profile, Path]:
    """The profile and its folder. Raises UnknownProfile, CommandError for a model in the box or an unnamed folder."""
    found = get_profile(profile)
    if found.shipped:
        raise CommandError(f"{profile} is in the box: there is nothing to get")
    folder = models or models_folder()
    if folder is None:
        raise CommandError("say where models are kept: --models FOLDER, or set IMPRIMATUR_MODELS")
    return found, folder / found.name


def _part_row(profile: Profile, part: Weights, models: Path | None) -> dict[str, str]:
    size = sum(file.size for file in part.files)
    exact = all(file.size or file.path.endswith((".json", ".txt")) for file in part.files)
    told = f"{'' if exact else '> '}{size / 1e9:.1f} GB" if size else ""
    return {
        "profile": profile.name,
        "part": part.part + (" (optional)" if part.optional else ""),
        "size": told,
        "licence": part.licence,
        "source": part.source,
        "state": _state(profile, part, models),
    }


def _state(profile: Profile, part: Weights, models: Path | None) -> str:
    if profile.shipped:
        return "in the box"
    if not part.files:
        return part.source
    lacking = len(part.files) if models is None else len(missing(models / profile.name, part))
    return "here" if not lacking else f"{lacking} of {len(part.files)} files missing"


def _check_agreed(parts: list[Weights], *, accept: bool) -> None:
    bound = sorted({part.licence for part in parts if part.needs_agreement})
    if bound and not accept:
        raise CommandError(f"its parts come under {', '.join(bound)}: read them, then add --accept-licences")


def _get_part(folder: Path, part: Weights, mirror: str, language: Language) -> None:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:
        for file in part.files:
            task = progress.add_task(file.needed, total=file.size or None)

            def show(there: int, total: int, task: Any = task) -> None:
                progress.update(task, completed=there, total=total or None)

            entry = get_file(folder, part, file, show, convert=_convert, mirror=mirror)
            _tell(file, entry, language)


def _tell(file: WeightFile, entry: Recorded, language: Language) -> None:
    known = say("weights_known" if entry.known == "published" else "weights_first", language)
    sys.stderr.write(f"{file.needed}\t{entry.size}\t{entry.sha256}\t{known}\n")


def _misfits(profile: Profile, folder: Path) -> list[str]:
    """Parameter names, both ways; torch is loaded for this alone."""
    from generation.loading import misfits

    return misfits(profile.name, folder)


def _convert(source: Path, target: Path) -> None:
    import pickle

    from generation.published import convert_pickle

    try:
        convert_pickle(source, target)
    except (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CommandError(f"{source} is no file of plain tensors: {first}") from error
