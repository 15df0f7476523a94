"""Narrow a record: leave ticked what is still allowed, see what that reaches, then do it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from imprimatur.dashboard.forms.signing import NarrowForm
from imprimatur.library import selectors as library
from imprimatur.rights import selectors, services
from imprimatur.rights.models import RightRecord
from imprimatur.rights.services import IN_FORCE
from imprimatur.rights.versions import Terms, terms_in
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.withdrawal.impact import impact


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.MANAGE_RIGHTS)
def right_narrow(request: TenantRequest, right: str) -> HttpResponse:
    """The form; what it would reach; done."""
    record = selectors.get_record(right)
    form = narrow_form(record, request.POST or None)
    in_force = record.status in IN_FORCE
    context: dict[str, Any] = {"section": "rights", "record": record, "form": form, "in_force": in_force}
    if request.method == "POST" and form.is_valid():
        smaller = form.narrowed()
        if request.POST.get("do") != "narrow":
            context["impact"] = impact(request.actor, record, as_if=_current(record, smaller))
        elif _narrowed(request, record, smaller):
            messages.success(request, _("Changed. From now on only what you left is allowed."))
            return redirect("right", right)
    return render(request, "rights/narrow.html", context)


def narrow_form(record: RightRecord, data: Any = None) -> NarrowForm:
    """What is allowed now, ticked."""
    known = library.references().filter(pixel_sha256__in=record.reference_digests)
    pictures = {reference.pixel_sha256: str(reference.subject) for reference in known}
    return NarrowForm(data, terms=terms_in(record), pictures=pictures)


def _current(record: RightRecord, terms: Any) -> Terms:
    """The terms as the gate would read them: with the status the record has now."""
    found: Terms = replace(terms, status=selectors.terms_of(record).status)
    return found


def _narrowed(request: TenantRequest, record: RightRecord, smaller: Any) -> bool:
    try:
        services.narrow(request.actor, record, smaller, request.POST.get("reason", ""))
    except DomainError as error:
        messages.error(request, str(error))
        return False
    return True
