"""Add brands and subjects, and take in their reference pictures."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from governance.recognise import signed_dhash
from imprimatur.audit.services import record as record_event
from imprimatur.library import coach, faces, intake, marks, tracing
from imprimatur.library.facts import require_said
from imprimatur.library.models import Brand, ReferenceImage, Subject
from imprimatur.rights import blocklist
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, PersonRequired, Sentence
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

MAX_NAME, MAX_WORD, MAX_MARKS, MAX_EXPLANATION = 120, 60, 20, 300
MOST_WORDS: Final = 4  # a name for the subject, no wording of its own beside the approved one
KINDS: Final = ("product", "person")
SOURCES: Final = ("photograph", "drawing", "generated")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9 '\-]*")


def add_brand(actor: Actor, name: str) -> Brand:
    """A new brand. InvalidInput without a name, Conflict when there is one of that name."""
    actor.require(Permission.UPLOAD_REFERENCE)
    clean = _checked_name(name)
    if Brand.objects.filter(name=clean).exists():
        raise Conflict(_("There is a brand of that name already."), code="brand_exists")
    brand = Brand(tenant_id=actor.tenant_id, name=clean)
    brand.save(force_insert=True)
    record_event(actor.tenant_id, actor.label, "brand.added", brand.public_id)
    return brand


def add_subject(actor: Actor, brand: Brand, name: str, kind: str, word: str) -> Subject:
    """A product or a person of a brand. `word` is the English word that names it in prompts."""
    actor.require(Permission.UPLOAD_REFERENCE)
    if kind not in KINDS:
        raise _invalid("kind", _("Say whether it is a product or a person."))
    clean, english = _checked_name(name), _normal(word).lower()
    if not _WORD.fullmatch(english) or len(english) > MAX_WORD or len(english.split()) > MOST_WORDS:
        raise _invalid("word", _("Name it with a plain English word, such as “bottle”."))
    if blocked := blocklist.hits([english]):
        message = _("These words are on the company’s blocklist: %(words)s. Write it without them.")
        raise _invalid("word", message % {"words": ", ".join(blocked)})
    if Subject.objects.filter(brand=brand, name=clean).exists():
        raise Conflict(_("This brand has a subject of that name already."), code="subject_exists")
    subject = Subject(tenant_id=actor.tenant_id, brand=brand, name=clean, kind=kind, word=english)
    subject.save(force_insert=True)
    record_event(actor.tenant_id, actor.label, "subject.added", subject.public_id, {"kind": kind, "word": english})
    return subject


def take_in(
    actor: Actor,
    subject: Subject,
    data: bytes,
    *,
    source: str,
    shows_person: bool,
    declared_marks: Sequence[str] = (),
    own_work: bool = False,
    face_explanation: str = "",
) -> ReferenceImage:
    """Decode, measure, sign and store an upload as a reference of the subject.

    An output of ours is told by its manifest, or by the mark in its pixels where that was stripped: it counts as
    generated and stands under the rights of every reference it was drawn from. A face that is found needs a declared
    person, or an explanation by a person. InvalidInput for a file that cannot serve or says too little, Conflict for
    one that is there already.
    """
    uploader = _require_uploader(actor)
    _check_declarations(subject, source, shows_person)
    upload = intake.decode(data)
    reference = ReferenceImage(
        id=uuid.uuid4(),
        tenant_id=actor.tenant_id,
        subject=subject,
        source=source,
        shows_person=shows_person,
        declared_marks=_checked_marks(declared_marks),
        own_work=own_work,
        uploaded_by=uploader,
    )
    _explain_face(actor, reference, face_explanation)
    reference.pixel_sha256, reference.faces = upload.pixel_sha256, faces.count(upload.image)
    reference.dhash = signed_dhash(upload.image)
    origins = tracing.trace(actor, reference, upload)
    _refuse_second(subject, upload.pixel_sha256)
    reference.quality = coach.measure(upload.image, person=subject.kind == "person")
    looks_like = marks.undeclared(upload.image, reference.quality["box"], reference.declared_marks)
    require_said(reference, looks_like)
    intake.store(reference, upload)
    reference.save(force_insert=True)
    tracing.keep_origins(reference, origins)
    return _recorded(actor, reference)


def redeclare(
    actor: Actor,
    reference: ReferenceImage,
    *,
    shows_person: bool,
    declared_marks: Sequence[str],
    own_work: bool,
    face_explanation: str = "",
) -> ReferenceImage:
    """Correct what was declared at upload; every gate goes by it at once.

    Whoever adds references may demand more rights; only a rights manager may demand fewer. An output of ours stands
    under the rights of what it was drawn from and may show more beside: Conflict for less than any of that shows.
    The stored file keeps saying what was declared first.
    """
    if not actor.has(Permission.MANAGE_RIGHTS):
        actor.require(Permission.UPLOAD_REFERENCE)
    row = ReferenceImage.objects.select_for_update(of=("self",)).select_related("subject").get(pk=reference.pk)
    _check_declarations(row.subject, row.source, shows_person)
    checked = _checked_marks(declared_marks)
    inherited = row.rights_roots if row.derived_from is not None else []
    if any(tracing.demands_fewer(root, shows_person, checked, own_work) for root in inherited):
        message = _("This picture stands under the rights of what it was drawn from. Correct that reference.")
        raise Conflict(message, code="inherited_rights")
    if tracing.demands_fewer(row, shows_person, checked, own_work):
        actor.require(Permission.MANAGE_RIGHTS)
        actor.require_person()
    row.shows_person, row.declared_marks, row.own_work = shows_person, checked, own_work
    _explain_face(actor, row, face_explanation)
    require_said(row, ())
    row.save(update_fields=["shows_person", "declared_marks", "own_work", "face_explanation", "explained_by"])
    facts = {"shows_person": shows_person, "marks": len(checked), "own_work": own_work}
    record_event(actor.tenant_id, actor.label, "reference.redeclared", row.public_id, facts)
    return row


def _explain_face(actor: Actor, reference: ReferenceImage, explanation: str) -> None:
    """Why a face needs no consent: a statue, a print on the product. A person says so, never a key."""
    clean = _normal(explanation)
    if not clean:
        return
    if len(clean) > MAX_EXPLANATION:
        raise _invalid("face_explanation", _("Keep the explanation under 300 characters."))
    reference.face_explanation, reference.explained_by = clean, actor.require_person()


def _require_uploader(actor: Actor) -> User:
    """A key uploads in the name of the person who made it."""
    actor.require(Permission.UPLOAD_REFERENCE)
    if actor.user is None:
        raise PersonRequired
    return actor.user


def _check_declarations(subject: Subject, source: str, shows_person: bool) -> None:
    if source not in SOURCES:
        raise _invalid("source", _("Say whether it is a photograph, a drawing or a generated picture."))
    if subject.kind == "person" and not shows_person:
        raise _invalid("shows_person", _("This subject is a person, so the picture shows one: a consent is needed."))


def _checked_marks(declared: Sequence[str]) -> list[str]:
    clean = list(dict.fromkeys(mark for mark in map(_normal, declared) if mark))
    if len(clean) > MAX_MARKS or any(len(mark) > MAX_NAME for mark in clean):
        raise _invalid("declared_marks", _("Name at most 20 marks of 120 characters each."))
    return clean


def _refuse_second(subject: Subject, pixel_sha256: str) -> None:
    """Locks the subject, so that the same picture sent twice at once is stored once."""
    Subject.objects.select_for_update(of=("self",)).get(pk=subject.pk)
    there = ReferenceImage.objects.filter(subject=subject, pixel_sha256=pixel_sha256).first()
    if there is not None:
        raise Conflict(_("This picture is there already."), code="reference_exists", reference=there.public_id)


def _recorded(actor: Actor, reference: ReferenceImage) -> ReferenceImage:
    facts = {
        "of": reference.subject.public_id,
        "pixel_sha256": reference.pixel_sha256,
        "sha256": reference.sha256,
        "source": reference.source,
        "shows_person": reference.shows_person,
        "marks": len(reference.declared_marks),
        "own_work": reference.own_work,
        "faces": reference.faces,
        "face_explained": bool(reference.face_explanation),
        "derived_from": reference.derived_from.public_id if reference.derived_from else "",
        "origins": [origin.public_id for origin in reference.origins],
        "quality": reference.quality["verdict"],
    }
    record_event(actor.tenant_id, actor.label, "reference.ready", reference.public_id, facts)
    return reference


def _checked_name(name: str) -> str:
    clean = _normal(name)
    if not clean or len(clean) > MAX_NAME:
        raise _invalid("name", _("Give it a name of at most 120 characters."))
    return clean


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _invalid(field: str, message: Sentence) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
