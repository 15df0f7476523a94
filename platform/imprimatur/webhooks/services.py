"""Add an address, choose its events, pause it and let it go on, try it, take it away.

People only: a key must not open a way out.
"""

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
from imprimatur.webhooks.log import make_room
from imprimatur.webhooks.messages import TEST
from imprimatur.webhooks.models import Delivery, Endpoint, Stopped

MOST: Final = 10  # of one company
FORMER_SIGNS: Final = timedelta(hours=24)
_KIND: Final = re.compile(r"[a-z_]+(\.[a-z_]+)*\.(\*|[a-z_]+)")
_LONGEST: Final = 500
_MOST_KINDS: Final = 100


def add(actor: Actor, url: str, events: Sequence[str] = ()) -> Endpoint:
    """Tell this address what happens from now on. Raises InvalidInput, Conflict for one that is there, or too many."""
    person = _manager(actor)
    _check(url=_fit(url), events=_fit_kinds(events))
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


def change_events(actor: Actor, endpoint: Endpoint, events: Sequence[str]) -> Endpoint:
    """Tell other kinds from now on; none is all of them. What was passed over stays so. InvalidInput."""
    _manager(actor)
    _check(events=_fit_kinds(events))
    row = _locked(endpoint)
    row.events = sorted(set(events))
    row.save(update_fields=["events"])
    _record(actor, row, "webhook.changed", events=row.events)
    return row


def pause(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Tell nothing until it is resumed; nothing is lost meanwhile. One that has stopped by itself stays so."""
    _manager(actor)
    row = _locked(endpoint)
    if row.disabled_at is None:
        row.disabled_at, row.disabled_because = timezone.now(), Stopped.PAUSED
        row.save(update_fields=["disabled_at", "disabled_because"])
        _record(actor, row, "webhook.paused", next=row.cursor + 1)
    return row


def test(actor: Actor, endpoint: Endpoint) -> Delivery:
    """Send a signed test within seconds, once. Conflict while something asked for is still on its way."""
    return _asked_for(actor, endpoint, "webhook.tested", seq=None, event=TEST)


def send_again(actor: Actor, delivery: Delivery) -> Delivery:
    """Send the event of this delivery once more under the same id, out of turn. Conflict as for `test`."""
    return _asked_for(actor, delivery.endpoint, "webhook.sent_again", seq=delivery.seq, event=delivery.event)


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
    row.failures, row.trouble, row.next_at = 0, "", timezone.now()
    row.disabled_at, row.disabled_because = None, ""
    row.save(update_fields=["failures", "trouble", "next_at", "disabled_at", "disabled_because"])
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


def _asked_for(actor: Actor, endpoint: Endpoint, what: str, *, seq: int | None, event: str) -> Delivery:
    _manager(actor)
    row = _locked(endpoint)
    if row.deliveries.filter(by_hand=True, attempts=0).exists():
        raise Conflict(_("Something is on its way there already. Wait for its answer."), code="delivery_waits")
    made = Delivery.objects.create(tenant_id=row.tenant_id, endpoint=row, seq=seq, event=event, by_hand=True)
    make_room(row)
    _record(actor, row, what, delivery=made.public_id, told=seq)
    return made


def _check(**found: str) -> None:
    errors = [{"field": field, "message": sentence} for field, sentence in found.items() if sentence]
    if errors:
        raise InvalidInput(errors=errors)


def _fit(url: str) -> str:
    """What is wrong with it; '' for nothing."""
    try:
        target_of(url)
    except Refused as refused:
        return str(refused)
    return "" if len(url) <= _LONGEST else str(_("Keep the address under 500 characters."))


def _fit_kinds(events: Sequence[str]) -> str:
    are_kinds = all(_KIND.fullmatch(kind) and len(kind) <= 80 for kind in events)
    fit = are_kinds and len(events) <= _MOST_KINDS
    return "" if fit else str(_("Name kinds of events: release.published, or output.*"))


def _record(actor: Actor, row: Endpoint, event: str, **facts: Any) -> None:
    record(actor.tenant_id, actor.label, event, row.public_id, facts)
