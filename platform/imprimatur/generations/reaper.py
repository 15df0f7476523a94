"""Leases that ran out: look for the report beside the picture first, then draw again.

All of it goes by the database's clock. If that is set forward, running attempts are lost once and drawn again; if it is
set back, leases would last as long as the jump: those that reach too far are granted anew."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import datetime, timedelta
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from gpu_worker.messages import RenderReport
from imprimatur import objects
from imprimatur.generations import life
from imprimatur.generations.clock import database_now
from imprimatur.generations.incoming import record_report
from imprimatur.generations.models import Generation
from imprimatur.generations.pictures import REPORT_NAME, prefix
from imprimatur.generations.states import ACTIVE
from imprimatur.tenants.scope import tenant_scope

logger = logging.getLogger(__name__)

MARGIN: Final = timedelta(seconds=1)


def reap() -> int:
    """Settle every lapsed lease; how many there were. Called by the leader only."""
    now = database_now()
    _shorten(now)
    lapsed = _lapsed(now)
    for tenant_id, generation_id in lapsed:
        try:
            with tenant_scope(tenant_id):
                _settle(generation_id, now)
        except (OperationalError, InterfaceError):
            raise
        except OSError:
            logger.exception("%s: the store cannot be reached, asked again at the next tick", generation_id)
        except Exception:
            logger.exception("%s: what was left of the attempt is of no use", generation_id)
            with tenant_scope(tenant_id):
                _lose(generation_id, now)
    return len(lapsed)


def _lapsed(now: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, generation_id FROM generations_lapsed(%s)", [now])
        return list(cursor.fetchall())


def _shorten(now: datetime) -> None:
    furthest = now + life.LEASE + MARGIN
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, generation_id FROM generations_overlong(%s)", [furthest])
        overlong = list(cursor.fetchall())
    for tenant_id, generation_id in overlong:
        with tenant_scope(tenant_id):
            row = life.locked(generation_id)
            if row is not None and row.lease_until is not None and row.lease_until > furthest:
                logger.warning("%s: the database's clock was set back, its lease begins anew", row.public_id)
                life.write(row, lease_until=life.lease())


def _lapsed_row(generation_id: uuid.UUID, now: datetime) -> Generation | None:
    """The locked row, if its lease is still over."""
    row = life.locked(generation_id)
    if row is None or row.state not in ACTIVE or row.lease_until is None or row.lease_until >= now:
        return None
    return row


def _lose(generation_id: uuid.UUID, now: datetime) -> None:
    row = _lapsed_row(generation_id, now)
    if row is not None:
        life.attempt_lost(row, "worker_lost", now)


def _settle(generation_id: uuid.UUID, now: datetime) -> None:
    row = _lapsed_row(generation_id, now)
    if row is None:
        return
    report = _left_report(row)
    if report is not None and record_report(report):
        logger.info("%s: the report of attempt %d was found beside the picture", row.public_id, row.attempt)
        return
    logger.warning("%s: attempt %d was lost with its worker %s", row.public_id, row.attempt, row.worker or "(none)")
    life.attempt_lost(row, "worker_lost", now)


def _left_report(row: Generation) -> RenderReport | None:
    """The report the worker wrote before it was cut off. Its secret and permit are checked like any report's."""
    try:
        return RenderReport.from_json(json.loads(objects.read(prefix(row, row.attempt) + REPORT_NAME)))
    except objects.ObjectMissing:
        return None
    except (ValueError, TypeError) as error:
        logger.warning("%s: the report beside the picture cannot be read: %s", row.public_id, error)
        return None
