"""How both sides reach the broker. The control side imports this too, so that they cannot disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from kombu.transport import TRANSPORT_ALIASES

GPU_CONTROL_EXCHANGE: Final = "imprimatur.gpu"
POLLING_SECONDS: Final = 0.1
REDELIVERY_SECONDS: Final = 900  # Redis sends again what was not acknowledged by then; permits end at that time, too

# `filesystem://` means our own folder of whole files, see `gpu_worker.folder`.
TRANSPORT_ALIASES["filesystem"] = "gpu_worker.folder:Transport"


def broker_settings(url: str, folder: Path) -> dict[str, Any]:
    """Celery's settings for a broker at `url`; `folder` is for `filesystem://` only, and made (0700) when spoken to.

    JSON only: a message can never run code. Late acknowledgement keeps a process from taking more orders than it has
    threads; what a killed process held is recovered by the row's lease, whatever the broker does.
    """
    return {
        "broker_url": "filesystem://localhost" if url == "filesystem://" else url,
        "broker_transport_options": _options(url, folder),
        "broker_connection_timeout": 2,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_serializer": "json",
        "result_serializer": "json",
        "event_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
    }


def _options(url: str, folder: Path) -> dict[str, Any]:
    if url.startswith(("redis:", "rediss:")):
        return {"visibility_timeout": REDELIVERY_SECONDS, "socket_connect_timeout": 2, "socket_timeout": 30}
    if not url.startswith("filesystem:"):
        return {}
    messages = str(folder / "messages")
    return {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(folder / "control"),
        "polling_interval": POLLING_SECONDS,
    }
