"""Where, for what and when: the part of an agreement that consents and trademark licences share."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from governance.canonical import parse_utc
from governance.errors import InvalidTerms
from governance.labels import EU
from governance.reasons import Reason, refusal

Status = Literal["draft", "sent", "signed", "verified", "active", "suspended", "revoked", "expired"]
STATUSES: tuple[Status, ...] = (
    "draft",
    "sent",
    "signed",
    "verified",
    "active",
    "suspended",
    "revoked",
    "expired",
)
TermsAction = Literal["generate", "edit", "composite", "train", "embed_face", "animate"]
TERMS_ACTIONS: tuple[TermsAction, ...] = ("generate", "edit", "composite", "train", "embed_face", "animate")

ANY = "*"
INTERNAL = "internal"
MIN_SALT_BYTES = 16
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9999, 12, 30)
LARGEST = 10**9
_KINDS = {frozenset: "a list", bool: "true or false", str: "a text"}
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TERRITORY = re.compile(r"\*|[A-Z]{2}(-[A-Z0-9]{1,3})?")


@dataclass(frozen=True, kw_only=True)
class Use:
    """What somebody wants to do with a picture.

    action: what is done to the subject's likeness or mark.
    channel: a slug of `governance.sentences.CHANNELS` or the tenant's own; INTERNAL is a draft that leaves nobody's
        house: territory and purpose may then stay empty.
    territory: ISO 3166-1 alpha-2 ("JP") or ISO 3166-2 ("US-NY"); "*" is the whole world.
    contexts: what the picture is about, as far as a consent may forbid it.
    paid: in paid advertising space. language: of the words beside the picture; empty is none.
    treatment: how a mark is shown (`governance.trademark.TREATMENTS`).
    disclosed: people who see it are told beside it that AI made it.
    """

    action: TermsAction = "generate"
    channel: str = INTERNAL
    territory: str = ""
    purpose: str = ""
    contexts: frozenset[str] = frozenset()
    paid: bool = False
    language: str = ""
    treatment: str = "in_scene"
    disclosed: bool = False

    @property
    def is_draft(self) -> bool:
        """True as long as the picture stays inside the house."""
        return self.channel == INTERNAL

    def missing(self) -> list[Reason]:
        """What must be said before the picture may leave the house."""
        reasons = []
        if not self.channel or self.is_draft:
            reasons.append(refusal("use.channel_missing"))
        if not self.territory:
            reasons.append(refusal("use.territory_missing"))
        if not self.purpose:
            reasons.append(refusal("use.purpose_missing"))
        return reasons


def status_violations(kind: str, status: Status) -> list[Reason]:
    """Only `active` covers anything."""
    if status == "active":
        return []
    if status in ("suspended", "revoked", "expired"):
        return [refusal(f"terms.{status}", kind=kind)]
    return [refusal("terms.not_active", kind=kind, status=status)]


def term_violations(kind: str, start: datetime, end: datetime | None, at: datetime) -> list[Reason]:
    """The term holds from `start` (included) to `end` (excluded); None never ends. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError("the moment of the question needs a zone: pass a timezone-aware datetime")
    if at < start:
        return [refusal("terms.not_yet_valid", kind=kind, day=start)]
    if end is not None and at >= end:
        return [refusal("terms.expired_on", kind=kind, day=end)]
    return []


def scope_violations(
    kind: str,
    use: Use,
    *,
    channels: frozenset[str],
    purposes: frozenset[str],
    territories: frozenset[str],
    excluded_territories: frozenset[str],
) -> list[Reason]:
    """Channel, territory and purpose; a draft is asked only for what it names."""
    reasons = [] if use.is_draft else use.missing()
    if use.channel and not use.is_draft and not allows(channels, use.channel):
        reasons.append(refusal("terms.channel", kind=kind, channel=use.channel))
    if use.territory and not covers_territory(territories, excluded_territories, use.territory):
        reasons.append(refusal("terms.territory", kind=kind, territory=use.territory))
    if use.purpose and not allows(purposes, use.purpose):
        reasons.append(refusal("terms.purpose", kind=kind, purpose=use.purpose))
    return reasons


def allows(allowed: frozenset[str], value: str) -> bool:
    """Whether `value` is named, or everything is."""
    return value in allowed or ANY in allowed


