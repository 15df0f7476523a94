"""Who and what a picture shall show, as it is chosen on the create page: one subject, or as many as the template shows.

The first subject's fields have plain names (`reference`, `views`, `left`...), the others' end in their number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generation.spec import MAX_SUBJECTS, Box
from imprimatur.generations.cast import MAX_VIEWS, CastMember, box_of
from imprimatur.library import selectors as library
from imprimatur.library.models import ReferenceImage, Sketch
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.selectors import find

SIDES: Final = ("left", "top", "right", "bottom")
SIDE_LABELS: Final[dict[str, Promise]] = {
    "left": _("Left"),
    "top": _("Top"),
    "right": _("Right"),
    "bottom": _("Bottom"),
}
ORDINALS: Final[dict[int, Promise]] = {
    2: _("Second subject"),
    3: _("Third subject"),
    4: _("Fourth subject"),
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """One subject as far as it is chosen. place: what was typed for each of SIDES, in percent of the picture.

    sketch_id: of the shape that was drawn, whether it is still kept or not.
    """

    number: int
    reference: ReferenceImage | None = None
    views: tuple[ReferenceImage, ...] = ()
    place: dict[str, str] = field(default_factory=dict)
    sketch_id: str = ""
    sketch: Sketch | None = None

    @property
    def suffix(self) -> str:
        """What its fields' names end in."""
        return "" if self.number == 1 else str(self.number)

    @property
    def title(self) -> str:
        """What the page calls it while it is not chosen."""
        return str(ORDINALS.get(self.number, ""))

    @property
    def reference_id(self) -> str:
        """The chosen reference's public id, or nothing."""
        return self.reference.public_id if self.reference else ""

    @property
    def box(self) -> Box | None:
        """Where it may be; None for anywhere. Raises InvalidInput for a place that is none."""
        if not self.place:
            return None
        name = "box" if self.number == 1 else f"others.{self.number - 2}.box"
        return box_of({side: _share(text) for side, text in self.place.items()}, name)

    @property
    def member(self) -> CastMember:
        """As the service takes it. Raises NotFound while no reference is chosen, or when the shape has gone."""
        if self.reference is None:
            raise NotFound
        if self.sketch_id and self.sketch is None:
            raise NotFound(_("The sketch is not kept any more. Draw it again."), code="sketch_gone")
        return CastMember(reference=self.reference, views=self.views, box=self.box, sketch=self.sketch)

    @property
    def further(self) -> list[dict[str, Any]]:
        """The other pictures of the same subject, and whether they are chosen."""
        if self.reference is None:
            return []
        others = library.references(self.reference.subject).exclude(pk=self.reference.pk)
        return [{"reference": other, "chosen": other in self.views} for other in others]

    @property
    def most_further(self) -> int:
        """How many of them may be chosen."""
        return MAX_VIEWS - 1

    @property
    def sides(self) -> list[dict[str, Any]]:
        """The fields of its place."""
        return [
            {"side": side, "name": side + self.suffix, "label": SIDE_LABELS[side], "value": self.place.get(side, "")}
            for side in SIDES
        ]

    @property
    def is_refined(self) -> bool:
        """Whether more was chosen than a reference."""
        return bool(self.views or self.place or self.sketch_id)


def read_cast(data: QueryDict, count: int) -> tuple[Chosen, ...]:
    """So many subjects; unknown ids count as not chosen. Call inside the scope."""
    return tuple(_chosen(data, number) for number in range(1, min(count, MAX_SUBJECTS) + 1))


def _chosen(data: QueryDict, number: int) -> Chosen:
    suffix = "" if number == 1 else str(number)
    reference = _reference(data.get("reference" + suffix, ""))
    views = [view for view in map(_reference, data.getlist("views" + suffix)) if view is not None]
    sketch_id = data.get("sketch" + suffix, "")
    typed = {side: data.get(side + suffix, "").strip() for side in SIDES}
    return Chosen(
        number=number,
        reference=reference,
        views=tuple(view for view in views if _is_further(view, reference)),
        place=typed if any(typed.values()) else {},
        sketch_id=sketch_id,
        sketch=_sketch(sketch_id),
    )


def _is_further(view: ReferenceImage, reference: ReferenceImage | None) -> bool:
    """A view that is left over from another choice of the subject does not count."""
    return reference is not None and view.subject_id == reference.subject_id and view != reference


def _reference(public_id: str) -> ReferenceImage | None:
    try:
        return library.get_reference(public_id) if public_id else None
    except NotFound:
        return None


def _sketch(public_id: str) -> Sketch | None:
    try:
        return find(Sketch, public_id) if public_id else None
    except NotFound:
        return None


def _share(percent: str) -> float | str:
    try:
        return float(percent) / 100
    except ValueError:
        return percent
