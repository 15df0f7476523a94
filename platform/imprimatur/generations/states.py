"""What may follow what in the life of a generation? The database refuses anything else too (migration 0004).

Messages may be lost, so a later stage may follow an earlier one directly; none ever goes back but to the queue.
"""

from __future__ import annotations

from typing import Final

from gpu_worker.messages import Outcome, Stage
from imprimatur.generations.models import GenerationState as S

_ENDS: Final = frozenset({S.READY, S.FAILED, S.REFUSED, S.CANCELED})

TRANSITIONS: Final[dict[S, frozenset[S]]] = {
    S.QUEUED: frozenset({S.PREPARING, S.DRAWING, S.STAMPING}) | _ENDS,
    S.PREPARING: frozenset({S.QUEUED, S.DRAWING, S.STAMPING}) | _ENDS,
    S.DRAWING: frozenset({S.QUEUED, S.STAMPING}) | _ENDS,
    S.STAMPING: frozenset({S.QUEUED}) | _ENDS,
    S.READY: frozenset(),
    S.FAILED: frozenset({S.QUEUED}),
    S.REFUSED: frozenset({S.QUEUED}),
    S.CANCELED: frozenset({S.QUEUED}),
}
WORKING: Final = frozenset({S.PREPARING, S.DRAWING, S.STAMPING})
ACTIVE: Final = WORKING | {S.QUEUED}
FINAL: Final = _ENDS
RETRYABLE: Final = frozenset({S.FAILED, S.REFUSED, S.CANCELED})

STATE_OF_STAGE: Final[dict[Stage, S | None]] = {
    "accepted": S.PREPARING,
    "preparing": S.PREPARING,
    "drawing": S.DRAWING,
    "stamping": S.STAMPING,
    "heartbeat": None,  # extends the lease, moves nothing
}
STATE_OF_OUTCOME: Final[dict[Outcome, S]] = {
    "ready": S.READY,
    "failed": S.FAILED,
    "refused": S.REFUSED,
    "canceled": S.CANCELED,
}


def may_follow(current: str, following: str) -> bool:
    """Whether the table lets `following` come after `current`."""
    return S(following) in TRANSITIONS[S(current)]
