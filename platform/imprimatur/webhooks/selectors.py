"""Where events go, how that stands, and what became of the newest ones."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Q, QuerySet

from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.selectors import find
from imprimatur.webhooks.models import Delivery, Endpoint, Stopped

MOST_COUNTED: Final = 1000


def endpoints() -> QuerySet[Endpoint]:
    """All of them, newest first."""
    return Endpoint.objects.select_related("created_by")


def stopped_by_themselves() -> QuerySet[Endpoint]:
    """Those that somebody has to look at."""
    return Endpoint.objects.filter(disabled_at__isnull=False).exclude(disabled_because=Stopped.PAUSED)


def waiting(endpoint: Endpoint) -> int:
    """How many events it is still to be told; counted up to MOST_COUNTED."""
    rows = AuditEvent.objects.filter(tenant_id=endpoint.tenant_id, seq__gt=endpoint.cursor)
    return rows.filter(_wanted(endpoint.events))[:MOST_COUNTED].count()


def deliveries(endpoint: Endpoint) -> QuerySet[Delivery]:
    """The newest ones, as far as they are kept."""
    return (
        Delivery.objects.filter(endpoint=endpoint)
        .select_related("endpoint")
        .order_by(F("tried_at").desc(nulls_first=True), "-created_at")
    )


def delivery(endpoint: Endpoint, public_id: str) -> Delivery:
    """`dlv_...` of this endpoint; NotFound."""
    found = find(Delivery, public_id)
    if found.endpoint_id != endpoint.pk:
        raise NotFound
    return found


def last_answered(endpoint: Endpoint) -> Delivery | None:
    """The delivery that was tried last."""
    return Delivery.objects.filter(endpoint=endpoint, tried_at__isnull=False).order_by("-tried_at").first()


def _wanted(kinds: list[str]) -> Q:
    """As `deliveries.wants` says it, for the database."""
    asked = Q() if kinds else Q(pk__isnull=False)
    for kind in kinds:
        asked |= Q(event__startswith=kind[:-1]) if kind.endswith("*") else Q(event=kind)
    return asked
