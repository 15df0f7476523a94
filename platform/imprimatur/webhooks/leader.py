"""One process among all control workers tells endpoints what happened, several at a time: none waits for a slow one."""

from __future__ import annotations

import logging
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from django.db import close_old_connections, connections

from imprimatur.generations.leadership import Leadership, Session
from imprimatur.webhooks.deliveries import due, take_turn

logger = logging.getLogger(__name__)

LOCK_KEY: Final = 0x77686B73  # "whks"
CHANNEL: Final = "imprimatur_webhooks"  # nobody rings: it looks by itself
TICK_SECONDS: Final = 1.0
AT_ONCE: Final = 4


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
                told = {endpoint: turn for endpoint, turn in told.items() if not turn.done()}
                for tenant_id, endpoint_id in due():
                    if endpoint_id not in told:
                        told[endpoint_id] = pool.submit(self._tell, tenant_id, endpoint_id)
                for _heard in session.notifies(timeout=TICK_SECONDS, stop_after=1):
                    pass
            pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, tenant_id: uuid.UUID, endpoint_id: uuid.UUID) -> None:
        try:
            take_turn(tenant_id, endpoint_id, lambda: self.is_stopping)
        except Exception:
            logger.exception("%s: it could not be told; tried again", endpoint_id)
        finally:
            connections.close_all()
