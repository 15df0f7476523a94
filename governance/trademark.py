"""May this mark be shown, and does a prompt use a blocked word?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from governance.agreement import Agreement
from governance.blocklist import fold, matched_words
from governance.errors import InvalidTerms
from governance.reasons import Reason, refusal
from governance.scope import Use, scope_violations, status_violations, term_violations

__all__ = ["TREATMENTS", "TrademarkTerms", "Treatment", "Use", "fold", "matched_words"]

Treatment = Literal["unaltered", "in_scene", "recoloured", "patterned", "partial"]
TREATMENTS: tuple[Treatment, ...] = ("unaltered", "in_scene", "recoloured", "patterned", "partial")
KIND: Literal["trademark"] = "trademark"


@dataclass(frozen=True, kw_only=True)
class TrademarkTerms(Agreement):
    """One licence to show a mark; the fields of `Agreement` stand beside these.

    mark: the word or the name of the sign; a reference declares the same text, compared by `fold`.
    registration, office: number and office code ("JPO", "EUIPO"). nice_classes: 1 to 45 (Nice Agreement).
    permitted_treatments: how the mark may be shown; in_scene is the product in a new scene, unchanged.
    """

    mark: str
    owner: str
    registration: str = ""
    office: str = ""
    nice_classes: frozenset[int] = frozenset()
    permitted_treatments: frozenset[Treatment] = frozenset({"unaltered", "in_scene"})

    def __post_init__(self) -> None:
        """Raise InvalidTerms where the licence contradicts itself."""
        self.check()
        _check_mark(self)

    @property
    def kind(self) -> Literal["trademark"]:
        """What sentences call it."""
        return KIND

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
