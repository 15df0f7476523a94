"""Is the process alive (`/healthz`); can it serve (`/readyz`)?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from imprimatur.tenants.roles import require_safe_role

log = logging.getLogger(__name__)


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """200 as long as the process answers."""
    return JsonResponse({"alive": True})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """200 when the database (in a safe role) and the file store answer, else 503 naming what does not."""
    checks = {name: _passes(name, check) for name, check in _CHECKS.items()}
    ready = all(checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


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
