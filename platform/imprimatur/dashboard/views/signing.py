"""Consent by link: a person without an account reads an agreement in plain words, and signs it or asks for changes."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods

from governance.plain import summary
from imprimatur.dashboard.forms.signing import ChangesForm, SignForm
from imprimatur.dashboard.linked import LinkRequest, link_page
from imprimatur.dashboard.views.media import picture_file
from imprimatur.library import selectors as library
from imprimatur.rights import selectors, signing
from imprimatur.rights.models import LinkPurpose
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.selectors import tenant

THUMBNAIL_SIDE = 480


@require_http_methods(["GET", "POST"])
@link_page(LinkPurpose.SIGN)
def sign(request: LinkRequest, token: str) -> HttpResponse:
    """Read, then sign or ask for changes."""
    answer = request.POST.get("answer")
    signs, wants_changes = answer == signing.SIGNED, answer == signing.CHANGES
    sign_form = SignForm(request.POST if signs else None)
    changes_form = ChangesForm(request.POST if wants_changes else None)
    if (signs or wants_changes) and _answered(request, changes_form if wants_changes else sign_form):
        return render(request, "signing/thanks.html", {"signed": not wants_changes, "record": request.record})
    company, language = tenant().name, get_language() or "en"
    context = {
        "token": token,
        "company": company,
        "record": request.record,
        "link": request.link,
        "sentences": summary(selectors.terms_of(request.record), company, language),
        "references": library.references().filter(pixel_sha256__in=request.record.reference_digests),
        "form": sign_form,
        "changes_form": changes_form,
    }
    return render(request, "signing/sign.html", context)


@require_GET
@link_page(LinkPurpose.SIGN, paced=False)
def sign_reference(request: LinkRequest, token: str, ref: str) -> HttpResponse:  # noqa: ARG001 - of the address
    """One of the pictures that the agreement is about, small and signed."""
    reference = library.get_reference(ref)
    if reference.pixel_sha256 not in request.record.reference_digests:
        raise NotFound
    return picture_file(*library.thumbnail(reference, THUMBNAIL_SIDE))


def _answered(request: LinkRequest, form: SignForm | ChangesForm) -> bool:
    if not form.is_valid():
        return False
    try:
        if isinstance(form, SignForm):
            signing.sign(request.link, form.cleaned_data["name"], request.now)
        else:
            signing.ask_for_changes(request.link, form.cleaned_data["note"], request.now)
    except DomainError as error:
        if error.status == 410:
            raise
        form.explain(error)
        return False
    return True
