"""The control side's Celery tasks: each hands one message to `services`, which may hear it twice."""

from __future__ import annotations

from typing import Any

from gpu_worker.messages import HELLO_TASK, PROGRESS_TASK, REPORT_TASK, RenderProgress, RenderReport, WorkerHello
from imprimatur.celery import app
from imprimatur.generations import services


@app.task(name=PROGRESS_TASK)  # type: ignore[untyped-decorator]
def progress(message: dict[str, Any]) -> bool:
    """A worker's sign of life."""
    return services.record_progress(RenderProgress.from_json(message))


@app.task(name=REPORT_TASK)  # type: ignore[untyped-decorator]
def report(message: dict[str, Any]) -> bool:
    """How an attempt ended."""
    return services.record_report(RenderReport.from_json(message))


@app.task(name=HELLO_TASK)  # type: ignore[untyped-decorator]
def hello(message: dict[str, Any]) -> None:
    """A worker's profiles and slots."""
    services.record_hello(WorkerHello.from_json(message))
