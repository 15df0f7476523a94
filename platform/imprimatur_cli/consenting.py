"""`imprimatur consent add`, `consent list`, `imprimatur blocklist`: what was agreed, and what must not be used.

A consent that is added is a draft: a rights manager verifies it, in person, on the pages.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imprimatur_cli.client import Client
from imprimatur_cli.connection import AsJson, connected
from imprimatur_cli.failures import CommandError
from imprimatur_cli.sentences import Lang
from imprimatur_cli.withdrawing import consents

blocklist = typer.Typer(help="Words, marks and names that must not be used.", no_args_is_help=True)
Repeated = list[str]
LIMIT = 200


@consents.command("add")
def add(  # noqa: PLR0917 - each is an option of the command
    title: Annotated[str, typer.Option(help="For your lists.")],
    reference: Annotated[Repeated, typer.Option(help="ref_...: a picture it covers; repeatable.")],
    kind: Annotated[str, typer.Option(help="likeness, copyright or property.")] = "likeness",
    channel: Annotated[Repeated, typer.Option(help="Where it may appear; * is everywhere.")] = [],  # noqa: B006
    purpose: Annotated[Repeated, typer.Option(help="What for.")] = [],  # noqa: B006
    territory: Annotated[Repeated, typer.Option(help="ISO 3166, such as JP or US-NY.")] = [],  # noqa: B006
    until: Annotated[str, typer.Option(help="2027-03-31: the last day, in UTC; no end if left out.")] = "",
    ai: Annotated[bool, typer.Option("--ai", help="Pictures made by AI were agreed to.")] = False,
    terms: Annotated[Path | None, typer.Option(help="JSON with further terms of the API's consents.")] = None,
    file: Annotated[Path | None, typer.Option(help="The signed document.")] = None,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """Write down a consent as a draft, with its signed document."""
    body: dict[str, Any] = {
        "title": title,
        "kind": kind,
        "channels": channel,
        "purposes": purpose,
        "territories": territory,
        "valid_from": f"{datetime.now(UTC):%Y-%m-%dT00:00:00Z}",
        "valid_until": f"{until}T23:59:59Z" if until else None,
        "synthetic_media_permitted": ai,
    }
    with connected(lang) as client:
        body |= {"reference_digests": [_digest(client, ref) for ref in reference]} | _read_terms(terms)
        made = client.post("/consents", body)
        if file is not None:
            document = (file.name, _bytes(file), "application/octet-stream")
            made = client.upload(f"/consents/{made['id']}/evidence", document)
    print(json.dumps(made, ensure_ascii=False) if as_json else f"{made['id']}\t{made['status']}\t{made['title']}")


@consents.command("list")
def list_records(
    status: Annotated[str, typer.Option(help="Only those that stand there: draft, active, revoked, ...")] = "",
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """Consents, newest first."""
    with connected(lang) as client:
        found = client.get("/consents", limit=LIMIT, **({"status": status} if status else {}))["data"]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for record in found:
        print("\t".join([record["id"], record["standing"], record["valid_until"] or "-", record["title"]]))


@blocklist.command("ls")
def blocklist_ls(as_json: AsJson = False, lang: Lang = "") -> None:
    """Everything that is blocked."""
    with connected(lang) as client:
        found = client.get("/blocklist", limit=LIMIT)["data"]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for entry in found:
        print("\t".join([entry["id"], entry["kind"], entry["text"], entry["note"]]).rstrip())


@blocklist.command("add")
def blocklist_add(
    text: Annotated[str, typer.Argument(help="The word, mark or name.")],
    kind: Annotated[str, typer.Option(help="word, mark or name.")] = "word",
    note: Annotated[str, typer.Option(help="Why.")] = "",
    lang: Lang = "",
) -> None:
    """Block one more, however it is written."""
    with connected(lang) as client:
        made = client.post("/blocklist", {"text": text, "kind": kind, "note": note})
    print(f"{made['id']}\t{made['kind']}\t{made['text']}")


@blocklist.command("import")
def blocklist_import(
    file: Annotated[Path, typer.Argument(help="CSV: text, kind, note. All of it is added, or nothing.")],
    lang: Lang = "",
) -> None:
    """Block a whole list."""
    with connected(lang) as client:
        told = client.upload("/blocklist/import", (file.name, _bytes(file), "text/csv"))
    print(f"{told['added']}\t{told['there']}")


def _digest(client: Client, reference: str) -> str:
    return str(client.get(f"/references/{reference}")["pixel_sha256"])


def _read_terms(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(_bytes(path))
    except ValueError as error:
        raise CommandError(f"{path} is no JSON ({error})") from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} must hold one JSON object with terms")
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({error.strerror})") from error
