"""Who is told when something changes. Postgres carries ids only, and delivers when the transaction commits."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import psycopg
from django.db import connection

from imprimatur.generations.models import Generation

GENERATION_CHANNEL: Final = "imprimatur_generation"  # payload "<tenant uuid> <generation uuid>"
DOORBELL_CHANNEL: Final = "imprimatur_doorbell"  # payload "" (there is work) or "drop <gen_...> <attempt>"
QUIET: Final = timedelta(seconds=0.5)  # at most two a second for each generation
_KEEPALIVES: Final = {"keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000}


def tell(row: Generation) -> None:
    """Tell every listening web process that this row has a new version."""
    _notify(GENERATION_CHANNEL, payload(row.tenant_id, row.id))


def tell_many(rows: Iterable[Generation]) -> None:
    """The same for many rows, in one statement."""
    payloads = [payload(row.tenant_id, row.id) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, told) FROM unnest(%s::text[]) told", [GENERATION_CHANNEL, payloads])


def is_due(row: Generation, now: datetime) -> bool:
    """Whether a mere step forward may be told already; changes of state always are."""
    return row.notified_at is None or now - row.notified_at >= QUIET


def ring() -> None:
    """Wake the dispatcher: there may be something to send."""
    _notify(DOORBELL_CHANNEL, "")


def ask_to_drop(generation_id: str, attempt: int) -> None:
    """Have the leader tell the workers to stop drawing this attempt."""
    _notify(DOORBELL_CHANNEL, f"drop {generation_id} {attempt}")


def payload(tenant_id: uuid.UUID, generation_id: uuid.UUID) -> str:
    """What a listener compares with."""
    return f"{tenant_id} {generation_id}"


def listening_connection() -> psycopg.Connection[tuple[object, ...]]:
    """A session of its own, in autocommit, outside Django's: for locks and LISTEN. Whoever listens says nothing, so the
    kernel asks whether the server is still there."""
    params = connection.get_connection_params()
    for django_only in ("cursor_factory", "context", "pool"):
        params.pop(django_only, None)
    return psycopg.connect(**{**_KEEPALIVES, **params}, autocommit=True)


def _notify(channel: str, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, text])
