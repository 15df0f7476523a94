"""What did somebody agree to, and does it cover this use?

`ConsentTerms` is what was agreed, as a machine can check it: no names, no addresses, only opaque identifiers and
digests. The fields are the union of photo-agency releases, replica riders and model-protection laws.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import ClassVar, Literal

from governance.agreement import Agreement
from governance.errors import InvalidTerms
from governance.reasons import Reason, refusal
from governance.scope import (
    TERMS_ACTIONS,
    TermsAction,
    Use,
    allows,
    check_day,
    check_digests,
    check_number,
    scope_violations,
    status_violations,
    term_violations,
)

__all__ = ["KINDS", "ConsentTerms", "RuleViolation", "Use"]

RuleViolation = Reason
Kind = Literal["likeness", "trademark", "copyright", "property"]
KINDS: tuple[Kind, ...] = ("likeness", "trademark", "copyright", "property")
Capacity = Literal["self", "guardian", "estate", "agency", "rights_holder"]
FIRST_MIDNIGHT = timezone(timedelta(hours=14))  # the zone in which a day begins first
ApprovalRight = Literal["none", "per_campaign", "per_output"]
APPROVAL_RIGHTS: tuple[ApprovalRight, ...] = ("none", "per_campaign", "per_output")


@dataclass(frozen=True, kw_only=True)
class ConsentTerms(Agreement):
    """One agreement of a person or an owner; the fields of `Agreement` stand beside these.

    subject: pseudonymous id of the person or thing, never a name.
    actions, languages: what is allowed; "*" is every language. prohibited_contexts: win over everything.
    synthetic_media_permitted, synthetic_description: pictures by AI, and the specific words that were agreed.
    minor, majority_date: the consent suspends itself when that day begins anywhere on Earth.
    output_cap: how many pictures at most; None is no limit. approval_right: what the person sees before release.
    response_days: within how many days they promised to answer; None is no promise. Silence is never a yes.
    disclosure_duty: every picture that leaves the house must say beside itself that AI made it.
    evidence_digest: SHA-256 of the signed document.
    """

    LATER_FIELDS: ClassVar[frozenset[str]] = Agreement.LATER_FIELDS | {"response_days", "disclosure_duty"}

    kind: Kind
    subject: str = ""
    capacity: Capacity = "self"
    actions: frozenset[TermsAction] = frozenset({"generate"})
    prohibited_contexts: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"*"})
    paid_media: bool = False
    synthetic_media_permitted: bool = False
    synthetic_description: str = ""
    minor: bool = False
    majority_date: date | None = None
    output_cap: int | None = None
    approval_right: ApprovalRight = "none"
    response_days: int | None = None
    disclosure_duty: bool = False
    evidence_digest: str = ""

    def __post_init__(self) -> None:
        """Raise InvalidTerms where the terms contradict themselves."""
        self.check()
        check_digests("evidence_digest", [self.evidence_digest] if self.evidence_digest else [])
        _check_words(self)
        _check_minor(self)

    @property
    def majority(self) -> datetime | None:
        """When a minor's consent suspends itself; None for adults."""
        if not self.minor or self.majority_date is None:
            return None
        return datetime.combine(self.majority_date, time(), FIRST_MIDNIGHT)

    def covers(self, use: Use, at: datetime) -> list[RuleViolation]:
        """Everything that speaks against `use` at `at`; empty means covered. Raises ValueError without a zone."""
        return [
            *status_violations(self.kind, self.status),
            *term_violations(self.kind, self.valid_from, self.valid_until, at),
            *self._person_violations(use, at),
            *self._use_violations(use),
            *scope_violations(
                self.kind,
                use,
                channels=self.channels,
                purposes=self.purposes,
                territories=self.territories,
                excluded_territories=self.excluded_territories,
            ),
        ]

    def _person_violations(self, use: Use, at: datetime) -> list[RuleViolation]:
        reasons = []
        if self.majority is not None and at >= self.majority:
            reasons.append(refusal("consent.majority", day=self.majority.date()))
        if not self.synthetic_media_permitted:
            reasons.append(refusal("consent.synthetic", kind=self.kind))
        forbidden = tuple(sorted(use.contexts & self.prohibited_contexts))
        if forbidden:
            reasons.append(refusal("consent.context", kind=self.kind, contexts=forbidden))
        return reasons

    def _use_violations(self, use: Use) -> list[RuleViolation]:
        reasons = []
        if use.action not in self.actions:
            reasons.append(refusal("consent.action", kind=self.kind, action=use.action))
        if use.paid and not self.paid_media:
            reasons.append(refusal("consent.paid_media", kind=self.kind))
        if use.language and not allows(self.languages, use.language):
            reasons.append(refusal("consent.language", kind=self.kind, language=use.language))
        return reasons


def _check_words(terms: ConsentTerms) -> None:
    if terms.kind not in KINDS:
        raise InvalidTerms(f"kind {terms.kind!r} is unknown: use one of {', '.join(KINDS)}")
    unknown = sorted(set(terms.actions) - set(TERMS_ACTIONS))
    if unknown:
        raise InvalidTerms(f"actions {unknown} are unknown: use some of {', '.join(TERMS_ACTIONS)}")
    if not terms.id or not terms.grantee:
        raise InvalidTerms("id and grantee must not be empty: they say which agreement this is and whose")
    for field in ("output_cap", "response_days"):
        if getattr(terms, field) is not None:
            check_number(field, getattr(terms, field))
    if terms.output_cap is not None and terms.output_cap < 1:
        raise InvalidTerms("output_cap must be at least 1, or None for no limit")
    if terms.approval_right not in APPROVAL_RIGHTS:
        raise InvalidTerms(f"approval_right {terms.approval_right!r}: use one of {', '.join(APPROVAL_RIGHTS)}")
    if terms.response_days is not None and terms.response_days < 1:
        raise InvalidTerms("response_days must be at least 1, or None for no promise")


def _check_minor(terms: ConsentTerms) -> None:
    if terms.minor and terms.majority_date is None:
        raise InvalidTerms("a minor's consent needs the majority_date, when it suspends itself")
    if terms.majority_date is not None:
        check_day("majority_date", terms.majority_date)
    if terms.minor and terms.capacity == "self":
        raise InvalidTerms("a minor cannot consent alone: the capacity must be guardian, estate or agency")
