"""`imprimatur audit export|verify`: take the audit trail along, and check it here rather than on the server."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance.checkpoint import PUBLIC_NAME, read_checkpoint
from governance.errors import LedgerBroken
from governance.ledger import GENESIS
from governance.trail import TrailReport, Witness, of_checkpoint
from governance.trail_package import KEY, check_package, of_picture, plain, read_key
from imprimatur_cli.connection import AsJson, connected, tell
from imprimatur_cli.failures import ERROR, CommandError, reported
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.stamping import anchors, home, write_whole

audit = typer.Typer(help="The audit trail: take it along, and check that nobody touched it.", no_args_is_help=True)

_KINDS: Final = ("zip", "csv", "jsonl")


def _file(words: str) -> Any:
    return typer.Option(exists=True, dir_okay=False, help=words)


@audit.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to: a name that ends in .zip, .csv or .jsonl.")],
    lang: Lang = "",
) -> None:
    """The whole trail: a package to check anywhere (.zip), a table (.csv), or the rows as they were hashed (.jsonl)."""
    kind = out.suffix.removeprefix(".")
    with connected(lang) as client:
        if kind not in _KINDS:
            raise CommandError("the name must end in .zip, .csv or .jsonl")
        write_whole(out, client.download(f"/audit-events.{kind}"))
    tell(str(out))


@audit.command("verify")
def verify(  # noqa: PLR0917 - typer's options
    package: Annotated[Path | None, _file("An exported package; without it the server is asked for one.")] = None,
    tenant: Annotated[str, typer.Option(help="The company's id (UUID) that the trail must be of.")] = "",
    checkpoint: Annotated[list[Path] | None, _file("A checkpoint from an earlier day; may be repeated.")] = None,
    picture: Annotated[list[Path] | None, _file("A picture that was delivered; may be repeated.")] = None,
    key: Annotated[Path | None, _file("The checkpoints' public key, from an earlier day.")] = None,
    trust: Annotated[Path | None, _file("PEM of the roots to trust, for pictures.")] = None,
    as_json: AsJson = False,
    lang: Lang = "",
) -> None:
    """Find an edit, a deletion, a reordering and a cut end. Exit code 0 only for a trail that nobody touched."""
    language = language_of(lang)
    with reported(language):
        data = package.read_bytes() if package else _fetched(lang)
        keys = _kept_keys(key)
        heard = [_vouched(path, keys or (_enclosed_key(data),)) for path in checkpoint or ()]
        heard += [of_picture(path.name, path.read_bytes(), anchors(trust)) for path in picture or ()]
        heard += [Witness(source=f"--tenant {tenant}", hash=GENESIS, tenant=tenant.lower())] if tenant else []
        report = check_package(io.BytesIO(data), heard, keys)
    _print(report, language, as_json=as_json, own_key=bool(keys))
    if not report.intact:
        raise typer.Exit(ERROR)


def _fetched(lang: str) -> bytes:
    with connected(lang) as client:
        return client.download("/audit-events.zip")


def _kept_keys(named: Path | None) -> tuple[Ed25519PublicKey, ...]:
    """A key that did not come with the trail: the named one, or this machine's own."""
    path = named or home() / "pki" / PUBLIC_NAME
    return (read_key(path.read_bytes()),) if path.exists() else ()


def _enclosed_key(data: bytes) -> Ed25519PublicKey:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return read_key(package.read(KEY))
    except (zipfile.BadZipFile, KeyError) as error:
        raise LedgerBroken(f"this file is no exported audit trail ({error})") from error


def _vouched(path: Path, keys: tuple[Ed25519PublicKey, ...]) -> Witness:
    return of_checkpoint(read_checkpoint(path.read_bytes(), keys))


def _print(report: TrailReport, language: Language, *, as_json: bool, own_key: bool) -> None:
    if as_json:
        print(json.dumps(plain(report, language) | {"own_key": own_key}, ensure_ascii=False))
        return
    verdict = "audit_intact" if report.intact else "audit_touched"
    print(say(verdict, language, rows=report.rows, witnesses=report.witnesses, head=report.head))
    for fault in report.faults:
        print(f"  {fault.sentence(language)}")
    if not own_key:
        tell(say("audit_enclosed_key", language))
