"""From an upload to a stored reference: whole, clean, signed, with thumbnails. Nothing unstamped reaches the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from PIL import Image

from governance.errors import UnreadableUpload
from governance.intake import clean_mime, encode, pixel_digest
from governance.manifests import REFERENCE_LABEL, IntakeFacts, OutputFacts
from governance.provenance import ManifestReport, sign_derivative, sign_reference
from imprimatur import keys, objects
from imprimatur.library.decoding import opened
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.errors import InvalidInput, Sentence

LEAST_SIDE: Final = 128  # pixels of the short side: below, there is nothing to learn from
THUMBNAIL_SIDES: Final = (160, 480)
_THUMBNAIL_MIME: Final = "image/jpeg"


@dataclass(frozen=True)
class Upload:
    """A decoded upload. `image`: upright RGB; `data`, `mime`: encoded anew without metadata; `report`: what the file
    said about itself as it came; `original`, `original_mime`: as it came."""

    image: Image.Image
    data: bytes
    mime: str
    pixel_sha256: str
    original: bytes
    original_mime: str
    report: ManifestReport

    @property
    def output_facts(self) -> OutputFacts | None:
        """What our own output says about itself; None for every other picture."""
        return self.report.facts if self.report.state == "trusted" else None

    @property
    def stored_reference_id(self) -> str:
        """The reference of which this is the stored file, or a rendition of it; '' for every other picture."""
        is_ours = self.report.state == "trusted" and self.report.facts is None
        return next(iter(reference_ids_in(self.report)), "") if is_ours else ""


def decode(data: bytes) -> Upload:
    """InvalidInput with one clear sentence: empty, too large, wrong format, cut off, a bomb, too small, or carrying a
    manifest that does not hold."""
    try:
        found = opened(data)
    except UnreadableUpload as error:
        raise refused(f"upload_{error.reason}", error.sentence(get_language() or "en")) from error
    image, mime = found.image, clean_mime(found.mime)
    if min(image.size) < LEAST_SIDE:
        message = _("The picture is %(width)d x %(height)d pixels. Its short side needs at least %(least)d.")
        raise refused("upload_too_small", message % {"width": image.width, "height": image.height, "least": LEAST_SIDE})
    _check_history(found.report)
    return Upload(image, encode(image, mime), mime, pixel_digest(image), data, found.mime, found.report)


def _check_history(report: ManifestReport) -> None:
    """A stranger's certificate may be over, since the upload is signed anew. For an output of ours it must still hold:
    else nobody could say under whose rights the picture stands."""
    broken = report.state == "invalid" and not report.is_only_expired
    if broken or any(i.state == "invalid" for i in report.ingredients):
        message = _("The picture's own provenance does not hold: it was changed after signing. Upload the original.")
        raise refused("upload_invalid_manifest", message)
    if report.is_only_expired and report.facts is not None:
        message = _("The certificate of this generated picture is over. Use the photograph it was drawn from.")
        raise refused("upload_expired_output", message)


def reference_ids_in(report: ManifestReport) -> list[str]:
    """Public ids of the references that our output was drawn from, as its signed history says."""
    assertions = (a for manifest in report.raw.get("manifests", {}).values() for a in manifest.get("assertions", []))
    found = {str(a["data"].get("reference_id", "")) for a in assertions if a["label"] == REFERENCE_LABEL}
    return sorted(found - {""})


def store(reference: ReferenceImage, upload: Upload) -> None:
    """Sign and store the picture and its thumbnails, and fill the row's file fields; the caller saves.

    An output of ours keeps the manifest it came with, and so its history.
    """
    facts: OutputFacts | IntakeFacts
    if upload.output_facts is not None:
        facts, signed, mime = upload.output_facts, upload.original, upload.original_mime
    else:
        facts = _intake_facts(reference)
        signer = keys.signer_for(reference.tenant_id)
        signed, mime = sign_reference(upload.data, upload.mime, facts, signer), upload.mime
    reference.mime, reference.object_key = mime, _key(reference, f"reference.{mime.rpartition('/')[2]}")
    reference.sha256 = objects.put(reference.object_key, signed, mime)
    reference.pixel_sha256 = upload.pixel_sha256
    reference.width, reference.height = upload.image.size
    sides = {str(side): _thumbnail(reference, upload.image, side, signed, facts) for side in THUMBNAIL_SIDES}
    reference.thumbnails = sides


def refused(code: str, sentence: Sentence) -> InvalidInput:
    """The upload is not taken; nothing was stored."""
    return InvalidInput(sentence, errors=[{"field": "file", "message": sentence}], code=code)


def _thumbnail(
    reference: ReferenceImage, image: Image.Image, side: int, parent: bytes, facts: OutputFacts | IntakeFacts
) -> dict[str, Any]:
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    data = encode(small, _THUMBNAIL_MIME)
    signer = keys.signer_for(reference.tenant_id)
    signed = sign_derivative(data, _THUMBNAIL_MIME, parent, ["resized"], facts, signer)
    key = _key(reference, f"thumbnail-{side}.jpeg")
    return {"key": key, "sha256": objects.put(key, signed, _THUMBNAIL_MIME), "mime": _THUMBNAIL_MIME}


def _intake_facts(reference: ReferenceImage) -> IntakeFacts:
    return IntakeFacts(
        reference_id=reference.public_id,
        origin=reference.source,  # type: ignore[arg-type]  # the model's choices are the manifest's origins
        own_work=reference.own_work,
    )


def _key(reference: ReferenceImage, name: str) -> str:
    return f"tenants/{reference.tenant_id}/references/{reference.id}/{name}"
