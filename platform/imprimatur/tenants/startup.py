"""What must hold before this process serves anybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection

from imprimatur.tenants.roles import require_safe_role


class UnsafeStart(RuntimeError):
    """The server is not configured to be safe; the message says what to set."""


def refuse_unsafe_start() -> None:
    """Raise UnsafeStart or UnsafeDatabaseRole; used by the web server and by the control worker."""
    if not settings.SECRET_KEY_CONFIGURED:
        raise UnsafeStart("Set IMPRIMATUR_SECRET_KEY (50 random characters), or start by ./run, which makes one.")
    with ThreadPoolExecutor(1) as thread:  # uvicorn imports us inside its loop, where queries are refused
        thread.submit(_check_role).result()


def _check_role() -> None:
    try:
        require_safe_role()
    finally:
        connection.close()
