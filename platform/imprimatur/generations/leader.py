"""One leader among all control workers dispatches, reaps, marks what ran out and notes the ends of audit trails."""

from __future__ import annotations

import time
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
from imprimatur.rights.certificates import remind_of_certificates
from imprimatur.rights.expiry import expire_everywhere, remind_everywhere

LOCK_KEY: Final = 0x696D7072  # "impr"
TICK_SECONDS: Final = 1.0  # how often it looks without being rung
EXPIRY_SECONDS: Final = 60.0  # how often rights that ran out are marked; the gates go by the dates anyway
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
        turns, may_reap, expire_at = Turns(), time.monotonic() + GRACE_SECONDS, time.monotonic()
        note_at = time.monotonic() + settings.CHECKPOINT_SECONDS
        while not self.is_stopping:
            close_old_connections()
            if time.monotonic() >= may_reap:
                reap()
            dispatch(turns)
            if time.monotonic() >= expire_at:
                expire_everywhere()
                remind_everywhere()
                remind_of_certificates()
                expire_at = time.monotonic() + EXPIRY_SECONDS
            if time.monotonic() >= note_at:
                checkpoint_everywhere()
                note_at = time.monotonic() + settings.CHECKPOINT_SECONDS
            for heard in session.notifies(timeout=TICK_SECONDS, stop_after=1):
                _obey(heard.payload)
        if self.is_asked_to_stop:
            checkpoint_everywhere()


def _obey(payload: str) -> None:
    """A ring needs nothing more than the next tick; `drop` goes on to the workers."""
    word, *rest = payload.split() or [""]
    if word == "drop" and len(rest) == 2:
        orders.drop(rest[0], int(rest[1]))
