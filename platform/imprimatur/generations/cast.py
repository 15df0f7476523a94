"""Who and what a picture shows: up to four subjects, each with views of its own and perhaps a place."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generation.spec import MAX_SUBJECTS, Box, InvalidSpec
from imprimatur.generations.models import DrawnFrom, Generation
from imprimatur.library import sketches
from imprimatur.library.models import ReferenceImage, Sketch
from imprimatur.tenants.errors import InvalidInput, NotFound

MAX_VIEWS: Final = 4  # `generation.preparing.MAX_REFERENCES`, which needs torch


@dataclass(frozen=True, kw_only=True)
class CastMember:
    """One subject: a reference of it, further views of the same subject, and where in the picture it may be: in a box,
    in the white of a sketch, or in both."""

    reference: ReferenceImage
    views: tuple[ReferenceImage, ...] = ()
    box: Box | None = None
    sketch: Sketch | None = None

    @property
    def references(self) -> tuple[ReferenceImage, ...]:
        """All of its pictures, in order."""
        return (self.reference, *self.views)

    @property
    def word(self) -> str:
        """The English word that stands for it in the prompt."""
        return self.reference.subject.word


def box_of(said: Mapping[str, Any] | None, field: str = "box") -> Box | None:
    """left, top, right, bottom as shares of the picture; None for none. Raises InvalidInput."""
    if said is None:
        return None
    try:
        return Box(**{side: float(said[side]) for side in ("left", "top", "right", "bottom")})
    except (KeyError, TypeError, ValueError) as error:
        message = str(error) if isinstance(error, InvalidSpec) else _("A place needs left, top, right and bottom.")
        raise InvalidInput(errors=[_problem(field, message)]) from error


def members_of(asked: Mapping[str, Any]) -> list[CastMember]:
    """What `services.submit` takes as reference, views, box, sketch and others, as one list."""
    first = {name: asked[name] for name in ("reference", "views", "box", "sketch") if name in asked}
    return [CastMember(**first), *asked.get("others", ())]


def check(members: Sequence[CastMember], tenant_id: uuid.UUID) -> None:
    """Raises NotFound for another company's reference or sketch, InvalidInput for what does not go together."""
    named = [*all_references(members), *(member.sketch for member in members if member.sketch is not None)]
    if any(row.tenant_id != tenant_id for row in named):
        raise NotFound
    problems = [*_count_problems(members), *_view_problems(members), *_twice_problems(members)]
    problems += _place_problems(members)
    if problems:
        raise InvalidInput(errors=problems, code="invalid_subjects")


def field_of(place: int, name: str) -> str:
    """Where a request names it: the first subject's fields stand at the top, the others' in a list."""
    return f"others.{place - 1}.{name}" if place else name


def shown_in(row: Generation) -> list[dict[str, Any]]:
    """The subjects of a row: subject, reference, views (public ids), word, box and sketch, as its spec has them."""
    pictures = [d for d in row.drawn_from.all() if d.view == 0]
    said = [row.spec, *row.spec.get("others", ())]
    return [
        {
            "subject": first.reference.subject.public_id,
            "reference": first.reference.public_id,
            "views": [d.reference.public_id for d in row.drawn_from.all() if d.subject == first.subject and d.view],
            "word": spec["word"],
            "box": spec.get("box"),
            "sketch": sketches.id_of(spec.get("sketch_digest", "")),
        }
        for first, spec in zip(pictures, said, strict=True)
    ]


def all_references(members: Iterable[CastMember]) -> list[ReferenceImage]:
    """Every picture of every subject, in the order in which the spec names them."""
    return [reference for member in members for reference in member.references]


def keep(rows: Sequence[Generation], members: Sequence[CastMember]) -> None:
    """Note what new rows are drawn from. The first reference's row is the database's own."""
    DrawnFrom.objects.bulk_create(
        DrawnFrom(tenant_id=row.tenant_id, generation=row, reference=reference, subject=subject, view=view)
        for row in rows
        for subject, member in enumerate(members)
        for view, reference in enumerate(member.references)
        if (subject, view) != (0, 0)
    )


def keep_same(row: Generation, former: Generation) -> None:
    """Note that a new row is drawn from what the former one was."""
    DrawnFrom.objects.bulk_create(
        DrawnFrom(tenant_id=row.tenant_id, generation=row, reference_id=d.reference_id, subject=d.subject, view=d.view)
        for d in former.drawn_from.all()
        if (d.subject, d.view) != (0, 0)
    )


def _count_problems(members: Sequence[CastMember]) -> list[dict[str, Any]]:
    if len(members) <= MAX_SUBJECTS:
        return []
    return [_problem("others", _("A picture shows %(most)d subjects at most.") % {"most": MAX_SUBJECTS})]


def _view_problems(members: Sequence[CastMember]) -> list[dict[str, Any]]:
    found = []
    for place, member in enumerate(members):
        pictures = member.references
        if len(pictures) > MAX_VIEWS:
            message = str(_("Use %(most)d pictures of one subject at most.") % {"most": MAX_VIEWS})
        elif len({picture.pk for picture in pictures}) < len(pictures):
            message = str(_("The same picture is there twice."))
        elif any(picture.subject_id != member.reference.subject_id for picture in member.views):
            message = str(_("Further pictures must show the same subject as the first."))
        else:
            continue
        found.append(_problem(field_of(place, "views"), message))
    return found


def _twice_problems(members: Sequence[CastMember]) -> list[dict[str, Any]]:
    subjects = [member.reference.subject_id for member in members]
    return [
        _problem(field_of(place, "reference"), _("This subject is chosen already. Choose another one."))
        for place, subject in enumerate(subjects)
        if subject in subjects[:place]
    ]


def _place_problems(members: Sequence[CastMember]) -> list[dict[str, Any]]:
    message = _("The drawn shape leaves too little of the rectangle. Make one of them larger.")
    return [
        _problem(field_of(place, "sketch"), message)
        for place, member in enumerate(members)
        if member.sketch and member.box and sketches.share_within(member.sketch, member.box) < sketches.LEAST_WHITE
    ]


def _problem(field: str, message: str | Promise) -> dict[str, Any]:
    return {"field": field, "message": str(message)}
