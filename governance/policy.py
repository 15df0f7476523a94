"""May we? The one gate for page, API, command line and worker.

`decide(facts, now)` is pure: it reads no clock, no file and no database. It denies unless every rule is content, and
every refusal names its rules; `Reason.sentence(language)` is the tooltip of the disabled button.

| rule | demands |
|---|---|
| likeness.face_unexplained | a face that was found is a declared person's, or a person explained it |
| mark.undeclared, blocklist.mark | a registered mark it looks like is declared; no declared mark is blocked |
| reference.* | at least one reference, none quarantined, each with a basis |
| likeness.missing, terms.*, consent.* | a person: a likeness consent that names the reference and covers the use |
| trademark.missing, terms.*, trademark.* | a mark: a licence for it that names the reference and covers the use |
| reference.basis_missing | neither person nor mark: own work declared, or a copyright, property or trademark record |
| template.not_approved | generating: an approved template version |
| blocklist.word | no blocked word in the prompt |
| consent.cap* | generating: the agreed number of pictures is not exceeded |
| use.*_missing | release and delivery: channel, territory and purpose are said |
| terms.expired* | the term has not ended; delivery of what is out may go on while a record sells off |
| review.not_approved, consent.approval_missing | release and delivery: two people, and the person where agreed |
| consent.disclosure | release and delivery: people are told that AI made it, where that was agreed |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from governance.consent import ConsentTerms
from governance.reasons import Reason, refusal, warning
from governance.scope import Use
from governance.trademark import TrademarkTerms

__all__ = [
    "Action",
    "ConsentTerms",
    "Facts",
    "Permitted",
    "Reason",
    "ReferenceFacts",
    "Refusal",
    "TrademarkTerms",
    "Use",
    "decide",
]

Action = Literal["intake", "generate", "review", "release", "serve"]
ACTIONS: tuple[Action, ...] = get_args(Action)
EXPIRY_WARNING = timedelta(days=30)
CAP_WARNING_SHARE = 0.9
TERM_IS_OVER = frozenset({"terms.expired", "terms.expired_on"})
Terms = ConsentTerms | TrademarkTerms


@dataclass(frozen=True, kw_only=True)
class ReferenceFacts:
    """What is known about one reference.

    digest: SHA-256 (hex) of the stored file. name: what sentences call it; the digest's start if empty.
    shows_person: declared. declared_marks: marks visible in it. own_work: the tenant declared ownership.
    face_unexplained: a face was found, no person is declared, and nobody has said why not.
    undeclared_marks: registered marks whose picture it looks like, and that are not declared.
    """

    digest: str
    shows_person: bool
    declared_marks: tuple[str, ...] = ()
    own_work: bool = False
    quarantined: bool = False
    face_unexplained: bool = False
    undeclared_marks: tuple[str, ...] = ()
    name: str = ""

    @property
    def label(self) -> str:
        """What sentences call the reference."""
        return self.name or self.digest[:8]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything a decision may depend on, gathered by the caller.

    tenant_id: records granted to anybody else do not count.
    references: for an output that serves as a reference, itself and every one that it was drawn from.
    consents, trademarks: every record that might apply, whatever its status; the policy picks.
    blocklist_hits: `governance.blocklist.matched_words` of the prompt; blocked_marks: of the declared marks.
    output_counts: pictures made so far (in flight included) under each consent, by its id.
    outputs_requested: how many more this action makes; only `generate` makes any.
    review_approved: two people approved. subject_approvals: ids of consents whose person approved this picture.
    """

    action: Action
    tenant_id: str
    references: tuple[ReferenceFacts, ...]
    consents: tuple[ConsentTerms, ...] = ()
    trademarks: tuple[TrademarkTerms, ...] = ()
    use: Use = field(default_factory=Use)
    template_approved: bool = False
    blocklist_hits: tuple[str, ...] = ()
    blocked_marks: tuple[str, ...] = ()
    output_counts: Mapping[str, int] = field(default_factory=dict)
    outputs_requested: int = 1
    review_approved: bool = False
    subject_approvals: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Permitted:
    """Go ahead. `terms` are the records relied upon; `warnings` are amber."""

    terms: tuple[Terms, ...] = ()
    warnings: tuple[Reason, ...] = ()
    is_permitted: Literal[True] = True

    @property
    def terms_digests(self) -> tuple[str, ...]:
        """SHA-256 (hex) of every record relied upon: what a permit binds."""
        return tuple(terms.digest() for terms in self.terms)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """No, and why: at least one reason."""

    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...] = ()
    is_permitted: Literal[False] = False

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that refused, each once."""
        return tuple(dict.fromkeys(reason.rule_id for reason in self.reasons))

    def sentence(self, language: str = "en") -> str:
        """Every reason's sentence, one line each, without repetition."""
        return "\n".join(dict.fromkeys(reason.sentence(language) for reason in self.reasons))


