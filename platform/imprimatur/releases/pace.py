"""How often may one address ask the public desk, and how many files are looked at in one moment?

Page and API count together; the rate is the setting `verify`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from imprimatur.tenants.errors import DomainError

AT_ONCE: Final = 2  # in each process; a file of 200 kB may unpack to a gigabyte
TURN_SECONDS: Final = 10.0
_looking = threading.BoundedSemaphore(AT_ONCE)


class TooFast(DomainError):
    """The address has asked too often: wait `retry_after` seconds."""

    def __init__(self, seconds: int) -> None:
        sentence = _("Too many files at once. Try again in %(seconds)d seconds.") % {"seconds": seconds}
        super().__init__("too_many_requests", sentence, 429, retry_after=seconds)


class VerifyThrottle(SimpleRateThrottle):
    """Counts by address, signed in or not."""

    scope = "verify"

    def get_cache_key(self, request: Request, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """One counter an address."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def require_pace(request: HttpRequest) -> None:
    """For pages: TooFast when the address has asked too often."""
    throttle = VerifyThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]  # it reads META only
        raise TooFast(int(throttle.wait() or 1) + 1)


@contextmanager
def in_turn(patience: float = TURN_SECONDS) -> Iterator[None]:
    """Wait for a turn to unpack a stranger's file; TooFast when none comes within `patience` seconds."""
    if not _looking.acquire(timeout=patience):
        raise TooFast(int(TURN_SECONDS))
    try:
        yield
    finally:
        _looking.release()
