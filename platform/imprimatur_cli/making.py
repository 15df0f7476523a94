"""`imprimatur template ls`, `imprimatur generate`: approved wordings, and pictures from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from imprimatur_cli.client import Client
from imprimatur_cli.connection import TIMED_OUT, AsJson, connected, tell
from imprimatur_cli.failures import ERROR, CommandError
from imprimatur_cli.following import Job, NotInTime, follow
from imprimatur_cli.sentences import Lang, language_of, say
from imprimatur_cli.templates import approved_versions

templates = typer.Typer(help="Prompt templates.", no_args_is_help=True)


@templates.command("ls")
def ls(as_json: AsJson = False, lang: Lang = "") -> None:
    """Approved versions, and the variables each asks for."""
    with connected(lang) as client:
        found = approved_versions(client)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for version in found:
        asked = " ".join(f"{v['name']}={'|'.join(o['token'] for o in v['options'])}" for v in version["variables"])
        print(f"{version['id']}\t{version['text']}\t{asked}")


def generate(  # noqa: PLR0917 - each is an option of the command
    reference: Annotated[str, typer.Option(help="ref_...: which reference.")],
    template: Annotated[str, typer.Option(help="tpv_...: which approved version; see `template ls`.")],
    var: Annotated[list[str], typer.Option(help="name=token for each variable of the template.")] = [],  # noqa: B006
    use: Annotated[list[str], typer.Option(help="channel=web, territory=JP, purpose=advertising.")] = [],  # noqa: B006
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 1,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the first picture; random if left out.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until they are drawn.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait.")] = 600.0,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for the pictures; implies --wait.")] = None,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """Ask for pictures. Exit 3 if no right covers them, 5 if they are not there in time."""
    asked = {
        "reference": reference,
        "template_version": template,
        "variables": pairs(var),
        "use": pairs(use),
        "count": count,
        "seed": seed,
    }
    with connected(lang) as client:
        jobs: list[Job] = client.post("/generations", asked)["data"]
        if wait or out:
            jobs = _wait(client, jobs, timeout, lang)
        kept = _keep(client, jobs, out) if out else []
    _show(jobs, kept, as_json=as_json)
    if (wait or out) and any(job["state"] != "ready" for job in jobs):
        raise typer.Exit(ERROR)


def pairs(given: list[str]) -> dict[str, str]:
    """`["place=on the beach"]` -> `{"place": "on the beach"}`; exit 2 for anything else."""
    split = [text.partition("=") for text in given]
    wrong = [text for text, (name, sign, _value) in zip(given, split, strict=True) if not (name and sign)]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]}: write name=value")
    return {name: value for name, _sign, value in split}


def _wait(client: Client, jobs: list[Job], seconds: float, lang: str) -> list[Job]:
    try:
        return follow(client, jobs, seconds, tell)
    except NotInTime as error:
        tell(say("not_in_time", language_of(lang), seconds=f"{seconds:g}"))
        raise typer.Exit(TIMED_OUT) from error


def _keep(client: Client, jobs: list[Job], folder: Path) -> list[Path]:
    """Download what is ready, under its own id."""
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is a file: name a folder with -o")
    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    for job in jobs:
        if job["state"] == "ready":
            path = folder / f"{job['output']}.png"
            path.write_bytes(client.download(f"/outputs/{job['output']}/content"))
            kept.append(path)
    return kept


def _show(jobs: list[Job], kept: list[Path], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"generations": jobs, "files": [str(path) for path in kept]}, ensure_ascii=False))
        return
    for job in jobs:
        print("\t".join([job["id"], job["state"], job["output"] or "", job["error"] or ""]).rstrip())
    for path in kept:
        print(path)
