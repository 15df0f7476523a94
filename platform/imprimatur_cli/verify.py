"""`imprimatur verify`: what a picture says about itself, and whether to believe it. Asks nobody."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from governance.errors import UnreadableUpload
from governance.intake import check_complete
from governance.provenance import ManifestReport, read
from imprimatur_cli.failures import ERROR, reported
from imprimatur_cli.sentences import Lang, Language, language_of, say
from imprimatur_cli.stamping import anchors


def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PNG, JPEG or WebP.")],
    trust: Annotated[Path | None, typer.Option(exists=True, help="PEM of roots to trust.")] = None,
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Read a picture's provenance. Exit code 0 only for a picture that is trusted, and made from untampered ones."""
    language = language_of(lang)
    with reported(language):
        report = _read(file, trust)
    if as_json:
        print(json.dumps(_plain(report), ensure_ascii=False))
    else:
        print("\n".join(_lines(report, language)))
    if not report.is_sound:
        raise typer.Exit(ERROR)


def _read(file: Path, trust: Path | None) -> ManifestReport:
    data = file.read_bytes()
    try:
        mime = check_complete(data)
    except UnreadableUpload as error:
        return ManifestReport(state="invalid", failures=(f"image.{error.reason}",))
    return read(data, mime, anchors(trust))


def _plain(report: ManifestReport) -> dict[str, Any]:
    """Everything but the raw store."""
    facts = report.facts.to_json() if report.facts else None
    values = {k: v for k, v in asdict(report).items() if k not in ("raw", "facts")}
    return values | {"facts": facts, "is_sound": report.is_sound}


def _lines(report: ManifestReport, language: Language) -> list[str]:
    failures = ", ".join(report.failures)
    lines = [say(f"state_{report.state}", language, signer=report.signer, failures=failures)]
    if report.facts:
        lines.append(say("fact_generated", language, when=report.generated_at, model=report.facts.model_name))
        lines.append(say("pixel_digest", language, digest=report.facts.pixel_digest))
    lines += [say("ingredient", language, title=i.title, state=i.state) for i in report.ingredients]
    return lines
