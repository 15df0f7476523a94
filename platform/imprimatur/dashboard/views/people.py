"""What a rights manager does about the person behind a record: who they are, links for them, a renewal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from governance.scope import LAST_DAY
from imprimatur.dashboard.forms.people import ContactForm, RenewForm
from imprimatur.dashboard.forms.rights import start_of
from imprimatur.rights import selectors, services, signing
from imprimatur.rights.models import RightRecord
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def right_contact(request: TenantRequest, right: str) -> HttpResponse:
    """Keep who stands behind the record."""
    form = ContactForm(request.POST)
    if form.is_valid():
        services.set_contact(request.actor, selectors.get_record(right), Contact(**form.cleaned_data))
        messages.success(request, _("Kept, encrypted. Only rights managers see it."))
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return redirect("right", right)


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


def _sent(request: TenantRequest, right: str, service: Callable[[Actor, RightRecord, str], str]) -> HttpResponse:
    try:
        address = service(request.actor, selectors.get_record(right), signing.base_url(request))
        shown = _("Sent by mail. The link, shown this once: %(address)s") % {"address": address}
        messages.success(request, shown if address else _("Sent by mail."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("right", right)
