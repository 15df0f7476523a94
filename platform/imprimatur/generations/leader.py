"""One leader among all control workers dispatches, reaps and marks what ran out: whoever holds an advisory lock.

The lock lives as long as the leader's connection; if either dies, another control worker takes over within a second.
The connection must reach Postgres itself, not a pooler that shares sessions.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import psycopg
from django.conf import settings
from django.db import close_old_connections, connections

from gpu_worker.messages import HEARTBEAT_SECONDS
from imprimatur.generations import notify, orders
from imprimatur.generations.checkpointing import checkpoint_everywhere
from imprimatur.generations.dispatch import dispatch
from imprimatur.generations.fairness import Turns
from imprimatur.generations.reaper import reap
from imprimatur.rights.expiry import expire_everywhere

logger = logging.getLogger(__name__)

LOCK_KEY: Final = 0x696D7072  # "impr"
TICK_SECONDS: Final = 1.0  # how often it looks without being rung
RETRY_SECONDS: Final = 1.0
EXPIRY_SECONDS: Final = 60.0  # how often rights that ran out are marked; the gates go by the dates anyway
GRACE_SECONDS: Final = 2 * HEARTBEAT_SECONDS  # signs of life that waited while no control worker ran come first


class Leader(threading.Thread):
    """Tries to become the leader, leads while it may, and tries again when it lost the lock."""

    def __init__(self) -> None:
        """Daemon: the process may end at any moment, the rows stay true."""
        super().__init__(name="leader", daemon=True)
        self._stop_asked = threading.Event()
        self.is_leading = threading.Event()

    def stop(self) -> None:
        """Let go of the lock within a tick, once it is noted where the audit trails end."""
        self._stop_asked.set()

    def run(self) -> None:
        """Never raises: whatever goes wrong is logged and tried again."""
        while not self._stop_asked.is_set():
            try:
                with notify.listening_connection() as session:
                    self._lead(session)
            except Exception:
                logger.exception("leadership was lost; trying again")
            finally:
                self.is_leading.clear()
                connections.close_all()
            self._stop_asked.wait(RETRY_SECONDS)

    def _lead(self, session: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._stop_asked.is_set() and not _take_lock(session):
            self._stop_asked.wait(RETRY_SECONDS)
        session.execute(f"LISTEN {notify.DOORBELL_CHANNEL}")
        self.is_leading.set()
        logger.info("leading: this process dispatches and reaps")
        turns, may_reap, expire_at = Turns(), time.monotonic() + GRACE_SECONDS, time.monotonic()
        note_at = time.monotonic() + settings.CHECKPOINT_SECONDS
        while not self._stop_asked.is_set():
            close_old_connections()
            if time.monotonic() >= may_reap:
                reap()
            dispatch(turns)
            if time.monotonic() >= expire_at:
                expire_everywhere()
                expire_at = time.monotonic() + EXPIRY_SECONDS
            if time.monotonic() >= note_at:
                checkpoint_everywhere()
                note_at = time.monotonic() + settings.CHECKPOINT_SECONDS
            for heard in session.notifies(timeout=TICK_SECONDS, stop_after=1):
                _obey(heard.payload)
        checkpoint_everywhere()


def _take_lock(session: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = session.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone()
    return bool(row and row[0])


def _obey(payload: str) -> None:
    """A ring needs nothing more than the next tick; `drop` goes on to the workers."""
    word, *rest = payload.split() or [""]
    if word == "drop" and len(rest) == 2:
        orders.drop(rest[0], int(rest[1]))
