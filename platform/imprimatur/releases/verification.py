"""Is this picture ours, and is it still what we let out? For anybody who holds a file; nothing of it is kept.

The file's SHA-256 is asked first: a manifest has padding that no hash covers, and ends with its certificate. Then the
manifest, read against our own anchors. Last the pixels, for a picture whose manifest was stripped on the way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from governance.errors import UnreadableUpload
from governance.intake import MAX_BYTES, check_complete, decode_upload, pixel_digest
from governance.provenance import ManifestReport, read, read_damaged
from imprimatur import keys
from imprimatur.releases import lookups
from imprimatur.releases.lookups import Known, Standing
from imprimatur.releases.pace import in_turn
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.uploads import UploadTooLarge


class Verdict(models.TextChoices):
    """What we can say about a file."""

    GENUINE = "genuine", _("Genuine")
    CHANGED = "changed", _("Changed since it was signed")
    RECOGNISED = "recognised", _("Recognised, but not a released file")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    NOT_OURS = "not_ours", _("Not ours")
    NONE = "none", _("Nothing to go by")


SENTENCES: Final = {
    "genuine": _("This is the picture as we released it. It was made with AI, and two people approved it."),
    "changed": _("The file says that it was made here, but it is not as we signed it: it has been changed since."),
    "changed_foreign": _("This file has been changed since it was signed."),
    "stripped": _("Its proof of origin has been removed. Its pixels are those of a picture that we released."),
    "stripped_unreleased": _("Its proof of origin has been removed. The picture was made here and never released."),
    "version": _("This is another version of a picture that we released, signed by us. Ask for the released file."),
    "unreleased": _("This picture was made here with AI, but it has not been released: do not use it."),
    "signed": _("We signed this picture, but it is none that we generated."),
    "withdrawn": _("We released this picture and have withdrawn it: stop using it."),
    "right_ended": _("We released this picture, but the right to use it has ended: stop using it."),
    "not_ours": _("This file is signed, but not by us. We cannot vouch for it."),
    "none": _(
        "This file carries no proof of origin, and we do not know its pixels. That says nothing for or against it."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The verdict in plain words. `facts` holds what may be told to anybody: dates, signer, publisher, digests."""

    verdict: Verdict
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)


def verify(data: bytes) -> Verification:
    """Look at a file, outside any tenant's scope. InvalidInput or UploadTooLarge for what is no picture to look at;
    TooFast when too many others are being looked at."""
    if len(data) > MAX_BYTES:
        raise UploadTooLarge
    with in_turn():
        return _verdict(data)


def _verdict(data: bytes) -> Verification:
    report = _report_of(data)
    known = lookups.by_file(hashlib.sha256(data).hexdigest())
    if known is not None:
        return _exact(known, report)
    if report.state == "none":
        return _unmarked(data, report)
    known = lookups.by_generation(report.facts.generation_id) if report.facts else None
    return _marked(known, report)


def _exact(known: Known, report: ManifestReport) -> Verification:
    """Byte for byte a file of ours: the released one, or the one that review looked at."""
    gone = _gone(known, report)
    if gone:
        return gone
    if known.standing == Standing.UNRELEASED:
        return _say(Verdict.RECOGNISED, "unreleased", report, known)
    if known.is_released_file:
        return _say(Verdict.GENUINE, "genuine", report, known)
    return _say(Verdict.RECOGNISED, "version", report, known)


def _marked(known: Known | None, report: ManifestReport) -> Verification:
    """It has a manifest, and its bytes are none of ours."""
    if report.state == "valid":
        return _say(Verdict.NOT_OURS, "not_ours", report)
    if known is None:
        changed = report.state == "invalid"
        return (
            _say(Verdict.CHANGED, "changed_foreign", report) if changed else _say(Verdict.RECOGNISED, "signed", report)
        )
    gone = _gone(known, report)
    if gone:
        return gone
    if report.state == "invalid" or _poses_as_released(report):
        return _say(Verdict.CHANGED, "changed", report, known)
    released = known.standing == Standing.RELEASED
    return _say(Verdict.RECOGNISED, "version" if released else "unreleased", report, known)


def _unmarked(data: bytes, report: ManifestReport) -> Verification:
    """No manifest: only the pixels can still be known."""
    known = lookups.by_pixels(pixel_digest(decode_upload(data).image))
    if known is None:
        return _say(Verdict.NONE, "none", report)
    gone = _gone(known, report)
    if gone:
        return gone
    released = known.standing == Standing.RELEASED
    return _say(Verdict.RECOGNISED, "stripped" if released else "stripped_unreleased", report, known)


def _gone(known: Known, report: ManifestReport) -> Verification | None:
    if known.standing == Standing.WITHDRAWN:
        return _say(Verdict.WITHDRAWN, "withdrawn", report, known)
    if known.standing == Standing.RIGHT_ENDED:
        return _say(Verdict.WITHDRAWN, "right_ended", report, known)
    return None


def _poses_as_released(report: ManifestReport) -> bool:
    """It says it is the released file, its signature holds, and still it is not: its padding was changed."""
    return "c2pa.published" in report.actions


def _say(verdict: Verdict, sentence: str, report: ManifestReport, known: Known | None = None) -> Verification:
    facts: dict[str, Any] = {
        "manifest_state": report.state,
        "signer": report.signer,
        "made_at": report.generated_at,
        "source_type": report.source_type,
        "oversight": report.oversight,
        "model": report.facts.model_name if report.facts else "",
    }
    told = {name: value for name, value in (facts | (known.public if known else {})).items() if value}
    return Verification(verdict=verdict, sentence=str(SENTENCES[sentence]), facts=told)


def _mime(data: bytes) -> str:
    """By its first bytes; "" when it is none of the three formats."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ""


def _report_of(data: bytes) -> ManifestReport:
    """What the file says about itself; a damaged one may still say whose it was. InvalidInput for no picture at all."""
    mime, anchors = _mime(data), keys.trust_anchors()
    try:
        check_complete(data)
    except UnreadableUpload as error:
        was_signed = error.reason in ("damaged", "format") and b"c2pa" in data
        said = read_damaged(data, mime, anchors) if was_signed else ManifestReport(state="none")
        if said.state == "none":
            raise _unreadable(error) from error
        return said
    return read(data, mime, anchors)


def _unreadable(error: UnreadableUpload) -> InvalidInput:
    sentence = error.sentence(get_language() or "en")
    return InvalidInput(sentence, errors=[{"field": "file", "message": sentence}], code=f"upload_{error.reason}")
