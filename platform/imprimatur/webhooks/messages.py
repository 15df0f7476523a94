"""What is posted to an endpoint: an event of the trail or a test, signed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from governance.canonical import utc_text
from imprimatur.audit.models import AuditEvent
from imprimatur.webhooks import secrets
from imprimatur.webhooks.models import Delivery, Endpoint

TEST: Final = "webhook.test"


@dataclass(frozen=True)
class Message:
    """One event on its way to one endpoint."""

    url: str
    body: bytes
    headers: dict[str, str]


def of_event(row: Endpoint, event: AuditEvent, now: datetime) -> Message:
    """The same id each time, and a timestamp of its own, by which receivers refuse what is old."""
    told: dict[str, Any] = {
        "type": event.event,
        "seq": event.seq,
        "occurred_at": utc_text(event.occurred_at),
        "subject": event.subject,
        "data": json.loads(event.payload),
    }
    return _signed(row, f"evt_{row.id.hex[:12]}_{event.seq}", told, now)


def of_test(row: Endpoint, delivery: Delivery, now: datetime) -> Message:
    """Of no event: it has no number."""
    told: dict[str, Any] = {
        "type": TEST,
        "seq": None,
        "occurred_at": utc_text(now),
        "subject": row.public_id,
        "data": {},
    }
    return _signed(row, f"evt_{row.id.hex[:12]}_test_{delivery.id.hex[:12]}", told, now)


def _signed(row: Endpoint, message_id: str, told: dict[str, Any], now: datetime) -> Message:
    body = json.dumps({"id": message_id} | told, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Imprimatur-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": secrets.signatures(row, message_id, timestamp, body, now),
    }
    return Message(row.url, body, headers)
