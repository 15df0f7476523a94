"""Everything that a stranger's file says, in one look: its manifest, its pixels, what is wrong with it.

A second look lays it over a picture of ours. Each is one call and plain JSON, so that it can be taken in a process of
its own (`governance.apart`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from governance.alteration import TELLS, altered_blocks
from governance.errors import UnreadableUpload
from governance.intake import decode_picture, pixel_digest
from governance.manifests import OutputFacts
from governance.provenance import IngredientReport, ManifestReport, read, read_damaged
from governance.recognise import Traces, recognise
from governance.registration import SAME_FROM, register, resemble

MAX_TEXT, MANY = 200, 50  # of anything that a stranger's manifest says
# Whoever signed, signed this name: the signature and the assertions hold, and only the picture is another.
_ONLY_PIXELS = {"assertion.dataHash.mismatch"}
_TERM = re.compile(r"[A-Za-z]{1,60}")  # of IPTC's digitalsourcetype
_ACTION = re.compile(r"c2pa\.[a-zA-Z.]{1,40}")
_MOMENT = re.compile(r"|\d{4}-\d\d-\d\dT[0-9:.+Z-]{5,25}")


@dataclass(frozen=True, kw_only=True)
class LaidOver:
    """A file laid over an original of ours.

    likeness: correlation where both are. altered: blocks in which it shows something else (`governance.alteration`).
    watermark_id: the mark that was read once it lay there, None without one.
    """

    likeness: float
    altered: int
    watermark_id: int | None

    @property
    def is_untouched(self) -> bool:
        """The original all over, as far as it is shown."""
        return self.likeness >= SAME_FROM and self.altered < TELLS


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found.

    report: the manifest's, without its raw store. refusal: a reason of `intake.REFUSALS` if the file is no whole
    picture, with its sentences in English and Japanese; then the pixels tell nothing.
    listed: whoever signed it is on the public trust list. pixel_digest, traces: of the decoded picture.
    """

    report: ManifestReport
    refusal: str = ""
    refusal_en: str = ""
    refusal_ja: str = ""
    listed: bool = False
    pixel_digest: str = ""
    traces: Traces | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        facts = self.report.facts.to_json() if self.report.facts else None
        return asdict(self) | {"report": asdict(replace(self.report, facts=None)) | {"facts": facts}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` made."""
        values = {f.name: data[f.name] for f in fields(cls)}
        values["report"] = report_from_json(data["report"])
        values["traces"] = Traces(**data["traces"]) if data["traces"] else None
        return cls(**values)


def inspect(data: bytes, *, anchors: str, public_list: str, watermark_key: bytes) -> Inspection:
    """Look at a file; never raises for a bad one.

    anchors: PEM of our own roots. public_list: PEM of everybody's, "" for none. watermark_key: ours.
    """
    try:
        picture, mime = decode_picture(data)
    except UnreadableUpload as error:
        return _unreadable(data, anchors, error)
    report = read(data, mime, anchors)
    may_be_listed = report.state == "valid" or report.is_only_expired  # a listed time authority may vouch for its day
    listed = bool(public_list) and may_be_listed and read(data, mime, public_list).state == "trusted"
    return Inspection(
        report=_told(report),
        listed=listed,
        pixel_digest=pixel_digest(picture),
        traces=recognise(picture, watermark_key),
    )


def lay_over(data: bytes, original: bytes, watermark_key: bytes) -> LaidOver:
    """Lay a picture over a file of ours of which it may be a copy. Raises UnreadableUpload.

    Where its mark can be read it lies there already, if it is the picture. Else it may have been cropped or turned:
    looking for that takes longest.
    """
    (picture, _), (ours, _) = decode_picture(data), decode_picture(original)
    mark, likeness = recognise(picture, watermark_key).watermark_id, resemble(picture, ours)
    if mark is not None and likeness >= SAME_FROM:
        return LaidOver(likeness=likeness, altered=altered_blocks(picture, ours), watermark_id=mark)
    found = register(picture, ours)
    return LaidOver(
        likeness=found.likeness,
        altered=altered_blocks(found.image, ours, found.where),
        watermark_id=recognise(found.image, watermark_key).watermark_id,
    )


def mime_of(data: bytes) -> str:
    """By its first bytes; "" when it is none of the three formats."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def _unreadable(data: bytes, anchors: str, error: UnreadableUpload) -> Inspection:
    """A damaged picture may still say whose it was."""
    was_signed = error.reason in ("damaged", "format", "metadata") and b"c2pa" in data
    report = read_damaged(data, mime_of(data), anchors) if was_signed else ManifestReport(state="none")
    return Inspection(
        report=_told(report),
        refusal=error.reason,
        refusal_en=error.sentence("en"),
        refusal_ja=error.sentence("ja"),
    )


def _told(report: ManifestReport) -> ManifestReport:
    """Without the raw store, which may hold anything, and without a stranger's own words: titles, made-up actions."""
    return replace(
        report,
        raw={},
        facts=_believed(report),
        signer=report.signer[:MAX_TEXT],
        source_type=report.source_type if _TERM.fullmatch(report.source_type) else "",
        generated_at=report.generated_at if _MOMENT.fullmatch(report.generated_at) else "",
        stamped_at=report.stamped_at if _MOMENT.fullmatch(report.stamped_at) else "",
        unproven_stamp=report.unproven_stamp if _MOMENT.fullmatch(report.unproven_stamp) else "",
        actions=tuple(action for action in report.actions[:MANY] if _ACTION.fullmatch(action)),
        failures=tuple(code.split(":", maxsplit=1)[0][:MAX_TEXT] for code in report.failures[:MANY]),
        ingredients=tuple(replace(i, title="") for i in report.ingredients[:MANY]),
    )


def _believed(report: ManifestReport) -> OutputFacts | None:
    """Our facts as we signed them. Of a changed file only whose picture it says it is, and only where nobody but us can
    have said it; of a stranger's nothing, and nothing once the certificate is over: then anybody may have signed."""
    if report.facts is None or report.state == "trusted":
        return report.facts
    if report.state == "invalid" and set(report.failures) <= _ONLY_PIXELS:
        return OutputFacts(generation_id=report.facts.generation_id[:MAX_TEXT], spec_digest="")
    return None


def report_from_json(data: Mapping[str, Any]) -> ManifestReport:
    """A report whose facts were written by `OutputFacts.to_json`, the rest as plain JSON types."""
    values = dict(data) | {"facts": OutputFacts.from_json(data["facts"]) if data["facts"] else None}
    for name in ("actions", "failures"):
        values[name] = tuple(values[name])
    values["ingredients"] = tuple(
        IngredientReport(**(i | {"failures": tuple(i["failures"])})) for i in values["ingredients"]
    )
    return ManifestReport(**values)
