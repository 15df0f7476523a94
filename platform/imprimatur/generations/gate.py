"""May we? Gathers the facts of one picture from rights, library and prompts, and asks `governance.policy`.

The same question is asked when a picture is requested, when it is dispatched, when its report is recorded, when it is
reviewed, when it is released, and each time it is served.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language

from governance.consent import ConsentTerms
from governance.policy import Action, Facts, Permitted, ReferenceFacts, Refusal, decide
from governance.scope import INTERNAL, Use
from governance.trademark import TrademarkTerms
from imprimatur.generations.models import Generation
from imprimatur.generations.states import ACTIVE
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts.models import TemplateVersion, VersionStatus
from imprimatur.rights import selectors as rights
from imprimatur.rights.models import ConsentRecord, RightRecord
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import RightsRefused

Record = TypeVar("Record", bound=RightRecord)

_COUNTED = [*ACTIVE, "ready"]


def decision(
    actor: Actor | None,
    *,
    action: Action,
    reference: ReferenceImage,
    version: TemplateVersion,
    use: Mapping[str, Any],
    now: datetime | None = None,
    requested: int = 1,
    already: Generation | None = None,
    review_approved: bool = False,
    as_if: ConsentTerms | TrademarkTerms | None = None,
) -> Permitted | Refusal:
    """The policy's answer at `now`. Call inside the tenant's scope.

    use: channel, territory, purpose; optional contexts, paid, language. requested: how many pictures are asked for.
    already: the row that asked, which is not counted a second time against a consent's cap, and which stands on the
    records of its own receipt alone. as_if: terms to judge by in place of those of the record that has their id: what
    would become of it? actor: who asks; the rights do not depend on it, its permissions are the caller's
    question.
    """
    root = reference.rights_root
    consents, licences = rights.covering([root.pixel_sha256])
    if already is not None:
        consents, licences = _relied_upon(consents, already), _relied_upon(licences, already)
    facts = Facts(
        action=action,
        tenant_id=str(actor.tenant_id if actor else reference.tenant_id),
        references=(_reference_facts(root),),
        consents=tuple(t for r in consents if isinstance(t := _terms_of(r, as_if), ConsentTerms)),
        trademarks=tuple(t for r in licences if isinstance(t := _terms_of(r, as_if), TrademarkTerms)),
        use=use_of(use),
        template_approved=version.status == VersionStatus.APPROVED,
        output_counts=_output_counts(consents, already),
        outputs_requested=requested,
        review_approved=review_approved,
    )
    return decide(facts, now or timezone.now())


def require(actor: Actor | None, **question: Any) -> Permitted:
    """The permission, or RightsRefused with every reason. Takes what `decision` takes."""
    answer = decision(actor, **question)
    if isinstance(answer, Refusal):
        raise RightsRefused(reasons_of(answer))
    return answer


def reasons_of(answer: Permitted | Refusal) -> list[dict[str, str]]:
    """Reasons of a refusal, each once: rule id and sentence in the language of the request."""
    if isinstance(answer, Permitted):
        return []
    language = get_language() or "en"
    return [{"rule_id": r.rule_id, "sentence": r.sentence(language)} for r in answer.reasons]


def use_of(use: Mapping[str, Any]) -> Use:
    """The policy's use from a row's or a form's; what is not said stays empty."""
    return Use(
        channel=str(use.get("channel") or INTERNAL),
        territory=str(use.get("territory") or ""),
        purpose=str(use.get("purpose") or ""),
        language=str(use.get("language") or ""),
        contexts=frozenset(str(context) for context in use.get("contexts", ())),
        paid=bool(use.get("paid", False)),
    )


def receipt(answer: Permitted, *, reference: ReferenceImage, use: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What was relied upon at the moment of asking: opaque ids, digests and salted commitments; nothing personal."""
    root = reference.rights_root
    consents, licences = rights.covering([root.pixel_sha256])
    by_id = {_terms_id(record): record for record in [*consents, *licences]}
    records = [_receipt_line(by_id[terms.id], terms) for terms in answer.terms]
    return {
        "asked_at": now.isoformat(),
        "use": dict(use),
        "reference": root.pixel_sha256,
        "own_work": root.own_work,
        "records": records,
        "warnings": [reason.to_json() for reason in answer.warnings],
    }


def _receipt_line(record: RightRecord, terms: ConsentTerms | TrademarkTerms) -> dict[str, str]:
    return {
        "record": record.public_id,
        "terms_id": terms.id,
        "kind": terms.kind if isinstance(terms, ConsentTerms) else "trademark",
        "terms_digest": terms.digest(),
        "commitment": terms.commitment(bytes.fromhex(record.salt)),
    }


def _reference_facts(reference: ReferenceImage) -> ReferenceFacts:
    return ReferenceFacts(
        digest=reference.pixel_sha256,
        shows_person=reference.shows_person,
        declared_marks=tuple(reference.declared_marks),
        own_work=reference.own_work,
        name=reference.subject.name,
    )


def _relied_upon(records: list[Record], row: Generation) -> list[Record]:
    """Those of the row's receipt, if it names any: its manifest commits to these, and caps count by them."""
    named = {line["record"] for line in row.consent_receipt["records"]}
    return [record for record in records if record.public_id in named] if named else records


def _terms_of(record: RightRecord, as_if: ConsentTerms | TrademarkTerms | None) -> ConsentTerms | TrademarkTerms:
    terms = rights.terms_of(record)
    return as_if if as_if is not None and as_if.id == terms.id else terms


def _terms_id(record: RightRecord) -> str:
    return str(record.terms["id"])


def _output_counts(consents: list[ConsentRecord], already: Generation | None) -> dict[str, int]:
    """Pictures made or being made under each consent with a cap."""
    capped = [_terms_id(c) for c in consents if c.terms.get("output_cap") is not None]
    return {terms_id: _made_under(terms_id, already.id if already else None) for terms_id in capped}


def _made_under(terms_id: str, without: uuid.UUID | None) -> int:
    relied = Q(consent_receipt__records__contains=[{"terms_id": terms_id}])
    rows = Generation.objects.filter(relied, state__in=_COUNTED)
    return rows.exclude(id=without).count() if without else rows.count()
