"""Bring a withdrawal about, in small steps that may be cut off anywhere and done twice.

Each call of `advance` is one transaction and remembers how far it came. The same work serves every cause: what no right
covers any more is taken out of sight, what one covers again is shown again, and a revoked record is never forgiven.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from imprimatur.audit import selectors as trail
from imprimatur.audit import services as audit
from imprimatur.generations.quarantine import SYSTEM
from imprimatur.rights import selectors as rights
from imprimatur.rights.models import RightRecord
from imprimatur.tenants.everywhere import everywhere
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import notices, pack, reach, selectors, steps
from imprimatur.withdrawal.models import Cause, Step, Withdrawal

logger = logging.getLogger(__name__)

TURN_SECONDS: Final = 1.0  # how long one withdrawal may work before another has its turn
RETRY: Final = timedelta(seconds=5)
WATCH: Final = timedelta(minutes=10)  # longer than any transaction that began before the record fell
FOREVER: Final = timedelta(days=100 * 365)
_LEFT: Final = "its photographs could not be judged; it is tried again"
FIRST_LOOK: Final = timedelta(seconds=5)

Stop = Callable[[], bool]


def pull(stop: Stop = lambda: False) -> bool:
    """Give every withdrawal that is due its turn; whether there was anything to do. Called by the leader only."""
    due = _due(timezone.now())
    for tenant_id, withdrawal_id in due:
        if stop():
            break
        try:
            _turn(tenant_id, withdrawal_id, stop)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("%s: this step of the withdrawal failed; it is tried again", withdrawal_id)
            _put_off(tenant_id, withdrawal_id, error)
    return bool(due)


def work_off(tenant_id: uuid.UUID, withdrawal_id: uuid.UUID) -> None:
    """All of it, now, in this process."""
    while advance(tenant_id, withdrawal_id, timezone.now()):
        pass


def advance(tenant_id: uuid.UUID, withdrawal_id: uuid.UUID, now: datetime) -> bool:
    """One transaction's worth of work; whether more may be done at once."""
    with tenant_scope(tenant_id):
        row = Withdrawal.objects.select_for_update().filter(pk=withdrawal_id).first()
        if row is None or row.next_at > now:
            return False
        record = selectors.record_of(row)
        if row.step == Step.DONE:
            return _look_again(row, record, now)
        if not row.actor:
            _open(row, record)
        if _STEPS[Step(row.step)](row, record, now):
            _go_on(row, record, now)
        row.trouble = ""
        row.save()
        return row.step != Step.DONE and row.next_at <= now


def open_missing() -> int:
    """Open a withdrawal for every record that ended without one: before there were any. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, is_consent, record_id FROM withdrawals_unopened()")
        found = cursor.fetchall()
    for tenant_id, is_consent, record_id in found:
        with tenant_scope(tenant_id):
            kind = "consent" if is_consent else "licence"
            row = Withdrawal(tenant_id=tenant_id, kind=kind, record_id=record_id, next_at=timezone.now())
            row.cause = Cause(selectors.record_of(row).status)
            row.save(force_insert=True)
    return len(found)


def judge_photographs() -> int:
    """Judge the photographs of withdrawals that were done before photographs were hidden. Returns how many withdrawals.

    Each in a transaction of its own that writes down that it was; cut off, the rest is found again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, withdrawal_id FROM withdrawals_without_photographs()")
        found = cursor.fetchall()
    return sum(everywhere([tenant], partial(_judge_photographs, withdrawal), _LEFT) for tenant, withdrawal in found)


def _judge_photographs(withdrawal_id: uuid.UUID, _tenant_id: uuid.UUID) -> bool:
    left = Withdrawal.objects.filter(pk=withdrawal_id, step=Step.DONE, photographs_at=None)
    row = left.select_for_update().first()
    if row is not None:
        steps.judge_references(row, selectors.record_of(row), timezone.now())
        row.save()
    return row is not None


def _turn(tenant_id: uuid.UUID, withdrawal_id: uuid.UUID, stop: Stop) -> None:
    end = time.monotonic() + TURN_SECONDS
    while advance(tenant_id, withdrawal_id, timezone.now()):
        if stop() or time.monotonic() > end:
            return


