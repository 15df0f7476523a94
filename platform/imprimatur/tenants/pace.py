"""How often may one address use links that need no account, and one company have invitations mailed?

The rates are the settings `links` and `invitations`.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from imprimatur.tenants.errors import DomainError


class Pace(SimpleRateThrottle):
    """One counter for each of whoever is counted, at the rate of that name."""

    def __init__(self, scope: str, counted: str) -> None:
        self.scope, self.counted = scope, counted
        super().__init__()

    def get_cache_key(self, request: Any, view: Any) -> str:  # noqa: ARG002 - DRF's signature
        """Where the counter is kept."""
        return self.cache_format % {"scope": self.scope, "ident": self.counted}


def require_pace(request: HttpRequest) -> None:
    """A refusal with status 429 when the address has opened links too often."""
    _require("links", BaseThrottle().get_ident(request))  # type: ignore[arg-type]  # it reads META only


def require_company_pace(tenant_id: uuid.UUID) -> None:
    """A refusal with status 429 when the company had too many invitations mailed."""
    _require("invitations", tenant_id.hex)


def _require(scope: str, counted: str) -> None:
    pace = Pace(scope, counted)
    if not pace.allow_request(None, None):  # type: ignore[arg-type]  # who is counted is known already
        seconds = int(pace.wait() or 1) + 1
        sentence = _("Too many tries. Wait %(seconds)d seconds, then try again.") % {"seconds": seconds}
        raise DomainError("too_many_requests", sentence, 429, retry_after=seconds)
