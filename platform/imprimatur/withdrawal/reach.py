"""What was made under a record? Candidates by index, whatever the policy will say about them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from imprimatur.generations.models import DrawnFrom, Generation, Output, Reliance
from imprimatur.generations.states import ACTIVE
from imprimatur.library import copies
from imprimatur.library.models import ReferenceImage
from imprimatur.rights.models import RightRecord

_GENERATION: Final = ("subject_reference", "template_version", "use", "variables", "consent_receipt", "tenant")
_RELEASE: Final = ("output", "use", "withdrawn_at", "created_at", "tenant")
_READ: Final = (
    "tenant",
    "generation",
    "created_at",
    "quarantined_at",
    "quarantine_reason",
    *(f"generation__{name}" for name in _GENERATION),
    *(f"release__{name}" for name in _RELEASE),
)


def references(record: RightRecord) -> list[ReferenceImage]:
    """The references that the record names, and every output of ours that became a reference under them."""
    found = list(_references().filter(pixel_sha256__in=record.reference_digests))
    known = {reference.pk for reference in found}
    newest: Iterable[uuid.UUID] = list(known)
    while newest:
        children = [row for row in _drawn_from_them(newest) if row.pk not in known]
        newest = [row.pk for row in children]
        known.update(newest)
        found += children
    return found


def photographs(record: RightRecord) -> list[ReferenceImage]:
    """Photographs that show the same pictures as those the record names, whatever subject and size they came in under;
    those that it names are not among them."""
    named = _references().filter(pixel_sha256__in=record.reference_digests, derived_from=None)
    guises = {row.pk: row for reference in named for row in copies.guises(reference) if row.derived_from_id is None}
    return [row for row in guises.values() if row.pixel_sha256 not in record.reference_digests]


def being_made(record: RightRecord) -> QuerySet[Generation]:
    """Queued or being drawn: relying on the record, or from one of its references."""
    relying = Reliance.objects.filter(record=record.public_id).values("generation")
    found = Generation.objects.filter(Q(pk__in=relying) | Q(pk__in=_drawn_from(record)), state__in=list(ACTIVE))
    return found.prefetch_related("drawn_from").order_by("pk")


def relying(record: RightRecord) -> QuerySet[Output]:
    """Pictures whose receipt names the record, in the order of their generations."""
    return light().filter(generation__reliances__record=record.public_id)


def referencing(record: RightRecord) -> QuerySet[Output]:
    """Pictures drawn from one of its references whose receipt does not name the record."""
    named = Reliance.objects.filter(record=record.public_id, generation=OuterRef("generation"))
    return light().filter(~Exists(named), generation__in=_drawn_from(record))


def light() -> QuerySet[Output]:
    """With the few columns that decide; the others are read when somebody asks for them."""
    rows = Output.objects.select_related("generation", "release").prefetch_related("generation__drawn_from")
    return rows.only(*_READ).order_by("generation_id")


def _drawn_from(record: RightRecord) -> QuerySet[DrawnFrom, Any]:
    """Generations that one of its references is in, whichever subject's."""
    from_them = [reference.pk for reference in references(record)]
    return DrawnFrom.objects.filter(reference__in=from_them).order_by().values("generation")


def _drawn_from_them(references: Iterable[uuid.UUID]) -> list[ReferenceImage]:
    """Outputs of ours that became references and have one of these among their origins; each once, by two indexes."""
    first = _references().filter(derived_from__in=references)
    further = _references().filter(further_origins__origin__in=references)
    return list({row.pk: row for row in chain(first, further)}.values())


def _references() -> QuerySet[ReferenceImage]:
    return ReferenceImage.objects.select_related("subject", "derived_from").defer("quality", "thumbnails")
