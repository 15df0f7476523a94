"""What a worker tells the control side. A broker that is away costs messages, never a picture."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import Any, Final

from celery import Celery
from kombu.exceptions import OperationalError

from gpu_worker.messages import (
    CONTROL_QUEUE,
    HELLO_TASK,
    PROGRESS_TASK,
    REPORT_TASK,
    RenderOrder,
    RenderProgress,
    RenderReport,
    Stage,
    WorkerHello,
)

logger = logging.getLogger(__name__)

REPORT_TRIES: Final = 3
REPORT_PAUSE: Final = 0.5  # seconds, doubled each time
BROKER_ERRORS: Final = (OperationalError, OSError)


class Sender:
    """Progress goes out from a thread of its own, so that neither engine nor heartbeat ever waits for a broker."""

    def __init__(self, app: Celery, worker: str) -> None:
        """`worker`: the name every message carries."""
        self._app, self._worker = app, worker
        self._queue: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="sender", daemon=True).start()

    def progress(self, order: RenderOrder, stage: Stage, step: int = 0, steps: int = 0) -> None:
        """Say where the order stands."""
        message = RenderProgress(
            generation_id=order.generation_id,
            tenant_id=order.tenant_id,
            attempt=order.attempt,
            attempt_secret=order.attempt_secret,
            stage=stage,
            worker=self._worker,
            step=step,
            steps=steps,
        )
        self._queue.put((PROGRESS_TASK, message.to_json()))

    def hello(self, message: WorkerHello) -> None:
        """Say who is here."""
        self._queue.put((HELLO_TASK, message.to_json()))

    def report(self, message: RenderReport) -> bool:
        """Say how it ended; False if no broker took it (the report lies beside the picture)."""
        for attempt in range(REPORT_TRIES):
            if self._send(REPORT_TASK, message.to_json()):
                return True
            time.sleep(REPORT_PAUSE * 2**attempt)
        return False

    def _run(self) -> None:
        while True:
            self._send(*self._queue.get())

    def _send(self, task: str, message: dict[str, Any]) -> bool:
        try:
            self._app.send_task(task, args=[message], queue=CONTROL_QUEUE, retry=False)
        except BROKER_ERRORS as error:
            logger.warning("%s was not sent, the broker cannot be reached: %s", task, error)
            return False
        return True
