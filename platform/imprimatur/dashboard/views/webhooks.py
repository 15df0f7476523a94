"""Where events go: owners add addresses, see how they stand, and go on after trouble."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from imprimatur.dashboard.forms.webhooks import EventsForm, WebhookForm
from imprimatur.dashboard.views.paging import page_of
from imprimatur.dashboard.views.withdrawals import STOPPED_POLLING
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import find
from imprimatur.webhooks import secrets, selectors, services
from imprimatur.webhooks.models import Delivery, Endpoint
from imprimatur.webhooks.states import Progress, Standing, progress, standing

_SIMPLE: Final[dict[str, tuple[Callable[..., object], Promise]]] = {
    "pause": (services.pause, gettext_lazy("Paused. What happens meanwhile is kept and sent once you resume.")),
    "resume": (services.resume, gettext_lazy("It goes on from the event that was not taken.")),
    "test": (services.test, gettext_lazy("A test is on its way.")),
}


@dataclass(frozen=True)
class Shown:
    """An address and how it stands. last: the delivery that was tried last."""

    endpoint: Endpoint
    standing: Standing
    waiting: int
    last: Delivery | None


@dataclass(frozen=True)
class Line:
    """A delivery and what becomes of it."""

    delivery: Delivery
    progress: Progress
    next_at: datetime | None


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MANAGE_TENANT)
def endpoint_list(request: TenantRequest) -> HttpResponse:
    """Every address; a new one's secret is in this one answer and nowhere else."""
    form, made = WebhookForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            made = services.add(request.actor, form.cleaned_data["url"], form.events())
            form = WebhookForm()
        except DomainError as error:
            form.explain(error)
    context = {
        "section": "settings",
        "rows": [_shown(row) for row in selectors.endpoints()],
        "form": form,
        "made": made,
        "secret": secrets.shown(made) if made else "",
        "most": services.MOST,
    }
    return render(request, "settings/webhooks.html", context)


@require_GET
@tenant_page(Permission.MANAGE_TENANT)
def endpoint_detail(request: TenantRequest, webhook: str) -> HttpResponse:
    """One address: how it stands, which events, what became of the newest ones."""
    return _detail(request, find(Endpoint, webhook))


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def endpoint_events(request: TenantRequest, webhook: str) -> HttpResponse:
    """Choose other events."""
    row = find(Endpoint, webhook)
    form = EventsForm(request.POST, present=row.events)
    if form.is_valid():
        try:
            services.change_events(request.actor, row, form.events())
            messages.success(request, _("Kept. From the next event on it is told what you chose."))
            return redirect("webhook", webhook)
        except DomainError as error:
            form.explain(error)
    return _detail(request, row, form=form)


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def endpoint_act(request: TenantRequest, webhook: str, act: str) -> HttpResponse:
    """Pause, resume, test; a new secret is shown in this answer; or remove it."""
    row = find(Endpoint, webhook)
    if act == "rotate":
        return _detail(request, row, secret=secrets.shown(services.rotate(request.actor, row)))
    if act == "remove":
        services.remove(request.actor, row)
        messages.success(request, _("Removed. Nothing more is sent there."))
        return redirect("webhooks")
    if act not in _SIMPLE:
        raise NotFound
    service, done = _SIMPLE[act]
    return _answered(request, webhook, done, lambda: service(request.actor, row))


@require_GET
@tenant_page(Permission.MANAGE_TENANT)
def delivery_list(request: TenantRequest, webhook: str) -> HttpResponse:
    """The part that changes; stops the polling when nothing is on its way."""
    context = _deliveries(request, find(Endpoint, webhook))
    return render(
        request, "settings/_deliveries.html", context, status=200 if context["is_moving"] else STOPPED_POLLING
    )


@require_POST
@tenant_page(Permission.MANAGE_TENANT)
def delivery_again(request: TenantRequest, webhook: str, delivery: str) -> HttpResponse:
    """Send its event once more."""
    found = selectors.delivery(find(Endpoint, webhook), delivery)
    done = _("It is on its way once more, under the same id.")
    return _answered(request, webhook, done, lambda: services.send_again(request.actor, found))


def _answered(request: TenantRequest, webhook: str, done: str | Promise, work: Callable[[], object]) -> HttpResponse:
    try:
        work()
        messages.success(request, str(done))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("webhook", webhook)


def _detail(request: TenantRequest, row: Endpoint, **more: Any) -> HttpResponse:
    context = {
        "section": "settings",
        "shown": _shown(find(Endpoint, row.public_id)),
        "form": EventsForm(present=row.events),
        **_deliveries(request, row),
    }
    return render(request, "settings/webhook.html", context | more)


def _deliveries(request: TenantRequest, row: Endpoint) -> dict[str, Any]:
    now = timezone.now()
    page = page_of(request, selectors.deliveries(row))
    lines = [_line(delivery, now) for delivery in page.object_list]
    moving = any(line.progress == Progress.SENDING for line in lines)
    return {"endpoint": row, "page": page, "lines": lines, "is_moving": moving}


def _shown(row: Endpoint) -> Shown:
    return Shown(row, standing(row), selectors.waiting(row), selectors.last_answered(row))


def _line(delivery: Delivery, now: datetime) -> Line:
    found = progress(delivery, now)
    return Line(delivery, found, delivery.endpoint.next_at if found == Progress.AGAIN else None)
