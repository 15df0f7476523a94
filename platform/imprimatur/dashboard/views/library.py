"""Library: approved pictures, letting them out, and what has gone out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.labels import Labels
from imprimatur.dashboard.forms.create import ReleaseForm
from imprimatur.dashboard.views.drawn import with_holds
from imprimatur.generations.models import Output
from imprimatur.releases import selectors, services
from imprimatur.releases.labelling import first_looks, labels_for
from imprimatur.releases.models import Release
from imprimatur.review import selectors as review
from imprimatur.review.models import Verdict
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.withdrawal import selectors as withdrawals

_WITH = ("generation__subject_reference__subject", "generation__template_version__template")
DRAFT_CHANNEL, FIRST_CHANNEL = "internal", "web"


@require_GET
@tenant_page(Permission.VIEW)
def library(request: TenantRequest) -> HttpResponse:
    """What may go out, and what went out."""
    approved = with_holds(review.approved(request.actor).select_related(*_WITH))
    awaiting = with_holds(review.awaiting_person(request.actor).select_related(*_WITH))
    releases = selectors.releases(request.actor).select_related("output__generation__template_version__template")
    context = {
        "section": "library",
        "approved": [*approved, *awaiting],
        "releases": releases,
        "quarantined_count": review.quarantined(request.actor).count(),
    }
    return render(request, "library/library.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.RELEASE)
def release_new(request: TenantRequest, out: str) -> HttpResponse:
    """Say where it will appear, and let it out."""
    output = review.get_output(request.actor, out)
    form = ReleaseForm(request.POST or None, initial=_first_use(output) | _first_looks(output))
    if request.method == "POST" and form.is_valid():
        released = _release(request.actor, output, form)
        if released is not None:
            messages.success(request, _("Released. Download it here; anyone can check it."))
            return redirect("release", released.public_id)
    context = {"section": "library", "output": output, "form": form, "labels": _labels(output, form)}
    return render(request, "library/release_new.html", context)


@require_GET
@tenant_page(Permission.RELEASE)
def release_labels(request: TenantRequest, out: str) -> HttpResponse:
    """Which labels the picture would carry, for the form as it is now."""
    output = review.get_output(request.actor, out)
    return render(request, "library/_labels.html", {"labels": _labels(output, ReleaseForm(request.GET))})


@require_GET
@tenant_page(Permission.VIEW)
def release_detail(request: TenantRequest, rel: str) -> HttpResponse:
    """A released picture: file, proof, withdrawal."""
    release = selectors.get_release(request.actor, rel)
    approvals = review.decisions(release.output).filter(undone_at__isnull=True, verdict=Verdict.APPROVE)
    context: dict[str, Any] = {
        "section": "library",
        "release": release,
        "why_withdrawn": selectors.why_withdrawn(request.actor, release),
        "approvers": [str(decision.reviewer) for decision in approvals],
        "serve_refusal": "" if release.withdrawn_at else _why_not_served(release),
        "verify_address": request.build_absolute_uri(reverse("verify")),
        "recipients": withdrawals.recipients([release]),
        "names_people": withdrawals.may_name_people(request.actor),
        "confirm_word": _("withdraw"),
    }
    return render(request, "library/release.html", context)


@require_POST
@tenant_page(Permission.VIEW)
def release_withdraw(request: TenantRequest, rel: str) -> HttpResponse:
    """Serve it to nobody any more."""
    try:
        services.withdraw(request.actor, selectors.get_release(request.actor, rel), request.POST.get("reason", ""))
        messages.success(request, _("Withdrawn. Whoever checks a copy is told."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("release", rel)


def _release(actor: Actor, output: Output, form: ReleaseForm) -> Release | None:
    try:
        return services.release(actor, output, form.use, form.looks)
    except DomainError as error:
        for reason in getattr(error, "reasons", []) or [{"sentence": str(error)}]:
            form.add_error(None, reason["sentence"])
        return None


def _first_use(output: Output) -> dict[str, str]:
    """What it was asked for; a draft goes to the own website unless somebody says otherwise."""
    use = {name: slug for name, slug in output.generation.use.items() if slug}
    return use | ({"channel": FIRST_CHANNEL} if use.get("channel") == DRAFT_CHANNEL else {})


def _first_looks(output: Output) -> dict[str, bool]:
    looks = first_looks(output.generation)
    return {"photoreal": looks["photoreal"], "invented": looks["person"] == "invented"}


def _labels(output: Output, form: ReleaseForm) -> Labels | None:
    """None while the form says too little."""
    if not form.is_bound:
        form = ReleaseForm(form.initial)
    if not form.is_valid():
        return None
    return labels_for(output, form.use, form.looks, timezone.localdate())


def _why_not_served(release: Release) -> str:
    try:
        services.check_servable(release, timezone.now())
    except DomainError as error:
        return str(error)
    return ""
