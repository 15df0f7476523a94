"""Add an address, change its secret, let it go on, take it away. People only: a key must not open a way out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from imprimatur.audit.models import AuditEvent
from imprimatur.audit.services import record
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotFound
from imprimatur.tenants.permissions import Permission
from imprimatur.webhooks.addresses import Refused, target_of
from imprimatur.webhooks.models import Endpoint

MOST: Final = 10  # of one company
FORMER_SIGNS: Final = timedelta(hours=24)
_KIND: Final = re.compile(r"[a-z_]+\.(\*|[a-z_]+)")
_LONGEST: Final = 500


def add(actor: Actor, url: str, events: Sequence[str] = ()) -> Endpoint:
    """Tell this address what happens from now on. Raises InvalidInput, Conflict for one that is there, or too many."""
    person = _manager(actor)
    _check(url, events)
    if Endpoint.objects.filter(url=url).exists():
        raise Conflict(_("Events go to this address already."), code="endpoint_exists")
    if Endpoint.objects.count() >= MOST:
        raise Conflict(_("Events go to ten addresses already: take one away first."), code="too_many_endpoints")
    newest = AuditEvent.objects.filter(tenant_id=actor.tenant_id).order_by("-seq").values_list("seq", flat=True).first()
    row = Endpoint.objects.create(
        tenant_id=actor.tenant_id,
        url=url,
        events=sorted(set(events)),
        created_by=person,
        cursor=newest or 0,
        next_at=timezone.now(),
    )
    _record(actor, row, "webhook.added", host=target_of(url).host, events=row.events)
    return row


def rotate(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """A new secret; the former one signs too for a day, so that no delivery fails while the receiver changes over."""
    _manager(actor)
    row = _locked(endpoint)
    row.secret_version += 1
    row.former_until = timezone.now() + FORMER_SIGNS
    row.save(update_fields=["secret_version", "former_until"])
    _record(actor, row, "webhook.secret_changed", version=row.secret_version)
    return row


def resume(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Try again now, from where it stopped: what happened meanwhile is told, in order."""
    _manager(actor)
    row = _locked(endpoint)
    row.failures, row.trouble, row.disabled_at, row.next_at = 0, "", None, timezone.now()
    row.save(update_fields=["failures", "trouble", "disabled_at", "next_at"])
    _record(actor, row, "webhook.resumed", next=row.cursor + 1)
    return row


def remove(actor: Actor, endpoint: Endpoint) -> None:
    """Tell it nothing more."""
    _manager(actor)
    row = _locked(endpoint)
    public_id, told = row.public_id, row.cursor
    row.delete()
    record(actor.tenant_id, actor.label, "webhook.removed", public_id, {"told": told})


def _manager(actor: Actor) -> Any:
    actor.require(Permission.MANAGE_TENANT)
    return actor.require_person()


def _locked(endpoint: Endpoint) -> Endpoint:
    row = Endpoint.objects.select_for_update(of=("self",)).filter(pk=endpoint.pk).first()
    if row is None:
        raise NotFound
    return row


def _check(url: str, events: Sequence[str]) -> None:
    errors: list[dict[str, Any]] = []
    try:
        target_of(url)
    except Refused as refused:
        errors.append({"field": "url", "message": str(refused)})
    if len(url) > _LONGEST:
        errors.append({"field": "url", "message": _("Keep the address under 500 characters.")})
    if len(events) > 50 or not all(_KIND.fullmatch(kind) and len(kind) <= 80 for kind in events):
        errors.append({"field": "events", "message": _("Name kinds of events: release.published, or output.*")})
    if errors:
        raise InvalidInput(errors=errors)


def _record(actor: Actor, row: Endpoint, event: str, **facts: Any) -> None:
    record(actor.tenant_id, actor.label, event, row.public_id, facts)
