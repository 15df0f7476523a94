"""Create: one page from subject to button, with the rights light beside it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from imprimatur.dashboard.forms.create import CreateForm, Draft, read_draft
from imprimatur.dashboard.model_facts import studio_facts
from imprimatur.dashboard.weighing import weigh
from imprimatur.generations import services
from imprimatur.generations.models import Generation
from imprimatur.library import selectors as library
from imprimatur.library import sketches
from imprimatur.prompts import selectors as prompts
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, InvalidInput
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.VIEW)
def create(request: TenantRequest) -> HttpResponse:
    """The form; posting it queues the pictures and leads to the first one's job."""
    data = request.POST if request.method == "POST" else request.GET
    draft = read_draft(data)
    form = CreateForm(request.POST or None, initial=_asked_for(request))
    if request.method == "POST" and form.is_valid():
        rows = _submit(request.actor, draft, form)
        if rows:
            return redirect("job", rows[0].public_id)
    context: dict[str, Any] = {
        "section": "create",
        "references": library.references(),
        "versions": prompts.approved_versions(),
        "draft": draft,
        "variables": draft.options,
        "form": form,
        "check": weigh(request.actor, draft),
        "model": studio_facts(),
    }
    return render(request, "create/create.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def create_check(request: TenantRequest) -> HttpResponse:
    """What stands beside the form, for the form as it is now."""
    return render(request, "create/_check.html", {"check": weigh(request.actor, read_draft(request.GET))})


@require_GET
@tenant_page(Permission.VIEW)
def create_variables(request: TenantRequest) -> HttpResponse:
    """The choices of the template that was just picked, and the subjects that it shows."""
    draft = read_draft(request.GET)
    context = {"variables": draft.options, "draft": draft, "references": library.references()}
    return render(request, "create/_picked.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def create_refine(request: TenantRequest) -> HttpResponse:
    """Further pictures and places of the subjects as they are chosen now."""
    return render(request, "create/_refine.html", {"draft": read_draft(request.GET)})


@require_POST
@tenant_page(Permission.VIEW)
def create_sketch(request: TenantRequest) -> JsonResponse:
    """Keep the shape that was painted or uploaded, and tell how the form names it."""
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"message": _("Choose a picture first.")}, status=422)
    try:
        made = sketches.take_in(request.actor, file.read())
    except DomainError as error:
        return JsonResponse({"message": str(error)}, status=error.status)
    return JsonResponse({"id": made.public_id, "content": reverse("sketch_content", args=[made.public_id])})


def _asked_for(request: TenantRequest) -> dict[str, Any]:
    """What a link to this page already says, such as a use."""
    return {name: value for name, value in request.GET.items() if name in CreateForm.base_fields}


def _submit(actor: Actor, draft: Draft, form: CreateForm) -> list[Generation]:
    try:
        if not draft.is_cast or draft.version is None:
            raise InvalidInput
        first, *others = [one.member for one in draft.cast]
        return services.submit(
            actor,
            reference=first.reference,
            views=first.views,
            box=first.box,
            sketch=first.sketch,
            others=others,
            version=draft.version,
            variables=draft.variables,
            use=form.use,
            dials=form.dials,
            count=form.cleaned_data["count"],
            seed=form.cleaned_data["seed"],
        )
    except DomainError as error:
        form.explain(error)
        return []
