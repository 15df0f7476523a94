"""How a row moves: locked, by the table, counted, told. The only place that writes a generation's state."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from governance.policy import Refusal
from gpu_worker.messages import LEASE_SECONDS
from imprimatur.audit import services as audit
from imprimatur.generations import notify
from imprimatur.generations.clock import database_now
from imprimatur.generations.failures import RIGHTS_REFUSED
from imprimatur.generations.models import Generation, GenerationState
from imprimatur.generations.states import may_follow
from imprimatur.tenants.errors import Conflict

MAX_ATTEMPTS: Final = 3
LEASE: Final = timedelta(seconds=LEASE_SECONDS)
_NO_LEASE: Final[dict[str, Any]] = {"lease_until": None, "attempt_secret": ""}
_UNSENT: Final[dict[str, Any]] = _NO_LEASE | {"permit_id": "", "dispatched_at": None, "worker": "", "step": 0}


def locked(generation_id: uuid.UUID) -> Generation | None:
    """The row, locked until the transaction ends. Call inside its tenant's scope."""
    return Generation.objects.select_for_update(of=("self",)).filter(id=generation_id).first()


def lease() -> datetime:
    """Until when a sign of life that comes now is believed, by the database's clock."""
    return database_now() + LEASE


def move(row: Generation, state: GenerationState, **changes: Any) -> None:
    """Move a locked row and tell its listeners. Raises Conflict where the table has no such way."""
    if state != row.state and not may_follow(row.state, state):
        raise Conflict(_("This picture is already finished."), code="generation_finished", state=row.state)
    write(row, state=state, version=row.version + 1, **changes)
    notify.tell(row)


def write(row: Generation, **changes: Any) -> None:
    """Save exactly these fields of a locked row."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=list(changes))


def end(row: Generation, state: GenerationState, now: datetime, **changes: Any) -> None:
    """Move to a final state: the lease is over, the audit trail learns it."""
    move(row, state, finished_at=now, **_NO_LEASE, **changes)
    notify.ring()
    code = {"code": row.error_code} if row.error_code else {}
    record(row, f"generation.{state.value}", attempt=row.attempt, **code)


def refuse_many(rows: Sequence[Generation], answer: Refusal, now: datetime) -> None:
    """End locked rows of one tenant that are not finished, all for the same refusal, in a few statements.

    Workers that hold one are told to drop it; what they still report is stale.
    """
    if not rows:
        return
    changes: dict[str, Any] = {
        "state": GenerationState.REFUSED,
        "finished_at": now,
        "error_code": RIGHTS_REFUSED,
        "error": answer.sentence(),
        "reasons": [reason.to_json() for reason in answer.reasons],
    }
    rows_now = Generation.objects.filter(pk__in=[row.pk for row in rows])
    rows_now.update(version=F("version") + 1, **changes, **_NO_LEASE)
    notify.tell_many(rows)
    for row in rows:
        if row.dispatched_at is not None:
            notify.ask_to_drop(row.public_id, row.attempt)
    notify.ring()
    facts = ((row.public_id, {"attempt": row.attempt, "code": RIGHTS_REFUSED}) for row in rows)
    audit.record_many(rows[0].tenant_id, "system", "generation.refused", facts)


def queue_again(row: Generation, **changes: Any) -> None:
    """Back into the queue, for a new attempt with a new secret and a new permit; the dispatcher is woken."""
    take_back(row, **changes)
    notify.ring()


def take_back(row: Generation, **changes: Any) -> None:
    """Back into the queue until the dispatcher looks again by itself."""
    move(row, GenerationState.QUEUED, **_UNSENT, **changes)


def attempt_lost(row: Generation, code: str, now: datetime) -> None:
    """An attempt came to nothing through no fault of the order: try again, at most MAX_ATTEMPTS times."""
    lost = row.lost_attempts + 1
    if lost >= MAX_ATTEMPTS:
        end(row, GenerationState.FAILED, now, lost_attempts=lost, error_code=code)
        return
    queue_again(row, lost_attempts=lost)
    record(row, "generation.attempt_lost", attempt=row.attempt, code=code)


def record(row: Generation, event: str, *, actor: str = "system", **payload: Any) -> None:
    """One audit event about the row; last in its transaction."""
    audit.record(row.tenant_id, actor, event, row.public_id, payload)
