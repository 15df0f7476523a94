"""What the policy wants to know about a reference, and what must be said about it before it is taken in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils import timezone
from django.utils.translation import get_language

from governance.policy import Facts, ReferenceFacts, Refusal, decide
from imprimatur.library.models import ReferenceImage
from imprimatur.rights import blocklist
from imprimatur.tenants.errors import InvalidInput

_FIELDS: Final = {
    "likeness.face_unexplained": "shows_person",
    "mark.undeclared": "declared_marks",
    "blocklist.mark": "declared_marks",
}


def of_reference(reference: ReferenceImage) -> tuple[ReferenceFacts, ...]:
    """Every root with all it was declared to show, and what pictures drawn from them were declared to show beside."""
    links = reference.ancestry
    roots = [_facts_of(one, one.shows_person, one.declared_marks) for one in links if one.derived_from_id is None]
    beside = [_beside(link, link.rights_roots) for link in links if link.derived_from_id is not None]
    return (*roots, *(facts for facts in beside if facts))


def require_said(reference: ReferenceImage, undeclared_marks: tuple[str, ...]) -> None:
    """InvalidInput, field by field, where the policy wants something said before it takes the picture in."""
    facts = _facts_of(reference, reference.shows_person, reference.declared_marks, undeclared_marks)
    question = Facts(
        action="intake",
        tenant_id=str(reference.tenant_id),
        references=(facts,),
        blocked_marks=blocklist.hits(reference.declared_marks),
    )
    answer = decide(question, timezone.now())
    if isinstance(answer, Refusal):
        language = get_language() or "en"
        errors = [
            {"field": _FIELDS[r.rule_id], "message": r.sentence(language), "rule_id": r.rule_id} for r in answer.reasons
        ]
        raise InvalidInput(str(errors[0]["message"]), errors=errors, code="intake_refused")


def _beside(link: ReferenceImage, roots: Sequence[ReferenceImage]) -> ReferenceFacts | None:
    """What a derived reference shows that none of its own roots does; None where that is nothing."""
    known = any(root.shows_person for root in roots)
    person = link.shows_person and not known
    below = {mark for root in roots for mark in root.declared_marks}
    marks = [mark for mark in link.declared_marks if mark not in below]
    asks = person or marks or link.quarantined_at or (link.face_unexplained and not known)
    return _facts_of(link, person, marks) if asks else None


def _facts_of(
    reference: ReferenceImage, person: bool, marks: Sequence[str], undeclared_marks: tuple[str, ...] = ()
) -> ReferenceFacts:
    return ReferenceFacts(
        digest=reference.pixel_sha256,
        shows_person=person,
        declared_marks=tuple(marks),
        own_work=reference.own_work,
        # Of a photograph, the records themselves are asked.
        quarantined=reference.quarantined_at is not None and reference.derived_from_id is not None,
        face_unexplained=reference.face_unexplained,
        undeclared_marks=undeclared_marks,
        name=reference.subject.name,
    )
