"""Is this picture ours, and is it still what we let out? For anybody who holds a file; nothing of it is kept.

The file's SHA-256 is asked first: a manifest has padding that no hash covers, and ends with its certificate. Then the
manifest, read against our own anchors. Last the pixels, for a picture whose manifest was stripped or replaced on the
way: a lossless copy is known exactly, another one by its watermark; a hash says which released picture it resembles.
A mark alone proves nothing, since it can be copied onto another picture or painted around: the two are compared.

The file itself is opened in processes of its own, which can reach neither files nor the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from governance.errors import UnreadableUpload
from governance.fingerprint import likeness
from governance.inspection import Inspection, LaidOver
from governance.intake import MAX_BYTES
from governance.provenance import ManifestReport
from governance.registration import SAME_FROM
from imprimatur import objects
from imprimatur.releases import looking, lookups
from imprimatur.releases.lookups import Known, Standing, StoredFile
from imprimatur.releases.pace import in_turn
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.uploads import UploadTooLarge

MOVED_COPY_BITS: Final = 24  # cropping and turning move the hash this far (`./run bench watermark`)
COMPARED: Final = 3  # pictures at most that a copy is laid over


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
    "marked": _(
        "Its proof of origin is missing, but our mark is in its pixels: this is a copy of a picture that we released."
    ),
    "marked_unreleased": _(
        "Its proof of origin is missing, but our mark is in its pixels: it was made here with AI and never released."
    ),
    "moved": _(
        "It was cropped or turned and its proof of origin is missing, but our mark is still in it: it is a copy of a "
        "picture that we released."
    ),
    "altered": _(
        "Our mark is in its pixels, but parts of it are not those of the picture we made: something was painted over "
        "or put in."
    ),
    "mark_elsewhere": _(
        "Our mark is in its pixels, but this is not the picture that the mark was given to: it was copied here, or "
        "most of the picture was replaced. We do not vouch for it."
    ),
    "alike": _(
        "Its proof of origin is missing. It looks the same as a picture that we released; only a person can be sure."
    ),
    "similar": _(
        "It carries no proof of origin. It resembles a picture that we released: ask somebody to compare the two."
    ),
    "listed": _("This file is signed by somebody on the public list of trusted signers, but not by us."),
    "version": _("This is another version of a picture that we released, signed by us. Ask for the released file."),
    "unreleased": _("This picture was made here with AI, but it has not been released: do not use it."),
    "signed": _("We signed this picture, but it is none that we generated."),
    "withdrawn": _("We released this picture and have withdrawn it: stop using it."),
    "right_ended": _("We released this picture, but the right to use it has ended: stop using it."),
    "expired": _(
        "Not a byte was changed since this file was signed, but the certificate it was signed with has ended: it does "
        "not prove any more who signed it."
    ),
    "expired_stamped": _(
        "Not a byte was changed since this file was signed, but the certificate it was signed with has ended. It names "
        "a time at which the certificate still held, by an authority that we do not know: that proves nothing."
    ),
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
        seen = looking.look(data)
        _check_readable(seen)
        try:
            return _verdict(data, seen)
        except UnreadableUpload as error:
            raise _unreadable(error.reason, error.sentence("en"), error.sentence("ja")) from error


def _verdict(data: bytes, seen: Inspection) -> Verification:
    report = seen.report
    known = lookups.by_file(hashlib.sha256(data).hexdigest())
    if known is not None:
        return _exact(known, report)
    if report.state == "none":
        return _by_pixels(data, seen) or _say(Verdict.NONE, "none", report)
    known = lookups.by_generation(report.facts.generation_id) if report.facts and report.state != "valid" else None
    if known is None and report.state in ("valid", "invalid"):
        return _by_mark(data, seen) or _stranger(seen)
    return _marked(known, seen)


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


def _marked(known: Known | None, seen: Inspection) -> Verification:
    """It has a manifest of ours, and its bytes are none of ours. One whose certificate is over is none of ours: of such
    a file nothing is believed (`governance.inspection`), so no picture is known by it."""
    report = seen.report
    if known is None:
        return _say(Verdict.RECOGNISED, "signed", report)
    is_changed = report.state == "invalid"
    if is_changed and not _has_mark_of(known, seen):  # our manifest may have been put on any picture
        return _say(Verdict.CHANGED, "changed", report, known)
    gone = _gone(known, report)
    if gone:
        return gone
    if is_changed or _poses_as_released(report):
        return _say(Verdict.CHANGED, "changed", report, known)
    released = known.standing == Standing.RELEASED
    return _say(Verdict.RECOGNISED, "version" if released else "unreleased", report, known)


def _has_mark_of(known: Known, seen: Inspection) -> bool:
    return seen.traces is not None and known.watermark_id is not None and seen.traces.watermark_id == known.watermark_id


def _stranger(seen: Inspection) -> Verification:
    """Signed, and not by us."""
    if seen.listed:
        return _say(Verdict.NOT_OURS, "listed", seen.report)
    if seen.report.is_only_expired:
        return _say(Verdict.NONE, "expired_stamped" if seen.report.unproven_stamp else "expired", seen.report)
    if seen.report.state == "invalid":
        return _say(Verdict.CHANGED, "changed_foreign", seen.report)
    return _say(Verdict.NOT_OURS, "not_ours", seen.report)


def _by_pixels(data: bytes, seen: Inspection) -> Verification | None:
    """No manifest: only the pixels can still be known. None if nothing of ours is in them."""
    known = lookups.by_pixels(seen.pixel_digest)
    if known is not None:
        return _named(known, "stripped", seen.report)
    return _by_mark(data, seen) or _by_looks(data, seen)


def _by_mark(data: bytes, seen: Inspection) -> Verification | None:
    if seen.traces is None or seen.traces.watermark_id is None:
        return None
    known = lookups.by_mark(seen.traces.watermark_id)
    if known is None:
        return None
    laid = list(_laid_over(data, known.shown))
    if laid and not any(one.likeness >= SAME_FROM for one in laid):
        return _say(Verdict.NONE, "mark_elsewhere", seen.report)
    if laid and not any(one.is_untouched for one in laid):
        return _gone(known, seen.report) or _say(Verdict.CHANGED, "altered", seen.report, known)
    if seen.report.state == "invalid" and not seen.report.is_only_expired:
        return _gone(known, seen.report) or _say(Verdict.CHANGED, "changed", seen.report, known)
    return _named(known, "marked", seen.report)


def _laid_over(data: bytes, files: Iterable[StoredFile]) -> Iterator[LaidOver]:
    """The file over each of ours that is there, until it is one of them all over."""
    for file in files:
        if objects.exists(file.key):
            laid = looking.lay_over(data, objects.get(file.key, file.sha256))
            yield laid
            if laid.is_untouched:
                return


def _by_looks(data: bytes, seen: Inspection) -> Verification | None:
    """A second opinion, about released pictures alone: nobody learns from a likeness what has not been released.

    Laid over what it resembles, a cropped or turned copy still shows its mark.
    """
    if seen.traces is None:
        return None
    found = lookups.alike(seen.traces.dhash, MOVED_COPY_BITS)
    near = [(bits, known) for bits, known in found if known.standing != Standing.UNRELEASED][:COMPARED]
    if not near:
        return None
    for _bits, known in near:
        for laid in _laid_over(data, known.shown[:1]):
            if laid.watermark_id is None or laid.watermark_id != known.watermark_id:
                continue
            if laid.is_untouched:
                return _named(known, "moved", seen.report)
            return _gone(known, seen.report) or _say(Verdict.CHANGED, "altered", seen.report, known)
    return _resembles(min(bits for bits, _ in near), seen.report)


def _resembles(bits: int, report: ManifestReport) -> Verification | None:
    opinion = likeness(bits)
    if opinion == "distinct":
        return None
    return _say(Verdict.RECOGNISED, "alike", report) if opinion == "same" else _say(Verdict.NONE, "similar", report)


def _named(known: Known, how: str, report: ManifestReport) -> Verification:
    """Recognised in its pixels as one of ours."""
    gone = _gone(known, report)
    if gone:
        return gone
    released = known.standing == Standing.RELEASED
    return _say(Verdict.RECOGNISED, how if released else f"{how}_unreleased", report, known)


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
        "time_stamped_at": report.stamped_at,
        "unproven_time_stamp": report.unproven_stamp,
        "source_type": report.source_type,
        "oversight": report.oversight,
        "model": report.facts.model_name if report.facts else "",
    }
    told = {name: value for name, value in (facts | (known.public if known else {})).items() if value}
    return Verification(verdict=verdict, sentence=str(SENTENCES[sentence]), facts=told)


def _check_readable(seen: Inspection) -> None:
    """InvalidInput for no picture at all. A damaged one may still say whose it was."""
    if seen.refusal and seen.report.state == "none":
        raise _unreadable(seen.refusal, seen.refusal_en, seen.refusal_ja)


def _unreadable(reason: str, english: str, japanese: str) -> InvalidInput:
    sentence = japanese if (get_language() or "en").startswith("ja") else english
    return InvalidInput(sentence, errors=[{"field": "file", "message": sentence}], code=f"upload_{reason}")
