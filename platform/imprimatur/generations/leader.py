"""One leader among all control workers dispatches, reaps and does the chores that are due from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import close_old_connections

from gpu_worker.messages import HEARTBEAT_SECONDS
from imprimatur.generations import notify, orders
from imprimatur.generations.checkpointing import checkpoint_everywhere
from imprimatur.generations.dispatch import dispatch
from imprimatur.generations.fairness import Turns
from imprimatur.generations.leadership import Leadership, Session
from imprimatur.generations.reaper import reap
from imprimatur.generations.retention import clear_everywhere
from imprimatur.rights.certificates import remind_of_certificates
from imprimatur.rights.expiry import expire_everywhere, remind_everywhere

LOCK_KEY: Final = 0x696D7072  # "impr"
TICK_SECONDS: Final = 1.0  # how often it looks without being rung
EXPIRY_SECONDS: Final = 60.0  # how often rights that ran out are marked; the gates go by the dates anyway
CLEAR_SECONDS: Final = 3600.0  # how often what has had its time is cleared away
GRACE_SECONDS: Final = 2 * HEARTBEAT_SECONDS  # signs of life that waited while no control worker ran come first


class Leader(Leadership):
    """Dispatches, reaps, and does what is due from time to time."""

    lock_key = LOCK_KEY
    channel = notify.DOORBELL_CHANNEL
    duty = "dispatches and reaps"

    def __init__(self) -> None:
        """Start it as a thread."""
        super().__init__("leader")

    def lead(self, session: Session) -> None:
        """Until it is asked to stop."""
        turns = Turns()
        chores = [
            Every(0, reap, after=GRACE_SECONDS),
            Every(0, lambda: dispatch(turns)),
            Every(EXPIRY_SECONDS, expire_everywhere, remind_everywhere, remind_of_certificates),
            Every(settings.CHECKPOINT_SECONDS, checkpoint_everywhere, after=settings.CHECKPOINT_SECONDS),
            Every(CLEAR_SECONDS, clear_everywhere, after=CLEAR_SECONDS),
        ]
        while not self.is_stopping:
            close_old_connections()
            for chore in chores:
                chore.do_if_due()
            for heard in session.notifies(timeout=TICK_SECONDS, stop_after=1):
                _obey(heard.payload)
        if self.is_asked_to_stop:
            checkpoint_everywhere()


class Every:
    """Work that is due every so many seconds, first after so many; by a clock that nobody sets."""

    def __init__(self, seconds: float, *work: Callable[[], object], after: float = 0) -> None:
        self._seconds, self._work, self._at = seconds, work, time.monotonic() + after

    def do_if_due(self) -> None:
        """The next time is counted from the end."""
        if time.monotonic() < self._at:
            return
        for work in self._work:
            work()
        self._at = time.monotonic() + self._seconds


def _obey(payload: str) -> None:
    """A ring needs nothing more than the next tick; `drop` goes on to the workers."""
    word, *rest = payload.split() or [""]
    if word == "drop" and len(rest) == 2:
        orders.drop(rest[0], int(rest[1]))
