"""A timer, not a step counter: a worker that loads or decodes for a minute is alive all the same."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from gpu_worker.held import Held
from gpu_worker.messages import HEARTBEAT_SECONDS, WorkerHello
from gpu_worker.sender import Sender

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Every HEARTBEAT_SECONDS: a hello, and a sign of life for each order held."""

    def __init__(self, sender: Sender, held: Held, hello: Callable[[], WorkerHello]) -> None:
        """Daemon: it beats exactly as long as the process lives. hello: asked anew each time."""
        super().__init__(name="heartbeat", daemon=True)
        self._sender, self._held, self._hello = sender, held, hello
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Beat until stopped."""
        while not self._stop_asked.is_set():
            self._sender.hello(self._hello())
            for order in self._held.orders():
                self._sender.progress(order, "heartbeat")
            self._stop_asked.wait(HEARTBEAT_SECONDS)

    def stop(self) -> None:
        """No more hellos: nothing new should be sent here."""
        self._stop_asked.set()
