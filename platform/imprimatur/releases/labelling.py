"""Which labels does this release carry, and why? The governance compiler's answer, carried out on the file.

A visible label is drawn on a copy: the reviewed file stays as it was and is the labelled one's parent. Opaque letters
would take part of the watermark away: it is put back inside the label, so that no pixel beside it changes.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageChops

from governance.errors import LabelTooLarge
from governance.intake import Mime, encode
from governance.label_drawing import draw_label
from governance.labels import Content, Labels, Person, VisibleLabel, compile_labels
from governance.provenance import DerivativeAction, OutputFacts
from governance.watermark import embed_within, identifier_of
from governance.xmp import Origin, embed_xmp, packet
from imprimatur import keys
from imprimatur.generations.models import Generation, Output
from imprimatur.tenants.errors import Conflict

FLAT_PROFILES: Final = frozenset({"studio"})  # what they draw is taken for no photograph
ADVERTISING: Final = "advertising"
LOOKS: Final = ("photoreal", "person")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The file to sign: with its label drawn and its metadata written. actions: what was done to it."""

    data: bytes
    actions: tuple[DerivativeAction, ...]


def first_looks(generation: Generation) -> dict[str, Any]:
    """What we take a picture for, until somebody who sees it says otherwise."""
    return {"photoreal": generation.spec.get("profile") not in FLAT_PROFILES, "person": _person(generation)}


def labels_for(output: Output, use: Mapping[str, Any], looks: Mapping[str, Any] | None, today: date) -> Labels:
    """The labels of a picture that goes out for `use`; `looks` (photoreal, person) as whoever releases it says."""
    seen = first_looks(output.generation) | {k: v for k, v in (looks or {}).items() if k in LOOKS}
    content = Content(
        territories=(str(use.get("territory", "")),),
        channel=str(use.get("channel", "")),
        language=str(use.get("language", "")),
        person=seen["person"],
        advertisement=bool(use.get("paid")) or use.get("purpose") == ADVERTISING,
        photoreal=bool(seen["photoreal"]),
    )
    return compile_labels(content, today)


def labelled(data: bytes, mime: str, labels: Labels, origin: Origin, facts: OutputFacts) -> Labelled:
    """Draw what is to be shown, write what is to be embedded. facts: the reviewed picture's.

    Conflict for a picture too small for its label.
    """
    actions: list[DerivativeAction] = []
    if labels.visible is not None:
        data = _drawn(data, mime, labels.visible, facts)
        actions.append("labelled")
    xmp = packet(origin, labels.embedded)
    return Labelled(data=embed_xmp(data, mime, xmp) if xmp else data, actions=tuple(actions))


def require_marks(labels: Labels, facts: OutputFacts) -> None:
    """Conflict when a mark is demanded that can no longer be put in: the watermark belongs under what was reviewed."""
    if "watermark" in labels.embedded and not facts.watermarked:
        sentence = _("The law there demands a watermark, and this picture was drawn without one. Draw it again.")
        raise Conflict(sentence, "watermark_missing")


def origin_of(facts: OutputFacts, *, publisher: str, release_id: str) -> Origin:
    """What the metadata says of a picture with these facts."""
    return Origin(
        provider=settings.PROVIDER_NAME,
        system=facts.model_name or facts.software_agent,
        version=f"{facts.software_agent} {facts.software_version}",
        content_id=facts.generation_id,
        created_at=facts.generated_at,
        source_type=facts.source_type,
        release_id=release_id,
        propagator=publisher,
    )


def _drawn(data: bytes, mime: str, visible: VisibleLabel, facts: OutputFacts) -> bytes:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            reviewed = picture.convert("RGB")
        shown = draw_label(reviewed, visible)
    except LabelTooLarge as error:
        sentence = _("This picture is too small for the label it must carry there. Draw a larger one.")
        raise Conflict(sentence, "label_too_large") from error
    box = ImageChops.difference(reviewed, shown).getbbox()
    if facts.watermarked and box is not None:
        shown = embed_within(shown, box, reviewed, identifier_of(facts.generation_id), keys.watermark_key())
    return encode(shown, _known(mime))


def _known(mime: str) -> Mime:
    known: dict[str, Mime] = {m: m for m in ("image/png", "image/jpeg", "image/webp")}
    return known[mime]


def _person(generation: Generation) -> Person:
    """A real one outweighs an invented one: what is said of the picture must hold for everybody in it."""
    roots = [root for reference in generation.references for root in reference.rights_roots]
    shown = [root for root in roots if root.shows_person]
    if not shown:
        return "none"
    return "real" if any(reference.source == "photograph" for reference in shown) else "invented"