def covers_territory(allowed: frozenset[str], excluded: frozenset[str], asked: str) -> bool:
    """Whether the whole of `asked` lies inside `allowed` and touches nothing of `excluded`.

    "US" contains "US-NY"; therefore "US" is not covered where "US-NY" is excluded, and "*" only where nothing is.
    What is no code ("cn", "China") is covered by nothing: it would slip past what is excluded.
    """
    if not _TERRITORY.fullmatch(asked):
        return False
    if any(_contains(asked, e) or _contains(e, asked) for e in excluded):
        return False
    return any(_contains(a, asked) for a in allowed)


def _contains(larger: str, smaller: str) -> bool:
    inside_union = larger == "EU" and smaller.partition("-")[0] in EU
    return larger in (ANY, smaller) or inside_union or smaller.startswith(f"{larger}-")


def check_digests(field: str, digests: Iterable[str]) -> None:
    """Raise InvalidTerms unless every digest is a SHA-256 in lower-case hexadecimal."""
    if isinstance(digests, str):
        raise InvalidTerms(f"{field} must be a list")
    for digest in digests:
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise InvalidTerms(f"{field}: {digest!r} is no SHA-256: write 64 lower-case hexadecimal digits")


def check_territories(field: str, territories: Iterable[str]) -> None:
    """Raise InvalidTerms unless every territory is "*" or an ISO 3166 code."""
    for code in territories:
        if not isinstance(code, str) or not _TERRITORY.fullmatch(code):
            raise InvalidTerms(f'{field}: {code!r} is no ISO 3166 code: write "JP", "US-NY" or "*"')


def check_term(start: datetime, end: datetime | None) -> None:
    """Raise InvalidTerms unless both times have a zone, a calendar has them, and the term is longer than nothing."""
    if start.tzinfo is None or (end is not None and end.tzinfo is None):
        raise InvalidTerms("valid_from and valid_until need a zone: use timezone-aware datetimes")
    check_day("valid_from", start.date())
    if end is not None:
        check_day("valid_until", end.date())
    if end is not None and end <= start:
        raise InvalidTerms("valid_until must lie after valid_from")


def check_day(field: str, day: date, days: int = 0) -> None:
    """Raise InvalidTerms for a day, or one so many days after it, outside FIRST_DAY to LAST_DAY.

    At the ends of the calendar a change of zone or a sum of days has no answer, and whoever asks about a picture would
    get none either.
    """
    if not day >= FIRST_DAY or day.toordinal() + days > LAST_DAY.toordinal():
        raise InvalidTerms(f"{field}: choose a day between {FIRST_DAY.year} and {LAST_DAY.year}")


def check_kinds(said: Mapping[str, tuple[object, object]]) -> None:
    """Raise InvalidTerms unless every value is of its default's kind, where it has one: terms also come out of JSON,
    where a text may stand in place of a list, and would then contain each of its own letters."""
    for field, (value, default) in said.items():
        if isinstance(default, frozenset | bool | str) and not isinstance(value, type(default)):
            raise InvalidTerms(f"{field} must be {_KINDS[type(default)]}")
        if isinstance(value, frozenset) and not all(isinstance(one, str | int) for one in value):
            raise InvalidTerms(f"{field} must be a list of words")


def check_number(field: str, number: int) -> None:
    """Raise InvalidTerms for a number that is none, or larger than JSON keeps exactly."""
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > LARGEST:
        raise InvalidTerms(f"{field} must be a whole number up to {LARGEST}")


def check_status(status: str) -> None:
    """Raise InvalidTerms for a status outside the table."""
    if status not in STATUSES:
        raise InvalidTerms(f"status {status!r} is unknown: use one of {', '.join(STATUSES)}")


def commit(text: bytes, salt: bytes) -> str:
    """HMAC-SHA256 (hex) of canonical terms. Raises InvalidTerms for a salt shorter than 16 bytes."""
    if len(salt) < MIN_SALT_BYTES:
        raise InvalidTerms(f"a commitment needs a secret salt of at least {MIN_SALT_BYTES} random bytes")
    return hmac.new(salt, text, hashlib.sha256).hexdigest()


def parse_field(key: str, value: Any) -> Any:
    """One field of terms out of JSON: lists become sets, `valid_*` times, `majority_date` a date."""
    if isinstance(value, list):
        return frozenset(value)
    if key in ("valid_from", "valid_until") and value is not None:
        return parse_utc(value)
    if key == "majority_date" and value is not None:
        return date.fromisoformat(value)
    return value
