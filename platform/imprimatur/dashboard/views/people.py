"""What a rights manager does about the person behind a record: who they are, links for them, a renewal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from governance.scope import LAST_DAY
from imprimatur.dashboard.forms.people import ContactForm, RenewForm
from imprimatur.dashboard.forms.rights import start_of
from imprimatur.dashboard.views.rights import first_sentence
from imprimatur.rights import selectors, services, signing
from imprimatur.rights.contact_changes import confirm, decline, get_change, propose, withdraw
from imprimatur.rights.models import RightRecord, RightStatus
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.http import TenantRequest, base_url, tenant_page
from imprimatur.tenants.permissions import Permission

_DECIDING: Final[dict[str, tuple[Callable[..., object], Promise]]] = {
    "confirm": (confirm, gettext_lazy("Confirmed. The person is written to there from now on.")),
    "decline": (decline, gettext_lazy("Declined. Everything stays as it was.")),
    "withdraw": (withdraw, gettext_lazy("Withdrawn. Everything stays as it was.")),
}


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def right_contact(request: TenantRequest, right: str) -> HttpResponse:
    """Keep who stands behind a draft; past it, propose another."""
    form = ContactForm(request.POST)
    record = selectors.get_record(right)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("right", right)
    contact = Contact(**form.cleaned_data)
    if record.status == RightStatus.DRAFT:
        services.set_contact(request.actor, record, contact)
        messages.success(request, _("Kept, encrypted. Only rights managers see it."))
        return redirect("right", right)
    done = _("Proposed. It counts once another rights manager confirms it.")
    return _answered(request, right, done, lambda: propose(request.actor, record, contact, base_url(request)))


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def right_contact_decide(request: TenantRequest, right: str, change: str, act: str) -> HttpResponse:
    """Confirm, decline or withdraw a proposed contact."""
    record = selectors.get_record(right)
    if act not in _DECIDING:
        raise NotFound
    service, done = _DECIDING[act]
    return _answered(request, right, done, lambda: service(request.actor, record, get_change(record, change)))


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def right_send(request: TenantRequest, right: str) -> HttpResponse:
    """Mail a link to read and sign."""
    return _sent(request, right, signing.send_to_sign)


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def right_portal(request: TenantRequest, right: str) -> HttpResponse:
    """Mail a link to what was made of them."""
    return _sent(request, right, signing.send_portal)


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def right_renew(request: TenantRequest, right: str) -> HttpResponse:
    """Draft the record that goes on where this one ends."""
    form = RenewForm(request.POST)
    try:
        if form.is_valid():
            last = start_of(min(form.cleaned_data["last_day"], LAST_DAY) + timedelta(days=1))
            following = services.renew(request.actor, selectors.get_record(right), last)
            messages.success(request, _("A draft that goes on from the former record. It needs a new signature."))
            return redirect("right", following.public_id)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("right", right)


def _answered(request: TenantRequest, right: str, done: str | Promise, work: Callable[[], object]) -> HttpResponse:
    try:
        work()
        messages.success(request, str(done))
    except DomainError as error:
        messages.error(request, first_sentence(error))
    return redirect("right", right)


def _sent(request: TenantRequest, right: str, service: Callable[[Actor, RightRecord, str], str]) -> HttpResponse:
    try:
        address = service(request.actor, selectors.get_record(right), base_url(request))
        shown = _("Sent by mail. The link, shown this once: %(address)s") % {"address": address}
        messages.success(request, shown if address else _("Sent by mail."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("right", right)
