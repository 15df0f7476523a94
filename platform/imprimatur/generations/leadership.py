"""One process among many does a piece of periodic work: whoever holds its advisory lock.

The lock lives as long as the leader's connection; if either dies, another control worker takes over within a second.
The connection must reach Postgres itself, not a pooler that shares sessions.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from typing import ClassVar, Final

import psycopg
from django.db import connections

from imprimatur.generations import notify

logger = logging.getLogger(__name__)

Session = psycopg.Connection[tuple[object, ...]]
RETRY_SECONDS: Final = 1.0


class Leadership(threading.Thread):
    """Tries to become the leader, leads while it may, and tries again when it lost the lock.

    lock_key: of the advisory lock; channel: what wakes the leader; duty: what the log says it does.
    """

    lock_key: ClassVar[int]
    channel: ClassVar[str]
    duty: ClassVar[str]

    def __init__(self, name: str) -> None:
        """Daemon: the process may end at any moment, the rows stay true."""
        super().__init__(name=name, daemon=True)
        self._stop_asked = threading.Event()
        self.is_leading = threading.Event()

    def stop(self) -> None:
        """Let go of the lock within a tick."""
        self._stop_asked.set()

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked it to let go."""
        return self._stop_asked.is_set()

    def run(self) -> None:
        """Never raises: whatever goes wrong is logged and tried again."""
        while not self.is_stopping:
            try:
                with notify.listening_connection() as session:
                    self._lead(session)
            except Exception:
                logger.exception("leadership was lost; trying again")
            finally:
                self.is_leading.clear()
                connections.close_all()
            self._stop_asked.wait(RETRY_SECONDS)

    @abstractmethod
    def lead(self, session: Session) -> None:
        """The work itself, until `is_stopping`; called with the lock held and the channel listened to."""

    def _lead(self, session: Session) -> None:
        while not self.is_stopping and not self._take_lock(session):
            self._stop_asked.wait(RETRY_SECONDS)
        if self.is_stopping:
            return
        session.execute(f"LISTEN {self.channel}".encode())
        self.is_leading.set()
        logger.info("leading: this process %s", self.duty)
        self.lead(session)

    def _take_lock(self, session: Session) -> bool:
        row = session.execute("SELECT pg_try_advisory_lock(%s)", [self.lock_key]).fetchone()
        return bool(row and row[0])