def decide(facts: Facts, now: datetime) -> Permitted | Refusal:
    """The decision at `now` (aware). Raises ValueError for a `now` without a zone."""
    if now.tzinfo is None:
        raise ValueError("now needs a zone: pass a timezone-aware datetime")
    findings = [_reference_finding(facts, reference, now) for reference in facts.references]
    terms = tuple({record.id: record for finding in findings for record in finding.terms}.values())
    reasons = _once([*_action_reasons(facts), *(reason for finding in findings for reason in finding.reasons)])
    warnings = (*_expiry_warnings(terms, now), *_cap_warnings(facts, terms))
    if reasons:
        return Refusal(reasons=reasons, warnings=warnings)
    return Permitted(terms=terms, warnings=warnings)


@dataclass(frozen=True)
class _Finding:
    """What one demand found: the records it relies on, or what speaks against it."""

    terms: tuple[Terms, ...] = ()
    reasons: tuple[Reason, ...] = ()


def _action_reasons(facts: Facts) -> Iterator[Reason]:
    if facts.action not in ACTIONS:
        yield refusal("action.unknown", action=str(facts.action))
    if facts.blocked_marks:
        yield refusal("blocklist.mark", words=facts.blocked_marks)
    if not facts.references:
        yield refusal("reference.missing")
    if facts.action == "generate" and not facts.template_approved:
        yield refusal("template.not_approved")
    if facts.blocklist_hits:
        yield refusal("blocklist.word", words=facts.blocklist_hits)
    if _leaves_the_house(facts) or not facts.use.is_draft:
        yield from facts.use.missing()
    if _leaves_the_house(facts) and not facts.review_approved:
        yield refusal("review.not_approved")


def _leaves_the_house(facts: Facts) -> bool:
    return facts.action in ("release", "serve")


def _reference_finding(facts: Facts, reference: ReferenceFacts, now: datetime) -> _Finding:
    """Every demand one reference makes. At intake its rights may still be missing; what it shows must be said."""
    unsaid = tuple(_unsaid(reference))
    if unsaid or facts.action == "intake":
        return _Finding(reasons=unsaid)
    if reference.quarantined:
        return _Finding(reasons=(refusal("reference.quarantined", reference=reference.label),))
    demands = [_mark_finding(facts, reference, mark, now) for mark in reference.declared_marks]
    if reference.shows_person:
        demands.append(_likeness_finding(facts, reference, now))
    if not demands:
        demands.append(_ownership_finding(facts, reference, now))
    return _Finding(
        tuple(terms for demand in demands for terms in demand.terms),
        tuple(reason for demand in demands for reason in demand.reasons),
    )


def _unsaid(reference: ReferenceFacts) -> Iterator[Reason]:
    if reference.face_unexplained and not reference.shows_person:
        yield refusal("likeness.face_unexplained", reference=reference.label)
    if reference.undeclared_marks:
        yield refusal("mark.undeclared", reference=reference.label, marks=reference.undeclared_marks)


def _likeness_finding(facts: Facts, reference: ReferenceFacts, now: datetime) -> _Finding:
    records: list[Terms] = [c for c in _consents(facts, reference) if c.kind == "likeness"]
    return _best(records, facts, now, refusal("likeness.missing", reference=reference.label))


def _mark_finding(facts: Facts, reference: ReferenceFacts, mark: str, now: datetime) -> _Finding:
    records: list[Terms] = [t for t in _licences(facts, reference) if t.is_for(mark)]
    return _best(records, facts, now, refusal("trademark.missing", reference=reference.label, mark=mark))


