"""Templates: wordings that somebody writes and somebody else approves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from imprimatur.dashboard import choices
from imprimatur.dashboard.forms.prompts import TemplateForm, VersionForm
from imprimatur.dashboard.model_facts import studio_facts
from imprimatur.dashboard.templatetags.pages import named
from imprimatur.prompts import selectors, services
from imprimatur.prompts.models import TemplateVersion, VersionStatus
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission

_DONE = {
    "submit": gettext_lazy("Submitted. A second person reads it now."),
    "approve": gettext_lazy("Approved. Pictures can be created from it."),
    "reject": gettext_lazy("Rejected. Its author can write a new version."),
    "retire": gettext_lazy("Retired. Pictures made from it stay what they are."),
}


@dataclass(frozen=True, kw_only=True)
class Act:
    """A button under a version; `refusal` says why it does nothing. asks_why: a reason may be written beside it."""

    name: str
    label: str | Promise
    icon: str
    css: str = "btn-quiet"
    refusal: str = ""
    asks_why: bool = False


@require_GET
@tenant_page(Permission.VIEW)
def template_list(request: TenantRequest) -> HttpResponse:
    """Every template with its newest version."""
    rows = [
        {"template": template, "name": named(template), "newest": template.versions.all()[0]}
        for template in selectors.templates()
    ]
    return render(request, "prompts/list.html", {"section": "templates", "rows": rows})


@require_GET
@tenant_page(Permission.VIEW)
def template_detail(request: TenantRequest, tpl: str) -> HttpResponse:
    """All versions of one template, and what may be done with each."""
    template = selectors.get_template(tpl)
    versions = list(selectors.versions(template))
    for version in versions:
        version.actions = _actions(request.actor, version)  # type: ignore[attr-defined]
    japanese = (get_language() or "en").startswith("ja")
    context = {
        "section": "templates",
        "template": template,
        "name": named(template),
        "other_name": template.name_en if japanese else template.name_ja,
        "other_language": "en" if japanese else "ja",
        "versions": versions,
    }
    return render(request, "prompts/detail.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.EDIT_TEMPLATE)
def template_new(request: TenantRequest) -> HttpResponse:
    """Write a new template."""
    form = TemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            version = services.create_template(request.actor, **said)
            return redirect("template", version.template.public_id)
        except DomainError as error:
            form.explain(error)
    return _editor(request, form, _("New template"), reverse("templates"))


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.EDIT_TEMPLATE)
def version_new(request: TenantRequest, tpl: str) -> HttpResponse:
    """Write the next version, starting from the newest."""
    template = selectors.get_template(tpl)
    newest = selectors.versions(template).first()
    initial = {"text": newest.text, "variables": json.dumps(newest.variables)} if newest else {}
    form = VersionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.new_version(request.actor, template, **form.cleaned_data)
            return redirect("template", tpl)
        except DomainError as error:
            form.explain(error)
    return _editor(
        request, form, _("New version of “%(name)s”") % {"name": named(template)}, reverse("template", args=[tpl])
    )


@require_POST
@tenant_page(Permission.VIEW)
def version_act(request: TenantRequest, tpl: str, number: int, act: str) -> HttpResponse:
    """Submit, approve, reject or retire a version."""
    doing: dict[str, Callable[[Actor, TemplateVersion], TemplateVersion]] = {
        "submit": services.submit,
        "approve": services.approve,
        "reject": partial(services.reject, note=request.POST.get("note", "")),
        "retire": services.retire,
    }
    if act not in doing:
        raise NotFound
    version = selectors.get_numbered(selectors.get_template(tpl), number)
    try:
        doing[act](request.actor, version)
        messages.success(request, str(_DONE[act]))
    except DomainError as error:
        messages.error(request, _sentence(error))
    return redirect("template", tpl)


def _editor(request: TenantRequest, form: VersionForm, heading: str, back: str) -> HttpResponse:
    context: dict[str, Any] = {"section": "templates", "form": form, "heading": heading, "back": back}
    return render(request, "prompts/edit.html", context | {"model": studio_facts(), "contexts": choices.contexts()})


def _actions(actor: Actor, version: TemplateVersion) -> list[Act]:
    if version.status == VersionStatus.DRAFT:
        why = _refusal(actor, Permission.EDIT_TEMPLATE)
        return [Act(name="submit", label=_("Submit for approval"), icon="arrow-right", css="btn-primary", refusal=why)]
    if version.status == VersionStatus.SUBMITTED:
        why = str(selectors.refusal_to_decide(actor, version))
        return [
            Act(name="approve", label=_("Approve"), icon="check", css="btn-primary", refusal=why),
            Act(name="reject", label=_("Reject"), icon="x", refusal=why, asks_why=True),
        ]
    if version.status == VersionStatus.APPROVED and actor.has(Permission.APPROVE_TEMPLATE):
        return [Act(name="retire", label=_("Retire"), icon="ban")]
    return []


def _refusal(actor: Actor, permission: Permission) -> str:
    try:
        actor.require(permission)
    except DomainError as error:
        return str(error)
    return ""


def _sentence(error: DomainError) -> str:
    found = getattr(error, "errors", [])
    return str(found[0]["message"]) if found else str(error)
