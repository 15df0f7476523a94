"""Who must act before a picture goes on, where it is no reviewer?

A rights manager, where the screening noticed something; the person behind a record, where they reserved approval and
what they said is not yes. Both are asked of the rows each time, never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.db.models import Exists, Func, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext as _

from imprimatur.generations import approvals, screening
from imprimatur.generations.models import Output, Reliance, Screening, SubjectApproval
from imprimatur.rights.models import ConsentRecord

Waiting = Literal["rights_manager", "person"]
PER_CAMPAIGN: Final = "per_campaign"
RESERVED: Final = ("per_output", PER_CAMPAIGN)
UNANSWERED, REFUSED = "person_unanswered", "person_refused"
_USE: Final = ("channel", "territory", "purpose")


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One reason. waits_for: who must act; record: the consent whose person that is, "" for the screening."""

    code: str
    waits_for: Waiting
    sentence: str
    record: str = ""


def is_screened(output: Output) -> bool:
    """Whether something that was noticed about the picture waits for a rights manager."""
    row: Screening | None = getattr(output, "screening", None)
    return row is not None and row.holds


def is_unanswered(output: Output) -> bool:
    """Whether a person who reserved approval has not said yes to it. Free where `facts.with_review_rows` was asked."""
    known: bool | None = getattr(output, "unanswered", None)
    return Output.objects.filter(unanswered(), pk=output.pk).exists() if known is None else known


def unanswered() -> Exists:
    """The same as a condition on outputs. Call inside the scope."""
    relied = Reliance.objects.filter(generation=OuterRef("generation"), record__in=_reserving(*RESERVED))
    said = relied.annotate(campaign=_campaign(), said=Coalesce(_to_the_picture(), _to_the_campaign(), Value(False)))
    return Exists(said.filter(said=False))


def holds_of(outputs: Sequence[Output]) -> dict[Output, list[Hold]]:
    """Every reason for each, in the language of the request, whatever else it waits for. Call inside the scope."""
    found = {output: list(_noticed(output)) for output in outputs}
    held = [output for output in outputs if is_unanswered(output)]
    named: dict[str, list[Output]] = {}
    for record, generation in _relied(held):
        named.setdefault(record, []).extend(output for output in held if output.generation_id == generation)
    for consent in ConsentRecord.objects.filter(terms__id__in=list(named), terms__approval_right__in=RESERVED):
        for output, said in approvals.latest(consent, named[consent.terms["id"]]).items():
            if not said:
                found[output].append(_by_the_person(consent, refused=said is False))
    return found


def _noticed(output: Output) -> list[Hold]:
    row: Screening | None = getattr(output, "screening", None)
    if row is None or not row.holds:
        return []
    said = zip(row.findings, screening.sentences(row), strict=True)
    return [Hold(code=finding["code"], waits_for="rights_manager", sentence=words) for finding, words in said]


def _by_the_person(record: ConsentRecord, *, refused: bool) -> Hold:
    name = {"record": record.public_id}
    if refused:
        sentence = _("The person behind %(record)s said no to this picture. Only they can change that.") % name
    else:
        sentence = _("The person behind %(record)s approves each picture themselves, and has not answered yet.") % name
    code = REFUSED if refused else UNANSWERED
    return Hold(code=code, waits_for="person", sentence=sentence, record=record.public_id)


def _relied(outputs: Sequence[Output]) -> QuerySet[Reliance, tuple[str, object]]:
    generations = [output.generation_id for output in outputs]
    return Reliance.objects.filter(generation__in=generations).values_list("record", "generation")


def _reserving(*rights: str) -> QuerySet[ConsentRecord, str]:
    """Ids of the records that reserve approval so: terms have the id of their record."""
    named = ConsentRecord.objects.filter(terms__approval_right__in=rights)
    return named.order_by().annotate(named=KeyTextTransform("id", "terms")).values_list("named", flat=True)


def _to_the_picture() -> Subquery:
    said = SubjectApproval.objects.filter(record=OuterRef("record"), output__generation=OuterRef("generation"))
    return Subquery(said.order_by("-created_at").values("approved")[:1])


def _to_the_campaign() -> Subquery:
    said = SubjectApproval.objects.filter(record=OuterRef("record"), campaign=OuterRef("campaign"))
    said = said.filter(record__in=_reserving(PER_CAMPAIGN))
    return Subquery(said.order_by("-created_at").values("approved")[:1])


def _campaign() -> Func:
    """`generations.approvals.campaign_of` of a reliance's generation, computed by the database."""
    text = TextField()
    use = [Coalesce(KeyTextTransform(name, "generation__use"), Value(""), output_field=text) for name in _USE]
    parts = [part for name in use for part in (Value("|"), name)]
    said = Concat(Cast("generation__template_version", text), *parts, output_field=text)
    return Func(said, template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')", output_field=text)