def _ownership_finding(facts: Facts, reference: ReferenceFacts, now: datetime) -> _Finding:
    """A record on file outweighs a declaration: a lapsed licence says that the work is somebody else's."""
    owned: list[Terms] = [c for c in _consents(facts, reference) if c.kind != "likeness"]
    owned += _licences(facts, reference)
    if not owned and reference.own_work:
        return _Finding()
    return _best(owned, facts, now, refusal("reference.basis_missing", reference=reference.label))


def _consents(facts: Facts, reference: ReferenceFacts) -> list[ConsentTerms]:
    return [c for c in facts.consents if c.grantee == facts.tenant_id and c.names(reference.digest)]


def _licences(facts: Facts, reference: ReferenceFacts) -> list[TrademarkTerms]:
    return [t for t in facts.trademarks if t.grantee == facts.tenant_id and t.names(reference.digest)]


def _best(records: list[Terms], facts: Facts, now: datetime, missing: Reason) -> _Finding:
    """The first record that allows it all; otherwise what speaks against the one that comes closest."""
    if not records:
        return _Finding(reasons=(missing,))
    judged = [(record, _objections(record, facts, now)) for record in records]
    record, objections = min(judged, key=lambda pair: len(pair[1]))
    return _Finding(reasons=objections) if objections else _Finding(terms=(record,))


def _objections(record: Terms, facts: Facts, now: datetime) -> tuple[Reason, ...]:
    against = record.covers(facts.use, now)
    if _is_sold_off(record, facts, now):
        against = [reason for reason in against if reason.rule_id not in TERM_IS_OVER]
    return (*against, *_cap_objections(record, facts), *_leaving_objections(record, facts))


def _is_sold_off(record: Terms, facts: Facts, now: datetime) -> bool:
    """Selling off is for what is out already: nothing new is drawn, approved or released."""
    return facts.action == "serve" and record.sells_off(now)


def _cap_objections(record: Terms, facts: Facts) -> Iterator[Reason]:
    cap = _cap(record, facts)
    if cap is None:
        return
    count, requested = facts.output_counts.get(record.id), facts.outputs_requested
    if count is None:
        yield refusal("consent.cap_unknown", kind=record.kind)
    elif count + requested > cap:
        yield refusal("consent.cap", kind=record.kind, cap=cap, count=count, requested=requested)


def _cap(record: Terms, facts: Facts) -> int | None:
    """Only generating makes pictures, so only generating is limited."""
    return record.output_cap if isinstance(record, ConsentTerms) and facts.action == "generate" else None


def _leaving_objections(record: Terms, facts: Facts) -> Iterator[Reason]:
    """What a person reserved for the moment when a picture leaves the house."""
    if not isinstance(record, ConsentTerms) or not _leaves_the_house(facts):
        return
    if record.approval_right != "none" and record.id not in facts.subject_approvals:
        yield refusal("consent.approval_missing", kind=record.kind)
    if record.disclosure_duty and not facts.use.disclosed:
        yield refusal("consent.disclosure", kind=record.kind)


def _cap_warnings(facts: Facts, terms: tuple[Terms, ...]) -> Iterator[Reason]:
    for record in terms:
        cap = _cap(record, facts)
        after = facts.output_counts.get(record.id, 0) + facts.outputs_requested
        if cap is not None and after >= CAP_WARNING_SHARE * cap:
            yield warning("consent.cap_near", kind=record.kind, cap=cap, left=cap - after)


def _expiry_warnings(terms: tuple[Terms, ...], now: datetime) -> Iterator[Reason]:
    for record in terms:
        if record.sold_off is not None and record.sells_off(now):
            yield warning("terms.selling_off", kind=record.kind, day=record.sold_off)
        elif record.valid_until is not None and record.valid_until - now <= EXPIRY_WARNING:
            yield warning("terms.expiring", kind=record.kind, day=record.valid_until)
        majority = record.majority if isinstance(record, ConsentTerms) else None
        if majority is not None and majority - now <= EXPIRY_WARNING:
            yield warning("consent.majority_near", day=majority.date())


def _once(reasons: list[Reason]) -> tuple[Reason, ...]:
    """Two references under one agreement would say everything twice."""
    return tuple(reason for i, reason in enumerate(reasons) if reason not in reasons[:i])
