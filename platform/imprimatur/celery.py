"""The control side's Celery app: sends orders; takes in progress, reports and hellos; hosts the leader.

Start it as `celery -A imprimatur.celery worker`. Pool, queue and serialisation are settings here, not flags.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any, Final

from celery import Celery
from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down

from gpu_worker.broker import GPU_CONTROL_EXCHANGE, broker_settings
from gpu_worker.messages import CONTROL_QUEUE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imprimatur.settings")

from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string

LEADER_SECONDS: Final = 3.0  # for its last checkpoint; whoever stops us gives five
IDLE_SECONDS: Final = 60  # between two statements of one transaction

app = Celery("imprimatur", include=["imprimatur.generations.tasks"])
app.conf.update(
    **broker_settings(settings.BROKER_URL, settings.BROKER_FOLDER),
    task_default_queue=CONTROL_QUEUE,
    worker_pool="threads",
    worker_concurrency=4,
    worker_enable_remote_control=False,  # broadcasts are for the GPU workers
    control_exchange=GPU_CONTROL_EXCHANGE,
)


@worker_init.connect  # type: ignore[untyped-decorator]
def bound_transactions(**_: Any) -> None:
    """A control process that is paused within a transaction holds locks that a whole company waits for: Postgres undoes
    it after IDLE_SECONDS. What it had in hand is found again by its lease."""
    options = connections.databases["default"]["OPTIONS"]
    asked = [options.get("options", ""), f"-c idle_in_transaction_session_timeout={IDLE_SECONDS}s"]
    options["options"] = " ".join(filter(None, asked))


@worker_ready.connect  # type: ignore[untyped-decorator]
def _start_leader(**_: Any) -> None:
    from imprimatur import keys

    for chatter in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(chatter).setLevel(logging.WARNING)  # a line for each heartbeat helps nobody
    keys.permit_public_key()  # made on first use: workers wait for its file
    app.leaders = [import_string(name)() for name in settings.LEADERS]
    for leader in app.leaders:
        leader.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop_leader(**_: Any) -> None:
    for leader in getattr(app, "leaders", ()):
        leader.stop()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _await_leader(**_: Any) -> None:
    end = time.monotonic() + LEADER_SECONDS
    for leader in getattr(app, "leaders", ()):
        leader.join(max(0.0, end - time.monotonic()))
