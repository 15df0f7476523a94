"""Is the process alive (`/healthz`); can it serve (`/readyz`)?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from governance.errors import GovernanceError
from imprimatur import keys
from imprimatur.tenants.roles import require_safe_role

log = logging.getLogger(__name__)


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """200 as long as the process answers."""
    return JsonResponse({"alive": True})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """200 when the database (in a safe role) and the file store answer, else 503 naming what does not.

    `signing_certificates_due` counts those that end within 30 days: a warning, no reason to serve nobody.
    """
    checks = {name: _passes(name, check) for name, check in _CHECKS.items()}
    ready = all(checks.values())
    told = {"ready": ready, "checks": checks, "signing_certificates_due": _due()}
    return JsonResponse(told, status=200 if ready else 503)


def _due() -> int | None:
    """None where the keys cannot be read."""
    try:
        return keys.certificates_due()
    except (GovernanceError, OSError, ValueError):
        log.exception("the signing keys cannot be read")
        return None


def _passes(name: str, check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:
        log.exception("not ready: %s", name)
        return False
    return True


def _database() -> None:
    connection.ensure_connection()
    require_safe_role()


def _store() -> None:
    storages["objects"].exists("tenants/readiness")


_CHECKS: Final[dict[str, Callable[[], object]]] = {"database": _database, "store": _store}
