"""What workers say: hello, progress, reports. Every function may be called twice, late or in any order.

A message counts only while its attempt is the row's, its secret is the attempt's, and the row is not finished.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance.policy import Refusal
from gpu_worker.messages import RenderProgress, RenderReport, WorkerHello
from imprimatur.generations import explanations, gate, life, likenesses, notify, screening
from imprimatur.generations.clock import database_now
from imprimatur.generations.failures import RIGHTS_REFUSED
from imprimatur.generations.holding import hold_records
from imprimatur.generations.models import Generation, GenerationState, Output, WorkerSeen
from imprimatur.generations.pictures import Unverified, discard, verify
from imprimatur.generations.states import ACTIVE, RETRYABLE, STATE_OF_OUTCOME, STATE_OF_STAGE, may_follow
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.scope import tenant_scope

AGAIN = frozenset({"permit_expired", "worker_stopping", "signer_away"})  # no fault of the order: draw it again


def record_hello(message: WorkerHello) -> None:
    """Remember who can draw what; a new worker wakes the dispatcher."""
    facts = message.to_json()
    name = facts.pop("worker")
    _, is_new = WorkerSeen.objects.update_or_create(name=name, defaults=facts | {"seen_at": database_now()})
    if is_new:
        notify.ring()


def record_progress(message: RenderProgress) -> bool:
    """Extend the lease and move the row forward. False: stale, and the worker was told to drop the attempt."""
    now = timezone.now()
    with tenant_scope(uuid.UUID(message.tenant_id)):
        row = _row(message)
        if row is None or not _is_current(row, message):
            notify.ask_to_drop(message.generation_id, message.attempt)
            return False
        _move_forward(row, message, now)
        return True


def record_report(message: RenderReport) -> bool:
    """Record how an attempt ended. False: not this row's attempt, or recorded before; the row was not changed."""
    now = timezone.now()
    with tenant_scope(uuid.UUID(message.tenant_id)):
        row = _row(message)
        if row is None or not _is_current(row, message):
            _clear_away(row, message)
            return False
        if message.outcome == "ready":
            _record_picture(row, message, now)
        elif message.error_code in AGAIN:
            life.attempt_lost(row, message.error_code, now)
        else:
            facts = {"error_code": message.error_code, "error": message.error, "worker": message.worker}
            life.end(row, STATE_OF_OUTCOME[message.outcome], now, **facts)
        return True


def _clear_away(row: Generation | None, report: RenderReport) -> None:
    """What an attempt that nobody waits for has stored. The files of a picture that is ready are never among it."""
    if row is not None and (report.attempt < row.attempt or row.state in RETRYABLE):
        discard(row, report)


def _row(message: RenderProgress | RenderReport) -> Generation | None:
    try:
        return life.locked(decode(Generation.PREFIX, message.generation_id))
    except MalformedId:
        return None


def _is_current(row: Generation, message: RenderProgress | RenderReport) -> bool:
    """The fence. An empty secret is never right: no attempt is running."""
    if row.state not in ACTIVE or row.attempt != message.attempt or not row.attempt_secret:
        return False
    return hmac.compare_digest(row.attempt_secret, message.attempt_secret)


def _move_forward(row: Generation, message: RenderProgress, now: datetime) -> None:
    """A late message never moves a row back; it is still a sign of life."""
    alive: dict[str, Any] = {"lease_until": life.lease(), "worker": message.worker}
    if row.first_progress_at is None:
        alive["first_progress_at"] = now
    state = STATE_OF_STAGE[message.stage]
    if state is not None and state != row.state and may_follow(row.state, state):
        life.move(row, state, notified_at=now, **alive, **_steps(row, message))
    elif state == row.state and message.step > row.step:
        _step_forward(row, message, now, alive)
    else:
        life.write(row, **alive)


def _step_forward(row: Generation, message: RenderProgress, now: datetime, alive: dict[str, Any]) -> None:
    changes = alive | _steps(row, message) | {"version": row.version + 1}
    if not notify.is_due(row, now):
        life.write(row, **changes)
        return
    life.write(row, notified_at=now, **changes)
    notify.tell(row)


def _steps(row: Generation, message: RenderProgress) -> dict[str, int]:
    return {"step": max(row.step, message.step), "steps": message.steps or row.steps}


def _record_picture(row: Generation, report: RenderReport, now: datetime) -> None:
    """A picture enters only whole, stamped, for this permit, and if the rights still stand."""
    hold_records(row)
    answer = gate.decision(
        None,
        action="generate",
        references=row.references,
        version=row.template_version,
        use=row.use,
        now=now,
        already=row,
    )
    if isinstance(answer, Refusal):
        discard(row, report)
        refuse(row, answer, now)
        return
    try:
        verified = verify(row, report)
    except Unverified as error:
        life.attempt_lost(row, error.code, now)
        return
    life.end(row, GenerationState.READY, now, step=row.steps, worker=report.worker)
    screening.screen(Output.objects.create(**_output_fields(row, report), **verified))


def refuse(row: Generation, answer: Refusal, now: datetime) -> None:
    """The rights do not stand any more: the row ends, with every rule and both languages' sentences."""
    reasons = [reason.to_json() for reason in answer.reasons]
    life.end(row, GenerationState.REFUSED, now, error_code=RIGHTS_REFUSED, error=answer.sentence(), reasons=reasons)


def _output_fields(row: Generation, report: RenderReport) -> dict[str, Any]:
    assert report.output is not None  # noqa: S101 `verify` refused it otherwise
    strip = report.mask_strip
    return {
        "tenant_id": row.tenant_id,
        "generation": row,
        "object_key": report.output.key,
        "sha256": report.output.sha256,
        "mime": report.output.mime,
        "width": report.width,
        "height": report.height,
        "pixel_digest": report.pixel_digest,
        "mask_strip_key": strip.key if strip else "",
        "mask_strip_sha256": strip.sha256 if strip else "",
        "mask_area": list(report.mask_area),
        "scores": report.scores,
        "likenesses": likenesses.checked(report.likenesses, row),
        "explanation": explanations.checked(report.explanation),
        "warnings": [code[:20] for code in report.warnings],
        "environment": report.environment,
        "seconds": report.seconds,
        "permit_id": row.permit_id,
    }
