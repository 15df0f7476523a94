"""`imprimatur ref add`: a photograph becomes a reference of a product or a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from imprimatur_cli.client import Client
from imprimatur_cli.connection import AsJson, connected, tell
from imprimatur_cli.sentences import Lang, language_of, say

references = typer.Typer(help="Reference pictures.", no_args_is_help=True)
MIMES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


@references.command("add")
def add(  # noqa: PLR0917 - each is an option of the command
    photo: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PNG, JPEG or WebP.")],
    subject: Annotated[str, typer.Option(help="sub_... of a known subject; else name a new one.")] = "",
    name: Annotated[str, typer.Option(help="Name of a new subject.")] = "",
    word: Annotated[str, typer.Option(help="The English word for it, such as bottle.")] = "",
    brand: Annotated[str, typer.Option(help="Name of its brand.")] = "",
    person: Annotated[bool, typer.Option("--person", help="A person can be recognised: a consent is needed.")] = False,
    own_work: Annotated[bool, typer.Option("--own-work", help="The picture's rights are the company's own.")] = False,
    mark: Annotated[list[str], typer.Option(help="A trademark that is visible; may be repeated.")] = [],  # noqa: B006
    source: Annotated[str, typer.Option(help="photograph or drawing.")] = "photograph",
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """Upload a reference; what the photo coach says goes to stderr."""
    with connected(lang) as client:
        owner = subject or _new_subject(client, brand=brand, name=name, word=word, person=person)
        declared: dict[str, Any] = {"subject": owner, "source": source, "shows_person": person, "own_work": own_work}
        file = (photo.name, photo.read_bytes(), MIMES.get(photo.suffix.lower(), "application/octet-stream"))
        made = client.upload("/references", file, declared | ({"declared_marks": mark} if mark else {}))
        coach = client.get(f"/references/{made['id']}/quality")
    for check in coach["checks"]:
        if check["verdict"] in ("fair", "poor"):
            tell(say("note", language_of(lang), text=f"{check['sentence']} {check['advice']}"))
    print(json.dumps(made, ensure_ascii=False) if as_json else f"{made['id']}\t{made['verdict']}")


def _new_subject(client: Client, *, brand: str, name: str, word: str, person: bool) -> str:
    """The id of a new subject; its brand is made where it is missing."""
    if not (brand and name and word):
        raise typer.BadParameter("give --subject, or --brand, --name and --word for a new one")
    known = {row["name"]: row["id"] for row in client.get("/brands", limit=200)["data"]}
    owner = known.get(brand) or client.post("/brands", {"name": brand})["id"]
    kind = "person" if person else "product"
    made = client.post("/subjects", {"brand": owner, "name": name, "kind": kind, "word": word})
    return str(made["id"])
