"""The subject portal: the person behind a record sees what was made under it, approves, narrows and revokes.

No account: a signed link that ends. What they take back counts at once; what it reaches is shown before they confirm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from governance.plain import summary
from imprimatur.dashboard.forms.people import AddressForm
from imprimatur.dashboard.linked import LinkRequest, link_page
from imprimatur.dashboard.views.media import picture_file
from imprimatur.dashboard.views.narrowing import narrow_form
from imprimatur.generations import approvals
from imprimatur.generations import selectors as generations
from imprimatur.generations.models import Output
from imprimatur.generations.quarantine import require_shown
from imprimatur.rights import selectors, services
from imprimatur.rights.contact_mails import masked
from imprimatur.rights.contact_states import open_change
from imprimatur.rights.models import ConsentRecord, LinkPurpose, RightRecord, RightStatus
from imprimatur.rights.sealing import contact_of
from imprimatur.rights.services import IN_FORCE
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.selectors import tenant
from imprimatur.withdrawal.impact import impact

SHOWN = 60
APPROVE = "approve"
ANSWERS = (APPROVE, "refuse")


@dataclass(frozen=True)
class Shown:
    """A picture as its person sees it. said: their answer that counts; None as long as they gave none."""

    output: Output
    said: bool | None


@require_GET
@link_page(LinkPurpose.PORTAL)
def portal(request: LinkRequest, token: str) -> HttpResponse:
    """Everything on one page."""
    record = request.record
    terms = selectors.terms_of(record)
    company = tenant().name
    context: dict[str, Any] = {
        "token": token,
        "company": company,
        "record": record,
        "link": request.link,
        "sentences": summary(terms, company, get_language() or "en"),
        "pictures": _pictures(record),
        "reserved": _approval_right(record),
        "in_force": record.status in IN_FORCE,
        "stopped": record.status == RightStatus.SUSPENDED and record.suspension_reason == services.BY_PERSON,
        "narrow_form": narrow_form(record),
        "address_form": AddressForm(initial={"language": request.link.language}),
        "waiting": _waiting_address(request),
        "impact": impact(request.grantor, record, now=request.now),
        "confirm_word": _("take back"),
    }
    return render(request, "portal/portal.html", context)


@require_GET
@link_page(LinkPurpose.PORTAL, paced=False)
def portal_picture(request: LinkRequest, token: str, out: str) -> HttpResponse:  # noqa: ARG001 - of the address
    """A picture that was made under the record: the stamped file."""
    output = _of_record(request.record, out)
    require_shown(output)
    return picture_file(*generations.content(output))


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_answer(request: LinkRequest, token: str, out: str) -> HttpResponse:
    """Approve a picture or not, where the record reserves that to its person."""
    if not _approval_right(request.record) or not isinstance(request.record, ConsentRecord):
        raise NotFound
    output = _of_record(request.record, out)
    if request.POST.get("answer") not in ANSWERS:  # neither a yes nor a no: nobody puts words into their mouth
        messages.error(request, _("Nothing was noted: choose one of the two answers."))
        return redirect("portal", token)
    approved = request.POST["answer"] == APPROVE
    approvals.answer(request.grantor, request.record, output, approved=approved, now=request.now)
    messages.success(request, _("Noted: you approve it.") if approved else _("Noted: it is not published."))
    return redirect("portal", token)


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_narrow(request: LinkRequest, token: str) -> HttpResponse:
    """Take a part back: from now on only what is left ticked."""
    form = narrow_form(request.record, request.POST)
    try:
        if form.is_valid():
            services.narrow(request.grantor, request.record, form.narrowed())  # type: ignore[arg-type]  # of its kind
            messages.success(request, _("Changed. From now on only what you left is allowed."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("portal", token)


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_suspend(request: LinkRequest, token: str) -> HttpResponse:
    """Stop everything for now."""
    return _done(request, token, lambda: services.suspend(request.grantor, request.record, "person"), _("Stopped."))


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_resume(request: LinkRequest, token: str) -> HttpResponse:
    """Lift their own stop: what they agreed to holds again."""
    return _done(request, token, lambda: services.resume(request.grantor, request.record), _("Allowed again."))


@require_POST
@link_page(LinkPurpose.PORTAL)
def portal_revoke(request: LinkRequest, token: str) -> HttpResponse:
    """Take it all back, for good; the word is asked here again for whoever comes without the page's script."""
    if request.POST.get("confirm", "").strip() != _("take back"):
        messages.error(request, _("Nothing was changed: type the words to confirm."))
        return redirect("portal", token)
    reason = _("The person took it back themselves.")
    done = _("Taken back. Nothing is made, published or delivered under it any more.")
    return _done(request, token, lambda: services.revoke(request.grantor, request.record, reason), done)


def _done(request: LinkRequest, token: str, service: Any, sentence: str) -> HttpResponse:
    try:
        service()
        messages.success(request, sentence)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("portal", token)


def _waiting_address(request: LinkRequest) -> dict[str, Any] | None:
    """Another address that was proposed for them, masked: the page may be open where the wrong person reads it."""
    change = open_change(request.record, request.now)
    if change is None:
        return None
    proposed = contact_of(change.record, change.sealed_contact)
    return {"new": masked(proposed.email), "own": change.by_link_id is not None, "until": change.expires_at}


def _pictures(record: RightRecord) -> list[Shown]:
    outputs = list(_outputs(record).filter(quarantined_at=None)[:SHOWN])
    said = approvals.latest(record, outputs) if isinstance(record, ConsentRecord) else {}
    return [Shown(output, said.get(output)) for output in outputs]


def _outputs(record: RightRecord) -> Any:
    """Made under it, but for what is held: that may show somebody else, and a rights manager looks at it first."""
    made = generations.outputs().filter(generation__reliances__record=record.public_id)
    return made.exclude(screening__isnull=False, screening__cleared_at__isnull=True)


def _of_record(record: RightRecord, public_id: str) -> Output:
    output = generations.get_output(public_id)
    if not _outputs(record).filter(pk=output.pk).exists():
        raise NotFound
    return output


def _approval_right(record: RightRecord) -> str:
    """per_output or per_campaign; '' where nothing is reserved."""
    right = str(record.terms.get("approval_right", "none"))
    return "" if right == "none" else right
