"""What every agreement has in common: its text, its digest, its commitment, its term and its selling off.

The canonical text is what a digest and a commitment are computed over. Fields that came after the first agreements were
written (`LATER_FIELDS`) are in it only where they say something, so that older agreements keep their digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Self

from governance.canonical import canonical_json, plain, sha256_hex
from governance.errors import InvalidTerms
from governance.scope import (
    Status,
    check_day,
    check_digests,
    check_kinds,
    check_number,
    check_status,
    check_term,
    check_territories,
    commit,
    parse_field,
)

Renewal = Literal["none", "ask"]
RENEWALS: tuple[Renewal, ...] = ("none", "ask")


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A consent or a licence.

    id: opaque and stable. grantee: the tenant (UUID text) that may use it; nobody else may.
    reference_digests: SHA-256 of every reference file it covers.
    purposes, channels, territories: what is allowed; "*" is everything; empty is nothing.
    excluded_territories: win over `territories`.
    valid_from (included), valid_until (excluded; None never ends): aware times.
    sell_off_days: how long after the term's end pictures that are out may still be delivered; 0 is not at all.
    renewal: "ask" where the parties agreed to talk about a renewal before the end.
    status: not part of the digest, because it changes while the agreement stays.
    """

    LATER_FIELDS: ClassVar[frozenset[str]] = frozenset({"sell_off_days", "renewal"})

    id: str
    grantee: str
    reference_digests: frozenset[str]
    valid_from: datetime
    valid_until: datetime | None
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    excluded_territories: frozenset[str] = frozenset()
    sell_off_days: int = 0
    renewal: Renewal = "none"
    status: Status = "draft"

    def check(self) -> None:
        """Raise InvalidTerms where the shared part contradicts itself."""
        check_kinds({f.name: (getattr(self, f.name), f.default) for f in fields(self)})
        check_status(self.status)
        check_term(self.valid_from, self.valid_until)
        check_territories("territories", self.territories)
        check_territories("excluded_territories", self.excluded_territories)
        check_digests("reference_digests", self.reference_digests)
        check_number("sell_off_days", self.sell_off_days)
        if self.valid_until is not None:
            check_day("sell_off_days", self.valid_until.date(), self.sell_off_days)
        if self.sell_off_days < 0 or (self.sell_off_days and self.valid_until is None):
            raise InvalidTerms("sell_off_days must be 0 or more, and needs a valid_until to count from")
        if self.renewal not in RENEWALS:
            raise InvalidTerms(f"renewal {self.renewal!r} is unknown: use one of {', '.join(RENEWALS)}")

    def names(self, reference_digest: str) -> bool:
        """Whether the agreement is about this reference file."""
        return reference_digest in self.reference_digests

    @property
    def sold_off(self) -> datetime | None:
        """When pictures that are out must be gone too; None where the agreement never ends."""
        return None if self.valid_until is None else self.valid_until + timedelta(days=self.sell_off_days)

    def sells_off(self, at: datetime) -> bool:
        """Whether the term is over and what is out may still be delivered."""
        if self.valid_until is None or self.sold_off is None or self.status not in ("active", "expired"):
            return False
        return self.valid_until <= at < self.sold_off

    def canonical_json(self) -> bytes:
        """What was agreed, without `status`, as RFC 8785 JSON."""
        return canonical_json({name: value for name, value in self._values().items() if self._is_said(name, value)})

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
        return dict(plain(self._values()))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild the terms; unknown keys are ignored. Raises InvalidTerms for a missing or unreadable field."""
        known = {f.name for f in fields(cls)}
        try:
            return cls(**{key: parse_field(key, value) for key, value in data.items() if key in known})
        except (TypeError, ValueError) as error:
            raise InvalidTerms(f"the terms cannot be read: {error}") from error

    def _values(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def _is_said(self, name: str, value: Any) -> bool:
        if name not in self.LATER_FIELDS:
            return name != "status"
        return bool(value != next(f.default for f in fields(self) if f.name == name))
