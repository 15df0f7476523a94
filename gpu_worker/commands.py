"""What the control side broadcasts to every worker beside orders: to forget."""

from __future__ import annotations

import logging
from typing import Any

from celery.worker.control import control_command

from gpu_worker.messages import FORGET_COMMAND
from gpu_worker.tasks import workshop

logger = logging.getLogger(__name__)


@control_command(name=FORGET_COMMAND, args=[("tenant_id", str), ("digests", list)])  # type: ignore[untyped-decorator]
def forget_references(state: Any, tenant_id: str, digests: list[str]) -> dict[str, int]:  # noqa: ARG001 Celery's
    """Drop what was computed from these reference files of this tenant. Nothing drawn from now on comes from memory.

    A worker that was away when this was said has lost its memory with its process.
    """
    forgotten = workshop().engine.forget(tenant_id, digests)
    logger.info("told to forget %d references, %d were remembered", len(digests), forgotten)
    return {"forgotten": forgotten}
