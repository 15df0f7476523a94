"""What may follow what in the life of a consent record or a trademark licence. The database holds the same table."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from imprimatur.rights.models import RightStatus
from imprimatur.tenants.errors import Conflict

TRANSITIONS: Final[dict[RightStatus, frozenset[RightStatus]]] = {
    RightStatus.DRAFT: frozenset({RightStatus.SENT, RightStatus.SIGNED, RightStatus.VERIFIED, RightStatus.REVOKED}),
    RightStatus.SENT: frozenset({RightStatus.DRAFT, RightStatus.SIGNED, RightStatus.REVOKED}),  # draft: changes wanted
    RightStatus.SIGNED: frozenset({RightStatus.VERIFIED, RightStatus.REVOKED}),
    RightStatus.VERIFIED: frozenset({RightStatus.ACTIVE, RightStatus.EXPIRED, RightStatus.REVOKED}),
    RightStatus.ACTIVE: frozenset({RightStatus.SUSPENDED, RightStatus.EXPIRED, RightStatus.REVOKED}),
    RightStatus.SUSPENDED: frozenset({RightStatus.ACTIVE, RightStatus.EXPIRED, RightStatus.REVOKED}),
    RightStatus.REVOKED: frozenset(),
    RightStatus.EXPIRED: frozenset(),
}
# Statuses that somebody looked at the evidence for.
VERIFIED: Final = frozenset({RightStatus.VERIFIED, RightStatus.ACTIVE, RightStatus.SUSPENDED})


def require_transition(current: str, to: RightStatus) -> None:
    """Conflict, with a sentence, when `to` may not follow `current`."""
    if to not in TRANSITIONS[RightStatus(current)]:
        message = _("This record is “%(status)s”; it cannot become “%(to)s”.")
        raise Conflict(
            message % {"status": RightStatus(current).label, "to": to.label}, code="wrong_status", status_now=current
        )
