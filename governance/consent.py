"""What did somebody agree to, and does it cover this use?

`ConsentTerms` is what was agreed, as a machine can check it: no names, no addresses, only opaque identifiers and
digests. The fields are the union of photo-agency releases, replica riders and model-protection laws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Literal, Self

from governance.canonical import canonical_json, plain, sha256_hex
from governance.errors import InvalidTerms
from governance.reasons import Reason, refusal
from governance.scope import (
    TERMS_ACTIONS,
    Status,
    TermsAction,
    Use,
    allows,
    check_digests,
    check_status,
    check_term,
    check_territories,
    commit,
    parse_field,
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


@dataclass(frozen=True, kw_only=True)
class ConsentTerms:
    """One agreement.

    id: opaque and stable. grantee: the tenant (UUID text) that may use it; nobody else may.
    subject: pseudonymous id of the person or thing, never a name.
    reference_digests: SHA-256 of every reference file it covers.
    actions, purposes, channels, territories, languages: what is allowed; "*" is everything; empty is nothing.
    excluded_territories: win over `territories`. prohibited_contexts: win over everything.
    synthetic_media_permitted, synthetic_description: pictures by AI, and the specific words that were agreed.
    valid_from (included), valid_until (excluded; None never ends): aware times.
    minor, majority_date: the consent suspends itself when that day begins anywhere on Earth.
    output_cap: how many pictures at most; None is no limit. approval_right: what the person sees before release.
    evidence_digest: SHA-256 of the signed document.
    status: not part of the digest, because it changes while the agreement stays.
    """

    id: str
    kind: Kind
    grantee: str
    reference_digests: frozenset[str]
    valid_from: datetime
    valid_until: datetime | None
    subject: str = ""
    capacity: Capacity = "self"
    actions: frozenset[TermsAction] = frozenset({"generate"})
    purposes: frozenset[str] = frozenset()
    prohibited_contexts: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    excluded_territories: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"*"})
    paid_media: bool = False
    synthetic_media_permitted: bool = False
    synthetic_description: str = ""
    minor: bool = False
    majority_date: date | None = None
    output_cap: int | None = None
    approval_right: ApprovalRight = "none"
    evidence_digest: str = ""
    status: Status = "draft"

    def __post_init__(self) -> None:
        """Raise InvalidTerms where the terms contradict themselves."""
        check_status(self.status)
        check_term(self.valid_from, self.valid_until)
        check_territories("territories", self.territories)
        check_territories("excluded_territories", self.excluded_territories)
        check_digests("reference_digests", self.reference_digests)
        check_digests("evidence_digest", [self.evidence_digest] if self.evidence_digest else [])
        _check_words(self)
        _check_minor(self)

    def names(self, reference_digest: str) -> bool:
        """Whether the agreement is about this reference file."""
        return reference_digest in self.reference_digests

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

    def canonical_json(self) -> bytes:
        """What was agreed, without `status`, as RFC 8785 JSON."""
        values = asdict(self)
        del values["status"]
        return canonical_json(values)

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON: what a permit and a receipt name."""
        return sha256_hex(self.canonical_json())

    def commitment(self, salt: bytes) -> str:
        """HMAC-SHA256 (hex) of the canonical JSON under a secret salt of at least 16 bytes.

        Goes into pictures: whoever holds terms and salt can prove the link, nobody else learns or guesses anything.
        """
        return commit(self.canonical_json(), salt)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, `status` included; `from_json` gives the same terms back."""
        return dict(plain(asdict(self)))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild the terms; unknown keys are ignored. Raises InvalidTerms for a missing or unreadable field."""
        known = {f.name for f in fields(cls)}
        try:
            return cls(**{key: parse_field(key, value) for key, value in data.items() if key in known})
        except (TypeError, ValueError) as error:
            raise InvalidTerms(f"the consent terms cannot be read: {error}") from error


def _check_words(terms: ConsentTerms) -> None:
    if terms.kind not in KINDS:
        raise InvalidTerms(f"kind {terms.kind!r} is unknown: use one of {', '.join(KINDS)}")
    unknown = sorted(set(terms.actions) - set(TERMS_ACTIONS))
    if unknown:
        raise InvalidTerms(f"actions {unknown} are unknown: use some of {', '.join(TERMS_ACTIONS)}")
    if not terms.id or not terms.grantee:
        raise InvalidTerms("id and grantee must not be empty: they say which agreement this is and whose")
    if terms.output_cap is not None and terms.output_cap < 1:
        raise InvalidTerms("output_cap must be at least 1, or None for no limit")


def _check_minor(terms: ConsentTerms) -> None:
    if terms.minor and terms.majority_date is None:
        raise InvalidTerms("a minor's consent needs the majority_date, when it suspends itself")
    if terms.minor and terms.capacity == "self":
        raise InvalidTerms("a minor cannot consent alone: the capacity must be guardian, estate or agency")
