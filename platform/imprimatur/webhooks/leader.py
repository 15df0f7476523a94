"""One process among all control workers tells endpoints what happened, several at a time: none waits for a slow one."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from django.db import close_old_connections, connections

from imprimatur.generations.leadership import Leadership, Session
from imprimatur.webhooks import by_hand
from imprimatur.webhooks.deliveries import due, take_turn

logger = logging.getLogger(__name__)

LOCK_KEY: Final = 0x77686B73  # "whks"
CHANNEL: Final = "imprimatur_webhooks"  # nobody rings: it looks by itself
TICK_SECONDS: Final = 1.0
AT_ONCE: Final = 4
Deliver = Callable[[uuid.UUID, uuid.UUID], object]


class Teller(Leadership):
    """Pulls from the audit trail; whatever it does is found in the database."""

    lock_key = LOCK_KEY
    channel = CHANNEL
    duty = "tells webhooks"

    def __init__(self) -> None:
        """Start it as a thread."""
        super().__init__("webhooks")

    def lead(self, session: Session) -> None:
        """Until it is asked to stop."""
        told: dict[uuid.UUID, Future[None]] = {}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            while not self.is_stopping:
                close_old_connections()
                told = {what: turn for what, turn in told.items() if not turn.done()}
                for deliver, found in ((by_hand.deliver, by_hand.asked()), (self._take_turn, due())):
                    for tenant_id, what in found:
                        if what not in told:
                            told[what] = pool.submit(_tell, deliver, tenant_id, what)
                for _heard in session.notifies(timeout=TICK_SECONDS, stop_after=1):
                    pass
            pool.shutdown(wait=False, cancel_futures=True)

    def _take_turn(self, tenant_id: uuid.UUID, endpoint_id: uuid.UUID) -> int:
        return take_turn(tenant_id, endpoint_id, lambda: self.is_stopping)


def _tell(deliver: Deliver, tenant_id: uuid.UUID, what: uuid.UUID) -> None:
    """what: an endpoint whose turn it is, or a delivery that a person asked for."""
    try:
        deliver(tenant_id, what)
    except Exception:
        logger.exception("%s: it could not be told; tried again", what)
    finally:
        connections.close_all()
