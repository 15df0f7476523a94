"""The GPU worker's Celery app: `celery -A gpu_worker.celery worker`. One process, threads; settings, not flags."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from kombu import Exchange, Queue

from gpu_worker.batch_size import TRIED
from gpu_worker.broker import GPU_CONTROL_EXCHANGE, broker_settings
from gpu_worker.config import LEAVE_SECONDS, WorkerConfig
from gpu_worker.messages import ORDERS_PER_SLOT, render_queue

logger = logging.getLogger(__name__)


def _queue(name: str) -> Queue:
    """Bound as the sender binds it."""
    return Queue(name, Exchange(name), routing_key=name)


config = WorkerConfig.from_environment()

# No fixups: a DJANGO_SETTINGS_MODULE in the environment must not pull Django in here.
app = Celery("gpu_worker", include=["gpu_worker.tasks", "gpu_worker.commands"], fixups=[])
app.conf.update(
    **broker_settings(config.broker_url, config.broker_folder),
    task_queues=[_queue(render_queue(profile)) for profile in config.profiles],
    worker_pool="threads",
    worker_concurrency=(config.slots or max(TRIED)) * ORDERS_PER_SLOT,
    control_exchange=GPU_CONTROL_EXCHANGE,
)


@worker_ready.connect  # type: ignore[untyped-decorator]
def _open(**_: Any) -> None:
    """Greet once orders can be taken, then load the models. A worker that cannot work ends: its keeper sees that."""
    from gpu_worker.tasks import open_workshop

    try:
        open_workshop()
    except Exception as error:
        logger.critical("this worker cannot start: %s", error)
        raise SystemExit(1) from error


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _close(**_: Any) -> None:
    """Give back what is held, and be gone in time: a step or a load that does not end keeps nobody waiting."""
    from gpu_worker.tasks import close_workshop

    leaving = threading.Timer(LEAVE_SECONDS, _leave, ["what was held is drawn again when its lease is over"])
    leaving.daemon = True
    leaving.start()
    close_workshop()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _closed(**_: Any) -> None:
    """Everything was given back. torch takes seconds to tidy up a process that ends anyway."""
    _leave("everything was given back")


def _leave(state: str) -> None:
    logger.info("leaving: %s", state)
    logging.shutdown()
    os._exit(0)
