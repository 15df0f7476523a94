"""What became of each delivery: the newest few of an endpoint are kept, to look at and to send again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from imprimatur.webhooks.messages import Message
from imprimatur.webhooks.models import Delivery, Endpoint
from imprimatur.webhooks.sending import NotTaken, post

KEPT: Final = 100  # of one endpoint
Send = Callable[[str, bytes, dict[str, str]], int]


@dataclass(frozen=True)
class Outcome:
    """status: of the answer, if there was one; trouble: None where it was taken."""

    status: int | None
    trouble: NotTaken | None = None


def tried(message: Message, send: Send | None = None) -> Outcome:
    """Send it, by `post` unless another way is given."""
    try:
        return Outcome((send or post)(message.url, message.body, message.headers))
    except NotTaken as trouble:
        return Outcome(trouble.status, trouble)


def in_turn(endpoint: Endpoint, seq: int, event: str) -> Delivery:
    """The row of an event in its turn; the oldest rows make room for a new one."""
    facts = {"tenant_id": endpoint.tenant_id, "event": event}
    row, is_new = Delivery.objects.get_or_create(endpoint=endpoint, seq=seq, by_hand=False, defaults=facts)
    if is_new:
        make_room(endpoint)
    return row


def make_room(endpoint: Endpoint) -> None:
    """Forget all but the newest few."""
    newest = Delivery.objects.filter(endpoint=endpoint).order_by("-created_at").values("pk")[:KEPT]
    Delivery.objects.filter(endpoint=endpoint).exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()


def begin(row: Delivery, now: datetime) -> None:
    """One more try, written down before it is made: what the former one said is over."""
    row.attempts += 1
    row.tried_at = now
    row.status, row.trouble, row.detail = None, "", ""
    row.save(update_fields=["attempts", "tried_at", "status", "trouble", "detail"])


def note(delivery_id: uuid.UUID, outcome: Outcome, now: datetime) -> None:
    """What became of the try; what was taken meanwhile stays so."""
    found: dict[str, Any] = {"status": outcome.status, "trouble": "", "detail": ""}
    if outcome.trouble is None:
        found |= {"taken_at": now}
    else:
        found |= {"trouble": outcome.trouble.trouble, "detail": str(outcome.trouble)[:300]}
    Delivery.objects.filter(pk=delivery_id, taken_at=None).update(**found)
