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


def of_chain(chain: list[ReferenceImage]) -> tuple[ReferenceFacts, ...]:
    """The root with all it was declared to show, and whatever a picture drawn from it was declared to show beside."""
    *drawn, root = chain
    beside = [_beside(link, root) for link in drawn]
    return (_facts_of(root, root.shows_person, root.declared_marks), *(facts for facts in beside if facts))


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


def _beside(link: ReferenceImage, root: ReferenceImage) -> ReferenceFacts | None:
    """What a derived reference shows that its root does not; None where that is nothing."""
    person = link.shows_person and not root.shows_person
    marks = [mark for mark in link.declared_marks if mark not in root.declared_marks]
    asks = person or marks or link.quarantined_at or (link.face_unexplained and not root.shows_person)
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
