"""The id of a request: quoted on error pages, sent back in a header, shown in every log line."""

from __future__ import annotations

import logging
import re
import uuid
from contextvars import ContextVar
from typing import Final

from django.http import HttpRequest

request_id: ContextVar[str] = ContextVar("request_id", default="-")
_ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


def choose_request_id(offered: str) -> str:
    """A sane id that the proxy sent, else a new one."""
    return offered if _ACCEPTABLE.fullmatch(offered) else uuid.uuid4().hex


def request_id_of(request: HttpRequest) -> str:
    """The id that the answer carries and the log lines show."""
    return str(getattr(request, "request_id", "-"))


class RequestIdFilter(logging.Filter):
    """Adds `request_id` to every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drops a record."""
        record.request_id = request_id.get()
        return True
