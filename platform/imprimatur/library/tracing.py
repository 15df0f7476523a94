"""Where does an upload come from, and what does it therefore need? One of our outputs stands under the rights of what
it was drawn from; a picture that was here before needs what it was declared to need then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from imprimatur.library import copies, intake, recognition, taken_back
from imprimatur.library.models import FurtherOrigin, ReferenceImage
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.permissions import Permission

_FEWER: Final = _(
    "This picture is here already, declared to show more. Declare the same, or have a rights manager correct it."
)


def trace(actor: Actor, reference: ReferenceImage, upload: intake.Upload) -> list[ReferenceImage]:
    """Bind an output of ours to what it was drawn from; any other picture sheds nothing it was declared to need.

    Returns all it was drawn from, for `keep_origins` once the reference is stored.
    """
    said = upload.output_facts
    mark = None if said else recognition.mark_in(upload.image)
    if copies.is_quarantined(upload.pixel_sha256, mark, said.generation_id if said else ""):
        message = _("A right to this picture has fallen away: it is quarantined and not shown.")
        raise intake.refused("upload_quarantined", message)
    origins = _origins_said(upload) if said else recognition.origins_of(mark, actor.tenant_id)
    if said or origins:
        return _inherit(reference, origins)
    _refuse_stored(upload)
    _refuse_taken_back(reference, upload)
    _check_not_fewer(actor, reference, upload)
    return []


def keep_origins(reference: ReferenceImage, origins: Sequence[ReferenceImage]) -> None:
    """Note what a stored output of ours was drawn from beside `derived_from`."""
    FurtherOrigin.objects.bulk_create(
        FurtherOrigin(tenant_id=reference.tenant_id, reference=reference, origin=origin) for origin in origins[1:]
    )


def _origins_said(upload: intake.Upload) -> list[str]:
    """By the generation that the manifest names; of one that is not ours, by what its history began with."""
    direct = copies.direct_origins(upload.output_facts.generation_id) if upload.output_facts else []
    return direct or intake.reference_ids_in(upload.report)


def demands_fewer(there: ReferenceImage, shows_person: bool, declared: Sequence[str], own_work: bool) -> bool:
    """Whether a picture declared so would need fewer rights than it does as it is `there`."""
    lost = (there.shows_person and not shows_person) or set(there.declared_marks) - set(declared)
    return bool(lost or (own_work and not there.own_work))


def _check_not_fewer(actor: Actor, reference: ReferenceImage, upload: intake.Upload) -> None:
    """Sending a picture again, under another subject, must not shed the rights that it was declared to need."""
    if actor.has(Permission.MANAGE_RIGHTS) and actor.person is not None:
        return
    said = (reference.shows_person, reference.declared_marks, reference.own_work)
    for there in copies.earlier(reference, upload.image):
        sheds_record = reference.own_work and copies.is_others_work(there)
        if sheds_record or demands_fewer(there, *said):
            raise Conflict(_FEWER, code="declared_otherwise", reference=there.public_id)


def _refuse_taken_back(reference: ReferenceImage, upload: intake.Upload) -> None:
    """Nobody brings a photograph back under another subject once its person wants it seen no more."""
    if taken_back.is_taken_back(reference, upload.image):
        message = _(
            "The person in this photograph has revoked their consent, so it is not taken in again. Once they give a "
            "new one for the picture that is here already, that one is shown again."
        )
        raise intake.refused("upload_revoked", message)


def _refuse_stored(upload: intake.Upload) -> None:
    """Our stored references are encoded anew, so their pixels may differ from the upload's: their manifest tells."""
    try:
        stored = decode(ReferenceImage.PREFIX, upload.stored_reference_id)
    except MalformedId:
        return
    if ReferenceImage.objects.filter(pk=stored).exists():
        message = _("This picture comes from the library itself. Choose it there, or upload the original file.")
        raise intake.refused("upload_stored_reference", message)


def _inherit(reference: ReferenceImage, named: Sequence[str]) -> list[ReferenceImage]:
    """Bind one of our outputs to every reference it was drawn from; what any of them shows, this one shows too.

    Where one of them is not to be found here, nobody could say under whose rights the picture stands.
    """
    found = [_reference_of(public_id) for public_id in named]
    origins = [origin for origin in found if origin is not None]
    if not origins or len(origins) < len(found):
        message = _("This picture was generated elsewhere, so its rights cannot be traced. Use the photograph itself.")
        raise intake.refused("upload_foreign_output", message)
    marks = [mark for one in (*origins, reference) for mark in one.declared_marks]
    reference.derived_from, reference.source = origins[0], "generated"
    reference.shows_person = reference.shows_person or any(origin.shows_person for origin in origins)
    reference.declared_marks = list(dict.fromkeys(marks))
    reference.own_work = all(origin.own_work for origin in origins)
    return origins


def _reference_of(public_id: str) -> ReferenceImage | None:
    try:
        return ReferenceImage.objects.filter(pk=decode(ReferenceImage.PREFIX, public_id)).first()
    except MalformedId:
        return None
