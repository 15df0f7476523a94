"""The audit trail, and whether anybody touched it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from imprimatur.audit import selectors
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.services import verify_whole
from imprimatur.dashboard.views.paging import page_of
from imprimatur.tenants import selectors as tenants
from imprimatur.tenants.audit_exports import export
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission

PER_PAGE = 50
PAGES = {
    "gen": "job",
    "out": "review_output",
    "ref": "reference",
    "cns": "right",
    "tml": "right",
    "tpl": "template",
    "rel": "release",
}


@dataclass(frozen=True)
class Row:
    """One event with its actor's name and the page of what it is about."""

    event: AuditEvent
    who: str
    href: str


@require_GET
@tenant_page(Permission.VIEW_AUDIT)
def trail(request: TenantRequest) -> HttpResponse:
    """Newest first; of one thing when its id is given. The chain is computed anew from the last checkpoint on."""
    tenant_id = request.actor.tenant_id
    subject = request.GET.get("subject", "").strip()
    page = page_of(request, selectors.events(tenant_id, subject=subject), PER_PAGE)
    names = _names()
    context = {
        "section": "audit",
        "subject": subject,
        "page": page,
        "rows": [Row(event, _who(event.actor, names), _href(event.subject)) for event in page.object_list],
        "chain": selectors.verify_since_checkpoint(tenant_id),
        "checked": selectors.last_full_check(tenant_id),
    }
    return render(request, "audit/list.html", context)


@require_POST
@tenant_page(Permission.VIEW_AUDIT)
def trail_check(request: TenantRequest) -> HttpResponse:
    """Compute the whole chain anew, which takes longer the longer it is, and remember what was found."""
    found = verify_whole(request.actor.tenant_id, request.actor.label)
    if found.intact:
        messages.success(request, _("Every line was computed again: the chain is unbroken."))
    else:
        messages.error(request, found.problem)
    return redirect("audit")


@require_GET
@tenant_page(Permission.VIEW_AUDIT)
def trail_export(request: TenantRequest, kind: str) -> HttpResponse:
    """The whole trail as a download."""
    return cast(HttpResponse, export(request.actor, kind))


def _names() -> dict[str, str]:
    people = {f"user:{m.user_id}": str(m.user) for m in tenants.members()}
    return people | {f"key:{key.id}": _("Key “%(name)s”") % {"name": key.name} for key in tenants.api_keys()}


def _who(actor: str, names: dict[str, str]) -> str:
    if actor == "system":
        return _("The system")
    return names.get(actor) or _("A former member")


def _href(subject: str) -> str:
    prefix = subject.partition("_")[0]
    return reverse(PAGES[prefix], args=[subject]) if prefix in PAGES else ""
