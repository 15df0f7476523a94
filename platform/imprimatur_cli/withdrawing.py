"""`imprimatur consent impact`, `imprimatur consent revoke`: what ending a right reaches, and ending it.

Licences are ended by the same two commands: a record's id says which it is.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, Final

import typer

from imprimatur_cli.connection import AsJson, connected, tell
from imprimatur_cli.failures import USAGE, CommandError
from imprimatur_cli.sentences import Lang, language_of, say

consents = typer.Typer(help="Consents and licences.", no_args_is_help=True)
Record = Annotated[str, typer.Argument(help="cns_... of a consent or tml_... of a licence.")]
_PATHS: Final = {"cns": "/consents", "tml": "/trademark-licences"}
_COUNTS: Final = (
    "queued",
    "drawing",
    "pictures",
    "in_review",
    "approved",
    "released",
    "withdrawn",
    "closed",
    "quarantined",
    "references",
    "derived",
    "made_of_them",
    "downloads",
)


@consents.command("impact")
def impact(record: Record, as_json: AsJson = False, lang: Lang = "") -> None:
    """What a revocation would reach today. Changes nothing."""
    with connected(lang) as client:
        found = client.get(f"{_path(record)}/impact")
    _show(found, as_json=as_json)


@consents.command("revoke")
def revoke(  # noqa: PLR0917 - typer's options
    record: Record,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would reach.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the id again.")] = False,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """End a right for good: nothing is drawn, shown or served under it any more. Asks for the id unless told --yes."""
    language = language_of(lang)
    with connected(lang) as client:
        path = f"{_path(record)}/revoke"
        reached = client.post(path, {"dry_run": True})
        if dry_run:
            _show(reached, as_json=as_json)
            return
        tell(say("revoke_reaches", language, **{name: reached[name] for name in ("pictures", "released", "queued")}))
        if not yes and _typed(say("revoke_confirm", language, record=record)) != record:
            tell(say("revoke_unconfirmed", language))
            raise typer.Exit(USAGE)
        ended = client.post(path, {"reason": reason})
    print(json.dumps(ended, ensure_ascii=False) if as_json else f"{ended['id']}\t{ended['status']}")


def _typed(question: str) -> str:
    """The answer to a question that stands on stderr: stdout is for data alone."""
    tell(question)
    return sys.stdin.readline().strip()


def _path(record: str) -> str:
    try:
        return f"{_PATHS[record[:3]]}/{record}"
    except KeyError as unknown:
        raise CommandError(f"{record!r}: give the id of a consent (cns_...) or of a licence (tml_...)") from unknown


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name in _COUNTS:
        print(f"{name}\t{found[name]}")
    for kind in ("recipients", "downloaders"):
        for person in found[kind]:
            print(f"{kind.removesuffix('s')}\t{person}")
    for release in found["releases"]:
        print(f"release\t{release['id']}")
