"""`imprimatur explain out.png`: why a picture looks as it does, drawn from what `draw --explain` kept beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from PIL import Image

from generation.profiles import get_profile
from governance.canonical import sha256_hex
from governance.intake import decode_upload, encode
from governance.provenance import read, sign_derivative
from imprimatur_cli.explanations import KeptExplanation, check_digests
from imprimatur_cli.failures import CommandError, reported
from imprimatur_cli.sentences import Lang, language_of, say
from imprimatur_cli.stamping import anchors, signer, write_whole

PNG: Final = "image/png"


def explain(
    picture: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A picture drawn with --explain.")],
    reference: Annotated[
        list[Path] | None,
        typer.Option("--reference", "-r", exists=True, dir_okay=False, help="Its references, in order, to show them."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="PNG to write; *.explain.png if left out.")
    ] = None,
    lang: Lang = "",
    as_json: Annotated[bool, typer.Option("--json", help="The numbers on standard output; no card is drawn.")] = False,
) -> None:
    """Draw one card: masks and their area over the steps, shares of words, visual tokens that got in."""
    language = language_of(lang)
    with reported(language):
        kept, data = KeptExplanation.read(picture), picture.read_bytes()
        _check_same(kept, data, picture)
        if as_json:
            print(json.dumps(_numbers(kept), ensure_ascii=False))
            return
        files = [path.read_bytes() for path in reference or []]
        check_digests(kept, [sha256_hex(file) for file in files])
        target = output or picture.with_suffix(".explain.png")
        card = _card(kept, data, [decode_upload(file).image for file in files])
        write_whole(target, _stamped(card, data))
    print(say("card_saved", language, path=target))


def _check_same(kept: KeptExplanation, data: bytes, picture: Path) -> None:
    if kept.sha256 != sha256_hex(data):
        raise CommandError(f"{picture} is not the picture that was drawn: its explanation belongs to another file")


def _numbers(kept: KeptExplanation) -> dict[str, Any]:
    """What the card shows, and where notes and scores stand."""
    return {
        "mask_area": kept.area,
        "notes": kept.notes,
        "scores": kept.scores,
        "explanation": kept.explanation.to_json() if kept.explanation else None,
    }


def _card(kept: KeptExplanation, data: bytes, references: list[Image.Image]) -> Image.Image:
    from generation.explain_cards import explain_card

    seen = get_profile(kept.spec.profile).seen
    with Image.open(io.BytesIO(data)) as drawn:
        return explain_card(drawn.convert("RGB"), kept.masks, kept.area, kept.explanation, references, seen)


def _stamped(card: Image.Image, parent: bytes) -> bytes:
    """The card shows the picture: a stamped derivative of it, with its facts."""
    facts = read(parent, PNG, anchors()).facts
    if facts is None:
        raise CommandError("the picture has no manifest of ours: draw it again")
    key, _ = signer()
    return sign_derivative(encode(card, PNG), PNG, parent, ("previewed",), facts, key)