def _due(now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, withdrawal_id FROM withdrawals_due(%s)", [now])
        return list(cursor.fetchall())


def _put_off(tenant_id: uuid.UUID, withdrawal_id: uuid.UUID, error: Exception) -> None:
    with tenant_scope(tenant_id):
        said = f"{type(error).__name__}: {error}"[:300]
        rows = Withdrawal.objects.filter(pk=withdrawal_id)
        rows.update(next_at=timezone.now() + RETRY, trouble=said)


def _open(row: Withdrawal, record: RightRecord) -> None:
    """Whose change it was stands in the record's own trail."""
    newest = trail.events(row.tenant_id, subject=record.public_id).first()
    row.actor = newest.actor if newest else SYSTEM
    facts = {"record": record.public_id, "cause": row.cause, "by": row.actor}
    audit.record(row.tenant_id, SYSTEM, "withdrawal.opened", row.public_id, facts)


def _go_on(row: Withdrawal, record: RightRecord, now: datetime) -> None:
    order = list(Step)
    row.step, row.cursor = order[order.index(Step(row.step)) + 1], None
    if row.step == Step.PACKING and row.reached_at is None:
        row.reached_at = now
    if row.step == Step.DONE:
        _finish(row, record, now)


def _finish(row: Withdrawal, record: RightRecord, now: datetime) -> None:
    row.finished_at = now
    row.next_at = now + FIRST_LOOK
    sold_off = _sold_off(row, record)
    is_selling = sold_off is not None and sold_off > now
    row.watch_until = now + (FOREVER if is_selling else WATCH)  # nobody may be there at the very moment it is over
    facts = {
        "record": row.record_public_id,
        "cause": row.cause,
        "refused": row.refused,
        "quarantined": row.quarantined,
        "withdrawn": row.withdrawn,
        "references": row.references,
        "lifted": row.lifted,
    }
    audit.record(row.tenant_id, SYSTEM, "withdrawal.completed", row.public_id, facts)


def _look_again(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    """For what another transaction was still writing when the work was done; ever more rarely, then no more. And once
    the record has sold off: what was out until then is judged again."""
    if row.watch_until is None or row.finished_at is None or row.watch_until <= now:
        return False
    sold_off = _sold_off(row, record)
    row.next_at = now + 2 * max(row.next_at - row.finished_at, FIRST_LOOK)
    if sold_off is not None and now < sold_off < row.next_at:
        row.next_at = sold_off
    is_over = sold_off is not None and row.finished_at < sold_off <= now
    if is_over or steps.slipped_through(row, record, now):
        row.step, row.cursor, row.next_at = Step.STOPPING, None, now
    row.save()
    return row.step != Step.DONE


def _sold_off(row: Withdrawal, record: RightRecord) -> datetime | None:
    """When what is out must be gone, too; None where it has to be at once."""
    return rights.terms_of(record).sold_off if row.cause == Cause.EXPIRED else None


def _nothing_to_look_at(row: Withdrawal) -> bool:
    return row.cause == Cause.RESTORED


def _stop(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    return _nothing_to_look_at(row) or steps.stop(row, record, now)


def _forget(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    """Workers are told once; a broker that is away is asked again before the work counts as done."""
    if not _nothing_to_look_at(row) and row.forgotten_at is None and steps.forget(row, record):
        row.forgotten_at = now
    return True


def _judge(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    if row.cursor is None:
        row.candidates, row.judged = reach.relying(record).count() + reach.referencing(record).count(), 0
    return steps.judge(row, reach.relying(record), now)


def _judge_referenced(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    return steps.judge(row, reach.referencing(record), now)


def _references(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    steps.judge_references(row, record, now)
    return True


def _pack(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    pack.write(row, record, now)
    return True


def _notify(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    notices.prepare(row, now)
    _forget(row, record, now)
    if row.forgotten_at is None and not _nothing_to_look_at(row):
        row.next_at = now + RETRY
        return False
    return True


_STEPS: Final[dict[Step, Callable[[Withdrawal, RightRecord, datetime], bool]]] = {
    Step.STOPPING: _stop,
    Step.FORGETTING: _forget,
    Step.JUDGING: _judge,
    Step.REFERENCED: _judge_referenced,
    Step.REFERENCES: _references,
    Step.PACKING: _pack,
    Step.NOTIFYING: _notify,
}
