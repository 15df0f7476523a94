"""One process among all control workers brings withdrawals about; beside the dispatcher, so that neither waits."""

from __future__ import annotations

import time
from typing import Final

from django.db import close_old_connections

from imprimatur.generations.leadership import Leadership, Session
from imprimatur.rights import mails
from imprimatur.withdrawal import cascade, notices

LOCK_KEY: Final = 0x77647277  # "wdrw"
POST_KEY: Final = 0x706F7374  # "post"
POST_SECONDS: Final = 2.0  # how often due mails are looked for
CHANNEL: Final = "imprimatur_withdrawal"  # rung by the database when a withdrawal is opened
TICK_SECONDS: Final = 1.0
SEARCH_SECONDS: Final = 60.0  # how often records that ended without a withdrawal are looked for


class WithdrawalLeader(Leadership):
    """Pulls: everything it does is found in the database, so a lost ring costs a tick and nothing else."""

    lock_key = LOCK_KEY
    channel = CHANNEL
    duty = "brings withdrawals about"

    def __init__(self) -> None:
        """Start it as a thread."""
        super().__init__("withdrawals")

    def lead(self, session: Session) -> None:
        """Until it is asked to stop."""
        search_at = time.monotonic()
        while not self.is_stopping:
            close_old_connections()
            if time.monotonic() >= search_at:
                cascade.open_missing()
                cascade.judge_photographs()
                search_at = time.monotonic() + SEARCH_SECONDS
            busy = cascade.pull(lambda: self.is_stopping)
            if not busy:
                for _heard in session.notifies(timeout=TICK_SECONDS, stop_after=1):
                    pass


class Postman(Leadership):
    """Sends the mails; apart, because a mail server may take its time and pictures must not wait for it."""

    lock_key = POST_KEY
    channel = CHANNEL
    duty = "sends notices"

    def __init__(self) -> None:
        """Start it as a thread."""
        super().__init__("notices")

    def lead(self, session: Session) -> None:
        """Until it is asked to stop."""
        while not self.is_stopping:
            close_old_connections()
            notices.send_due(lambda: self.is_stopping)
            mails.send_due(lambda: self.is_stopping)
            for _heard in session.notifies(timeout=POST_SECONDS, stop_after=1):
                pass
