"""May we? Gathers the facts of one picture from rights, library and prompts, and asks `governance.policy`.

A picture may be drawn from several references: the right to each is asked about, and a refusal of one refuses all.

The same question is asked when a picture is requested, when it is dispatched, when its report is recorded, when it is
reviewed, when it is released, and each time it is served.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import get_language

from governance.consent import ConsentTerms
from governance.contexts import contexts_of
from governance.policy import Action, Facts, Permitted, Refusal, decide
from governance.scope import INTERNAL, Use
from governance.trademark import TrademarkTerms
from imprimatur.generations import approvals
from imprimatur.generations.models import Generation
from imprimatur.generations.states import ACTIVE
from imprimatur.library.facts import of_reference
from imprimatur.library.models import ReferenceImage
from imprimatur.prompts.models import TemplateVersion, VersionStatus
from imprimatur.prompts.rendering import chosen_contexts
from imprimatur.rights import blocklist
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
    references: Sequence[ReferenceImage],
    version: TemplateVersion,
    use: Mapping[str, Any],
    now: datetime | None = None,
    requested: int = 1,
    already: Generation | None = None,
    made: Generation | None = None,
    prompt: str = "",
    variables: Mapping[str, str] | None = None,
    review_approved: bool = False,
    as_if: ConsentTerms | TrademarkTerms | None = None,
) -> Permitted | Refusal:
    """The policy's answer at `now`. Call inside the tenant's scope.

    references: everything the picture is drawn from, at least one.
    use: channel, territory, purpose; optional contexts, paid, language, disclosed; what the words put the subject
    beside is added to the contexts. requested: how many pictures are asked for.
    already: the row that asked, which is not counted a second time against a consent's cap, and which stands on the
    records of its own receipt alone. made: the row of a picture that is there: what its person said to it counts.
    prompt, variables: the words that are asked for, where no row has them yet.
    as_if: terms to judge by in place of those of the record that has their id: what would become of it?
    actor: who asks; the rights do not depend on it, its permissions are the caller's question.
    """
    chains = [reference.ancestry for reference in references]
    consents, licences = rights.covering({link.pixel_sha256 for link in chain.from_iterable(chains)})
    if already is not None:
        consents, licences = _relied_upon(consents, already), _relied_upon(licences, already)
    row = already or made
    said = _Said.of(row) if row else _Said(prompt or version.text, dict(variables or {}))
    facts = Facts(
        action=action,
        tenant_id=str(actor.tenant_id if actor else references[0].tenant_id),
        references=tuple(facts for reference in references for facts in of_reference(reference)),
        consents=tuple(t for r in consents if isinstance(t := _terms_of(r, as_if), ConsentTerms)),
        trademarks=tuple(t for r in licences if isinstance(t := _terms_of(r, as_if), TrademarkTerms)),
        use=_with_contexts(use_of(use), said.contexts(version)),
        template_approved=version.status == VersionStatus.APPROVED,
        blocklist_hits=blocklist.hits(said.texts(version)) if action != "serve" else (),
        blocked_marks=blocklist.hits(_marks_of(chains)) if action == "generate" else (),
        output_counts=_output_counts(consents, already),
        outputs_requested=requested,
        review_approved=review_approved,
        subject_approvals=approvals.of_picture(row, use) if row else frozenset(),
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
        disclosed=bool(use.get("disclosed", False)),
    )


def receipt(
    answer: Permitted, *, references: Sequence[ReferenceImage], use: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What was relied upon at the moment of asking: opaque ids, digests and salted commitments; nothing personal.

    own_work: whether all of the references are declared the company's own.
    """
    roots = [root for reference in references for root in reference.rights_roots]
    links = chain.from_iterable(reference.ancestry for reference in references)
    consents, licences = rights.covering({link.pixel_sha256 for link in links})
    by_id = {_terms_id(record): record for record in [*consents, *licences]}
    records = [_receipt_line(by_id[terms.id], terms) for terms in answer.terms]
    return {
        "asked_at": now.isoformat(),
        "use": dict(use),
        "reference": roots[0].pixel_sha256,
        "references": [root.pixel_sha256 for root in roots],
        "unrecorded": _unrecorded(references, answer),
        "own_work": all(root.own_work for root in roots),
        "records": records,
        "warnings": [reason.to_json() for reason in answer.warnings],
    }


def _receipt_line(record: RightRecord, terms: ConsentTerms | TrademarkTerms) -> dict[str, str]:
    return {
        "record": record.public_id,
        "terms_id": terms.id,
        "kind": terms.kind if isinstance(terms, ConsentTerms) else "trademark",
        "terms_digest": terms.digest(),
        "terms_version": str(record.terms_version),
        "commitment": terms.commitment(bytes.fromhex(record.salt)),
    }


@dataclass(frozen=True)
class _Said:
    """The words a picture was or will be drawn from."""

    prompt: str
    variables: dict[str, str]

    @classmethod
    def of(cls, row: Generation) -> _Said:
        return cls(str(row.spec["prompt"]), dict(row.variables))

    def texts(self, version: TemplateVersion) -> list[str]:
        return [self.prompt, version.text, *(str(token) for token in self.variables.values())]

    def contexts(self, version: TemplateVersion) -> frozenset[str]:
        """Tagged by whoever wrote the template, or told by the words themselves."""
        return chosen_contexts(version, self.variables) | contexts_of(self.prompt)


def _with_contexts(use: Use, contexts: frozenset[str]) -> Use:
    return replace(use, contexts=use.contexts | contexts)


def _relied_upon(records: list[Record], row: Generation) -> list[Record]:
    """Those of the row's receipt, if it names any: its manifest commits to these, and caps count by them.

    Beside them, what was drawn up since for those of its references that stood on no record when it was asked for.
    """
    named = {line["record"] for line in row.consent_receipt["records"]}
    unrecorded = set(row.consent_receipt.get("unrecorded", ()))
    if not named:
        return records
    return [r for r in records if r.public_id in named or _names_only(r, row, unrecorded)]


def _names_only(record: RightRecord, row: Generation, digests: set[str]) -> bool:
    """Whether it names one of these digests, and no other reference of the row's."""
    others = set(row.consent_receipt.get("references", ())) - digests
    return bool(digests & set(record.reference_digests)) and not others & set(record.reference_digests)


def _unrecorded(references: Sequence[ReferenceImage], answer: Permitted) -> list[str]:
    """Digests of what no record stands behind, on the way to a root of which that is so: own work."""
    lines = [[link.pixel_sha256 for link in line] for reference in references for line in reference.lines]
    held = [line for line in lines if any(terms.names(digest) for terms in answer.terms for digest in line)]
    behind = {digest for line in held for digest in line}
    free = [digest for line in lines if line not in held for digest in line if digest not in behind]
    return list(dict.fromkeys(free))


def _marks_of(chains: Sequence[Sequence[ReferenceImage]]) -> list[str]:
    """What the roots, and whatever was drawn from them on the way, were declared to show."""
    return [mark for link in chain.from_iterable(chains) for mark in link.declared_marks]


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
    """By the rows that the database keeps of each receipt: terms have the id of their record."""
    rows = Generation.objects.filter(reliances__record=terms_id, state__in=_COUNTED)
    return rows.exclude(id=without).count() if without else rows.count()
