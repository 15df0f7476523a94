"""One process among many does a piece of periodic work: whoever holds its advisory lock.

The lock lives as long as the connection that holds it; if either dies, another control worker takes over in a second.
A process that is paused, or whose network is gone, does not close its connection: so the leader says every few seconds
that it lives, and Postgres ends a session that was silent for `silent_seconds`. Whoever comes back from a pause finds
its lock gone and stops after the row it has in hand; that one is guarded by its own lock and attempt, not by the lead.

The connections must reach Postgres itself, not a pooler that shares sessions.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

import psycopg
from django.db import connections

from gpu_worker.messages import HEARTBEAT_SECONDS
from imprimatur.generations import notify

logger = logging.getLogger(__name__)

Session = psycopg.Connection[tuple[object, ...]]
RETRY_SECONDS: Final = 1.0
SILENT_SECONDS: Final = max(10.0, 3 * HEARTBEAT_SECONDS)


class Leadership(threading.Thread):
    """Tries to become the leader, leads while it may, and tries again when it lost the lock.

    lock_key: of the advisory lock; channel: what wakes the leader; duty: what the log says it does; silent_seconds: how
    long it may say nothing before its lock is taken away; pulse_seconds: how often it says that it lives.
    """

    lock_key: ClassVar[int]
    channel: ClassVar[str]
    duty: ClassVar[str]
    silent_seconds: ClassVar[float] = SILENT_SECONDS
    pulse_seconds: ClassVar[float] = SILENT_SECONDS / 5

    def __init__(self, name: str) -> None:
        """Daemon: the process may end at any moment, the rows stay true."""
        super().__init__(name=name, daemon=True)
        self._stop_asked = threading.Event()
        self._lost = threading.Event()
        self.is_leading = threading.Event()

    def stop(self) -> None:
        """Let go of the lock within a tick."""
        self._stop_asked.set()

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked it to let go, or its lock is gone."""
        return self.is_asked_to_stop or self._lost.is_set()

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether the process is being switched off."""
        return self._stop_asked.is_set()

    def run(self) -> None:
        """Never raises: whatever goes wrong is logged and tried again."""
        while not self.is_asked_to_stop:
            try:
                with notify.listening_connection() as lock:
                    self._lead(lock)
            except Exception:
                logger.exception("leadership was lost; trying again")
            finally:
                self.is_leading.clear()
                connections.close_all()
            self._stop_asked.wait(RETRY_SECONDS)

    @abstractmethod
    def lead(self, session: Session) -> None:
        """The work itself, until `is_stopping`; called with the lock held and the channel listened to."""

    def _lead(self, lock: Session) -> None:
        lock.execute(f"SET idle_session_timeout = '{self.silent_seconds:.0f}s'".encode())
        while not self.is_asked_to_stop and not self._take_lock(lock):
            self._stop_asked.wait(RETRY_SECONDS)
        if self.is_asked_to_stop:
            return
        self._lost.clear()
        with self._beating(lock), notify.listening_connection() as session:
            session.execute(f"LISTEN {self.channel}".encode())
            self.is_leading.set()
            logger.info("leading: this process %s", self.duty)
            self.lead(session)

    def _take_lock(self, lock: Session) -> bool:
        row = lock.execute("SELECT pg_try_advisory_lock(%s)", [self.lock_key]).fetchone()
        return bool(row and row[0])

    @contextmanager
    def _beating(self, lock: Session) -> Iterator[None]:
        """Say that this process lives, from a thread that does nothing else: the work may take its time."""
        over = threading.Event()
        pulse = threading.Thread(target=self._beat, args=[lock, over], name=f"{self.name}-pulse", daemon=True)
        pulse.start()
        try:
            yield
        finally:
            over.set()
            pulse.join()

    def _beat(self, lock: Session, over: threading.Event) -> None:
        while not over.wait(self.pulse_seconds):
            try:
                lock.execute("SELECT 1")
            except psycopg.Error as error:
                logger.warning("this process no longer %s, it was silent for too long: %s", self.duty, error)
                self._lost.set()
                return
