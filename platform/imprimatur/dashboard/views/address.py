"""The person behind a record and the address they are reached at: by their link they move, confirm and object."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from imprimatur.dashboard.forms.people import AddressForm
from imprimatur.dashboard.linked import LinkRequest, link_page
from imprimatur.dashboard.views.rights import first_sentence
from imprimatur.rights import contact_own
from imprimatur.rights.contact_mails import masked
from imprimatur.rights.models import ContactChange, LinkPurpose
from imprimatur.rights.sealing import contact_of
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import base_url
from imprimatur.tenants.selectors import tenant


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_address(request: LinkRequest, token: str) -> HttpResponse:
    """Give a new address: it gets a link, and counts once that is answered."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("portal", token)
    said = form.cleaned_data
    try:
        asked = contact_own.propose_own(request.link, said["email"], said["language"], base_url(request), request.now)
        shown = _("Open the link in the message to your new address. Here it is, shown this once: %(address)s")
        plain = _("Open the link in the message to your new address. Until then nothing changes.")
        messages.success(request, shown % {"address": asked.address} if asked.address else plain)
    except DomainError as error:
        messages.error(request, first_sentence(error))
    return redirect("portal", token)


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_address_stop(request: LinkRequest, token: str) -> HttpResponse:
    """Stop whatever change of their address waits."""
    try:
        contact_own.object_to(request.link, request.now)
        messages.success(request, _("Stopped. Your address stays as it was."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("portal", token)


@require_http_methods(["GET", "POST"])
@link_page(LinkPurpose.OBJECT)
def portal_address_object(request: LinkRequest, token: str) -> HttpResponse:
    """From the present address: this is not mine. Reading it decides nothing: mail programs open links, too."""
    change = contact_own.waiting_for(request.link, request.now)
    if request.method == "POST":
        contact_own.object_to(request.link, request.now)
        return _page(request, token, change, "objected")
    return _page(request, token, change, "object")


@require_http_methods(["GET", "POST"])
@link_page(LinkPurpose.CONFIRM)
def portal_address_confirm(request: LinkRequest, token: str) -> HttpResponse:
    """From the new address: yes, write to me here."""
    change = contact_own.waiting_for(request.link, request.now)
    if request.method == "POST":
        contact_own.confirm_own(request.link, request.now)
        return _page(request, token, change, "confirmed")
    return _page(request, token, change, "confirm")


def _page(request: LinkRequest, token: str, change: ContactChange, state: str) -> HttpResponse:
    """change: as it was before the answer."""
    proposed = contact_of(change.record, change.sealed_contact)
    context = {"token": token, "company": tenant().name, "new": masked(proposed.email), "state": state}
    return render(request, "portal/address.html", context | {"link": request.link})
