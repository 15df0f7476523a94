"""Pictures that are held: something was noticed about them, and a rights manager looks before anybody reviews them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from imprimatur.generations import screening
from imprimatur.generations.models import Screening
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import find


@dataclass(frozen=True)
class Held:
    """A held picture and what was noticed about it."""

    row: Screening
    sentences: list[str]


@require_GET
@tenant_page(Permission.MANAGE_RIGHTS)
def held_list(request: TenantRequest) -> HttpResponse:
    """Oldest first."""
    rows = [Held(row, screening.sentences(row)) for row in screening.held()]
    return render(request, "rights/held.html", {"section": "rights", "rows": rows})


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def held_decide(request: TenantRequest, held: str, act: str) -> HttpResponse:
    """Let it go on to review, or keep it from everybody."""
    note = request.POST.get("note", "")
    try:
        if act == "clear":
            screening.clear(request.actor, find(Screening, held), note)
            messages.success(request, _("Cleared. It goes on to review."))
        else:
            screening.quarantine(request.actor, find(Screening, held), note)
            messages.success(request, _("Quarantined. Nobody sees it any more."))
    except DomainError as error:
        found = getattr(error, "errors", [])
        messages.error(request, str(found[0]["message"]) if found else str(error))
    return redirect("held")
