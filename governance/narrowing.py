"""Is one version of an agreement smaller than another? A person may always take away; more needs a new signature."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from governance.agreement import Agreement
from governance.scope import ANY, covers_territory

_ALLOWING = ("reference_digests", "actions", "purposes", "channels", "languages", "permitted_treatments")
_FORBIDDING = ("prohibited_contexts",)
_GRANTS = ("paid_media", "synthetic_media_permitted")
_DUTIES = ("disclosure_duty",)
_RIGHTS = {"none": 0, "per_campaign": 1, "per_output": 2}
# Who agreed with whom about what, by which document: a narrower version has the same.
_SAME = (
    *("id", "grantee", "kind", "subject", "capacity", "minor", "majority_date", "evidence_digest"),
    *("synthetic_description", "mark", "owner", "registration", "office", "nice_classes", "renewal"),
)


def widened(was: Agreement, becomes: Agreement) -> tuple[str, ...]:
    """The fields in which `becomes` allows something that `was` did not, or speaks of something else; empty: smaller.

    Raises TypeError for agreements of different kinds.
    """
    if type(was) is not type(becomes):
        raise TypeError("a consent and a licence cannot be compared")
    found = [name for name in _SAME if getattr(was, name, None) != getattr(becomes, name, None)]
    found += [name for name in _ALLOWING if not _within(_of(was, name), _of(becomes, name))]
    found += [name for name in _FORBIDDING if not _of(was, name) <= _of(becomes, name)]
    found += [name for name in _GRANTS if getattr(becomes, name, False) and not getattr(was, name, False)]
    found += [name for name in _DUTIES if getattr(was, name, False) and not getattr(becomes, name, False)]
    return (*found, *_places(was, becomes), *_times(was, becomes), *_numbers(was, becomes))


def _of(terms: Agreement, name: str) -> frozenset[Any]:
    return getattr(terms, name, frozenset())


def _within(allowed: frozenset[Any], asked: frozenset[Any]) -> bool:
    return ANY in allowed or asked <= allowed


def _places(was: Agreement, becomes: Agreement) -> list[str]:
    inside = all(
        any(covers_territory(frozenset({a}), frozenset(), t) for a in was.territories) for t in becomes.territories
    )
    kept_out = all(_is_kept_out(excluded, becomes) for excluded in was.excluded_territories)
    return [*([] if inside else ["territories"]), *([] if kept_out else ["excluded_territories"])]


def _is_kept_out(excluded: str, becomes: Agreement) -> bool:
    """Still excluded by name or by a larger place, or no longer inside anything allowed."""
    by_name = any(covers_territory(frozenset({e}), frozenset(), excluded) for e in becomes.excluded_territories)
    overlaps = any(
        covers_territory(frozenset({a}), frozenset(), excluded)
        or covers_territory(frozenset({excluded}), frozenset(), a)
        for a in becomes.territories
    )
    return by_name or not overlaps


def _times(was: Agreement, becomes: Agreement) -> list[str]:
    found = ["valid_from"] if becomes.valid_from < was.valid_from else []
    if _later(becomes.valid_until, was.valid_until):
        found.append("valid_until")
    if _later(becomes.sold_off, was.sold_off):
        found.append("sell_off_days")
    return found


def _later(one: datetime | None, other: datetime | None) -> bool:
    """Whether `one` ends after `other`; None never ends."""
    return other is not None and (one is None or one > other)


def _numbers(was: Agreement, becomes: Agreement) -> list[str]:
    found = []
    cap, new_cap = getattr(was, "output_cap", None), getattr(becomes, "output_cap", None)
    if cap is not None and (new_cap is None or new_cap > cap):
        found.append("output_cap")
    if _RIGHTS[getattr(becomes, "approval_right", "none")] < _RIGHTS[getattr(was, "approval_right", "none")]:
        found.append("approval_right")
    return found
