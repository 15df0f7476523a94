"""How often may one address use links that need no account? The rate is the setting `links`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from imprimatur.tenants.errors import DomainError


class LinkThrottle(SimpleRateThrottle):
    """Counts by address."""

    scope = "links"

    def get_cache_key(self, request: Request, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """One counter an address."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def require_pace(request: HttpRequest) -> None:
    """A refusal with status 429 when the address has asked too often."""
    throttle = LinkThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]  # it reads META only
        seconds = int(throttle.wait() or 1) + 1
        sentence = _("Too many tries. Wait %(seconds)d seconds, then try again.") % {"seconds": seconds}
        raise DomainError("too_many_requests", sentence, 429, retry_after=seconds)
