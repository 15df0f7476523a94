"""How often may one address ask the public desk? Page and API count together; the rate is the setting `verify`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from imprimatur.tenants.errors import DomainError


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
