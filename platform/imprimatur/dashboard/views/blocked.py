"""What the company's prompts and pictures must not use, and the marks that a picture is compared with."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from imprimatur.dashboard.forms.base import PlainForm
from imprimatur.dashboard.forms.people import BlockForm, BlocklistFileForm, MarkForm
from imprimatur.library import marks
from imprimatur.library.models import MarkPicture
from imprimatur.rights import blocklist
from imprimatur.rights.models import BlockedEntry
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import find


@require_GET
@tenant_page(Permission.VIEW)
def blocked_list(request: TenantRequest) -> HttpResponse:
    """Everybody may read it: whoever writes words wants to know."""
    return _page(request)


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def blocked_add(request: TenantRequest) -> HttpResponse:
    """Block one more."""
    form = BlockForm(request.POST)
    if form.is_valid() and _done(form, lambda: blocklist.add(request.actor, **form.cleaned_data)):
        messages.success(request, _("Blocked from now on."))
        return redirect("blocked")
    return _page(request, block_form=form)


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def blocked_import(request: TenantRequest) -> HttpResponse:
    """Block a whole list."""
    form = BlocklistFileForm(request.POST, request.FILES)
    if form.is_valid():
        said: list[tuple[int, int]] = []
        data = form.cleaned_data["file"].read()
        if _done(form, lambda: said.append(blocklist.import_csv(request.actor, data))):
            words = {"added": said[0][0], "there": said[0][1]}
            messages.success(request, _("%(added)d added, %(there)d were there already.") % words)
            return redirect("blocked")
    return _page(request, file_form=form)


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def blocked_remove(request: TenantRequest, entry: str) -> HttpResponse:
    """Allow it again."""
    blocklist.remove(request.actor, find(BlockedEntry, entry))
    messages.success(request, _("Allowed again."))
    return redirect("blocked")


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def mark_add(request: TenantRequest) -> HttpResponse:
    """Register a mark by its picture; the picture is not kept."""
    form = MarkForm(request.POST, request.FILES)
    if form.is_valid():
        name, data = form.cleaned_data["name"], form.cleaned_data["picture"].read()
        if _done(form, lambda: marks.register(request.actor, name, data)):
            messages.success(request, _("Registered. New references are compared with it."))
            return redirect("blocked")
    return _page(request, mark_form=form)


@require_POST
@tenant_page(Permission.MANAGE_RIGHTS)
def mark_remove(request: TenantRequest, mark: str) -> HttpResponse:
    """Compare with it no more."""
    marks.forget(request.actor, find(MarkPicture, mark))
    messages.success(request, _("New references are not compared with it any more."))
    return redirect("blocked")


def _page(request: TenantRequest, **forms: PlainForm) -> HttpResponse:
    context: dict[str, Any] = {
        "section": "rights",
        "entries": blocklist.entries(),
        "marks": marks.registered(),
        "may_edit": request.actor.has(Permission.MANAGE_RIGHTS),
        "block_form": BlockForm(),
        "file_form": BlocklistFileForm(),
        "mark_form": MarkForm(),
    }
    return render(request, "rights/blocked.html", context | forms)


def _done(form: PlainForm, work: Any) -> bool:
    try:
        with transaction.atomic():
            work()
    except DomainError as error:
        form.explain(error)
        return False
    return True
