"""May this mark be shown, and does a prompt use a blocked word?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal, Self

from governance.blocklist import fold, matched_words
from governance.canonical import canonical_json, plain, sha256_hex
from governance.errors import InvalidTerms
from governance.reasons import Reason, refusal
from governance.scope import (
    Status,
    Use,
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

__all__ = ["TREATMENTS", "TrademarkTerms", "Treatment", "Use", "fold", "matched_words"]

Treatment = Literal["unaltered", "in_scene", "recoloured", "patterned", "partial"]
TREATMENTS: tuple[Treatment, ...] = ("unaltered", "in_scene", "recoloured", "patterned", "partial")
KIND: Literal["trademark"] = "trademark"


@dataclass(frozen=True, kw_only=True)
class TrademarkTerms:
    """One licence to show a mark.

    mark: the word or the name of the sign; a reference declares the same text, compared by `fold`.
    registration, office: number and office code ("JPO", "EUIPO"). nice_classes: 1 to 45 (Nice Agreement).
    permitted_treatments: how the mark may be shown; in_scene is the product in a new scene, unchanged.
    reference_digests: SHA-256 of the files it covers; the other fields as in `ConsentTerms`.
    """

    id: str
    grantee: str
    mark: str
    owner: str
    reference_digests: frozenset[str]
    valid_from: datetime
    valid_until: datetime | None
    registration: str = ""
    office: str = ""
    nice_classes: frozenset[int] = frozenset()
    permitted_treatments: frozenset[Treatment] = frozenset({"unaltered", "in_scene"})
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    excluded_territories: frozenset[str] = frozenset()
    status: Status = "draft"

    def __post_init__(self) -> None:
        """Raise InvalidTerms where the licence contradicts itself."""
        check_status(self.status)
        check_term(self.valid_from, self.valid_until)
        check_territories("territories", self.territories)
        check_territories("excluded_territories", self.excluded_territories)
        check_digests("reference_digests", self.reference_digests)
        _check_mark(self)

    @property
    def kind(self) -> Literal["trademark"]:
        """What sentences call it."""
        return KIND

    def names(self, reference_digest: str) -> bool:
        """Whether the licence is about this reference file."""
        return reference_digest in self.reference_digests

    def is_for(self, mark: str) -> bool:
        """Whether the licence is for this mark, however it is written."""
        return fold(mark) == fold(self.mark)

    def covers(self, use: Use, at: datetime) -> list[Reason]:
        """Everything that speaks against `use` at `at`; empty means covered. Raises ValueError without a zone."""
        reasons = [
            *status_violations(KIND, self.status),
            *term_violations(KIND, self.valid_from, self.valid_until, at),
            *scope_violations(
                KIND,
                use,
                channels=self.channels,
                purposes=self.purposes,
                territories=self.territories,
                excluded_territories=self.excluded_territories,
            ),
        ]
        if use.treatment not in self.permitted_treatments:
            reasons.append(refusal("trademark.treatment", mark=self.mark, treatment=use.treatment))
        return reasons

    def canonical_json(self) -> bytes:
        """What was agreed, without `status`, as RFC 8785 JSON."""
        values = asdict(self)
        del values["status"]
        return canonical_json(values)

    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON."""
        return sha256_hex(self.canonical_json())

    def commitment(self, salt: bytes) -> str:
        """HMAC-SHA256 (hex) of the canonical JSON under a secret salt of at least 16 bytes; as for consents."""
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
            raise InvalidTerms(f"the licence terms cannot be read: {error}") from error


def _check_mark(terms: TrademarkTerms) -> None:
    if not terms.id or not terms.grantee or not terms.owner:
        raise InvalidTerms("id, grantee and owner must not be empty: they say which licence this is and whose")
    if not fold(terms.mark):
        raise InvalidTerms("mark must contain a letter or digit: write the word or the name of the sign")
    if not all(1 <= number <= 45 for number in terms.nice_classes):
        raise InvalidTerms("nice_classes must lie between 1 and 45")
    unknown = sorted(set(terms.permitted_treatments) - set(TREATMENTS))
    if unknown:
        raise InvalidTerms(f"permitted_treatments {unknown} are unknown: use some of {', '.join(TREATMENTS)}")
