"""`imprimatur review ls`: what waits for review. Deciding needs a person's session: the pages, never a key."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from imprimatur_cli.connection import AsJson, connected
from imprimatur_cli.sentences import Lang

review = typer.Typer(help="Pictures in review.", no_args_is_help=True)


@review.command("ls")
def ls(
    which: Annotated[str, typer.Option("--list", help="open, held, approved or all.")] = "open",
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """Pictures in review, newest first."""
    with connected(lang) as client:
        found = client.get("/reviews", queue=which, limit=200)["data"]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        print(f"{row['id']}\t{row['state']}\t{row['prompt']}\t{row['requested_by']}")
