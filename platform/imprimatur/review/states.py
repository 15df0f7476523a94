"""Where does a picture stand in review? Derived from what happened to it, never stored.

`RULES` is the whole answer: the first rule that holds names the state. `TRANSITIONS` is what follows from them when
people claim, decide, undo, release and withdraw; a test walks every reachable fact and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

APPROVALS_NEEDED: Final = 2


class OutputState(models.TextChoices):
    """What a reviewer, a creator and the API see."""

    HELD = "held", _("Held")
    PENDING = "pending", _("Waiting for review")
    CLAIMED = "claimed", _("Being reviewed")
    APPROVED_1 = "approved_1", _("Approved by one")
    APPROVED = "approved", _("Approved")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    REJECTED = "rejected", _("Rejected")
    RELEASED = "released", _("Released")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    QUARANTINED = "quarantined", _("Quarantined")


@dataclass(frozen=True, kw_only=True)
class ReviewFacts:
    """What happened to one output; undone decisions and expired claims do not count.

    screened: something was noticed about it, and no rights manager has looked yet. unanswered: the person behind a
    record reserved approval, and what they said to it is not yes.
    """

    approvals: int = 0
    changes_requested: int = 0
    rejections: int = 0
    claimed: bool = False
    released: bool = False
    withdrawn: bool = False
    quarantined: bool = False
    screened: bool = False
    unanswered: bool = False


RULES: Final[tuple[tuple[OutputState, Callable[[ReviewFacts], bool]], ...]] = (
    (OutputState.WITHDRAWN, lambda f: f.withdrawn),
    (OutputState.QUARANTINED, lambda f: f.quarantined),
    (OutputState.RELEASED, lambda f: f.released),
    (OutputState.REJECTED, lambda f: f.rejections > 0),
    (OutputState.CHANGES_REQUESTED, lambda f: f.changes_requested > 0),
    (OutputState.HELD, lambda f: f.screened or (f.unanswered and f.approvals >= APPROVALS_NEEDED)),
    (OutputState.APPROVED, lambda f: f.approvals >= APPROVALS_NEEDED),
    (OutputState.APPROVED_1, lambda f: f.approvals > 0),
    (OutputState.CLAIMED, lambda f: f.claimed),
    (OutputState.PENDING, lambda _f: True),
)

OPEN: Final = frozenset({OutputState.PENDING, OutputState.CLAIMED, OutputState.APPROVED_1})
OUT_OF_HOUSE: Final = frozenset({OutputState.RELEASED, OutputState.WITHDRAWN})

_P, _C, _A1, _A = OutputState.PENDING, OutputState.CLAIMED, OutputState.APPROVED_1, OutputState.APPROVED
_CR, _RJ, _Q = OutputState.CHANGES_REQUESTED, OutputState.REJECTED, OutputState.QUARANTINED
_H = OutputState.HELD

TRANSITIONS: Final[dict[OutputState, frozenset[OutputState]]] = {
    # Cleared by a rights manager, or the person behind it said yes.
    _H: frozenset({_P, _A1, _A, _Q}),
    _P: frozenset({_C, _A1, _CR, _RJ, _Q}),
    _C: frozenset({_P, _A1, _CR, _RJ, _Q}),
    _A1: frozenset({_H, _P, _C, _A, _CR, _RJ, _Q}),
    _A: frozenset({_H, _A1, OutputState.RELEASED, _Q}),
    _CR: frozenset({_P, _A1, _Q}),
    _RJ: frozenset({_P, _A1, _Q}),
    OutputState.RELEASED: frozenset({OutputState.WITHDRAWN, _Q}),
    OutputState.WITHDRAWN: frozenset(),
    # A quarantine is lifted when a right covers the picture again: it then stands where it stood.
    _Q: frozenset({_H, _P, _C, _A1, _A, _CR, _RJ, OutputState.RELEASED, OutputState.WITHDRAWN}),
}


def state_from(facts: ReviewFacts) -> OutputState:
    """The first of `RULES` that holds."""
    return next(state for state, holds in RULES if holds(facts))
