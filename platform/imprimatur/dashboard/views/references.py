"""References: the pictures everything is drawn from."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from generation.studio.vocabulary import KINDS
from imprimatur.dashboard.forms.library import SubjectForm, UploadForm
from imprimatur.dashboard.views.drawn import with_review_states
from imprimatur.dashboard.views.paging import page_of
from imprimatur.generations import selectors as generations
from imprimatur.library import selectors as library
from imprimatur.library import services
from imprimatur.library.models import ReferenceImage, Subject
from imprimatur.rights import selectors as rights
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission

DRAWN = 12


@require_GET
@tenant_page(Permission.VIEW)
def reference_list(request: TenantRequest) -> HttpResponse:
    """All of them, or one subject's."""
    chosen = request.GET.get("subject", "")
    rows = library.references(library.get_subject(chosen) if chosen else None)
    context = {
        "section": "references",
        "subjects": library.subjects().order_by("name"),
        "chosen": chosen,
        "page": page_of(request, rows),
    }
    return render(request, "references/list.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def reference_detail(request: TenantRequest, ref: str) -> HttpResponse:
    """One reference: the photo coach's findings, its rights, what was drawn from it."""
    reference = library.get_reference(ref)
    consents, licences = rights.covering([reference.pixel_sha256])
    drawn = generations.jobs().filter(drawn_from__reference=reference)[:DRAWN]
    context = {
        "section": "references",
        "reference": reference,
        "coach": [] if reference.quarantined_at else library.coach(reference),
        "records": [*consents, *licences],
        "drawn": with_review_states(request.actor, drawn),
    }
    return render(request, "references/detail.html", context)


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.UPLOAD_REFERENCE)
def reference_new(request: TenantRequest) -> HttpResponse:
    """Upload a picture; the photo coach answers on its own page."""
    subjects = list(library.subjects().order_by("-created_at"))
    initial = {"subject": request.GET.get("subject", ""), "shows_person": _is_person(request.GET.get("subject", ""))}
    form = UploadForm(request.POST or None, request.FILES or None, subjects=subjects, initial=initial)
    if request.method == "POST" and form.is_valid():
        taken = _take_in(request.actor, form)
        if taken is not None:
            messages.success(request, _("The picture is in. This is what the photo coach says."))
            return redirect("reference", taken.public_id)
    return render(request, "references/new.html", {"section": "references", "form": form})


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.UPLOAD_REFERENCE)
def subject_new(request: TenantRequest) -> HttpResponse:
    """A new product or person, then on to its picture."""
    form = SubjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = _add_subject(request.actor, form)
        if added is not None:
            return redirect(f"{reverse('reference_new')}?subject={added.public_id}")
    context = {"section": "references", "form": form, "brands": library.brands(), "words": KINDS}
    return render(request, "references/subject_new.html", context)


def _take_in(actor: Actor, form: UploadForm) -> ReferenceImage | None:
    said = form.cleaned_data
    try:
        return services.take_in(
            actor,
            library.get_subject(said["subject"]),
            said["file"].read(),
            source=said["source"],
            shows_person=said["shows_person"],
            declared_marks=said["declared_marks"],
            own_work=said["own_work"],
            face_explanation=said["face_explanation"],
        )
    except DomainError as error:
        form.explain(error)
        return None


def _add_subject(actor: Actor, form: SubjectForm) -> Subject | None:
    said = form.cleaned_data
    try:
        with transaction.atomic():
            brand = library.brands().filter(name=said["brand"]).first() or services.add_brand(actor, said["brand"])
            return services.add_subject(actor, brand, said["name"], said["kind"], said["word"])
    except DomainError as error:
        form.explain(error)
        return None


def _is_person(public_id: str) -> bool:
    try:
        return library.get_subject(public_id).kind == "person"
    except DomainError:
        return False
