"""Rights: who agreed to what, put into force by a person, ended for good by a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from imprimatur.dashboard.agreed import agreed
from imprimatur.dashboard.forms.rights import RightForm
from imprimatur.dashboard.person import panel_of
from imprimatur.library import selectors as library
from imprimatur.rights import selectors, services
from imprimatur.rights.drafting import UNVERIFIED
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus
from imprimatur.rights.states import TRANSITIONS
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError, NotFound
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.withdrawal import selectors as withdrawals

RECEIPTS = 30
_DOING: Final[dict[str, Callable[[Actor, Any], RightRecord]]] = {
    "sent": services.mark_sent,
    "signed": services.mark_signed,
    "verify": services.verify_record,
    "suspend": services.suspend,
    "resume": services.resume,
}
_DONE: Final[dict[str, Promise]] = {
    "sent": gettext_lazy("Noted: it is out for signature."),
    "signed": gettext_lazy("Noted: it came back signed."),
    "verify": gettext_lazy("In force. Pictures can be made under it."),
    "suspend": gettext_lazy("Suspended. Nothing is made or served under it."),
    "resume": gettext_lazy("In force again."),
    "revoke": gettext_lazy("Revoked for good. Nothing is made or served under it any more."),
}


@dataclass(frozen=True, kw_only=True)
class Act:
    """A button on a record; `refusal` says why it does nothing, `help` what it does."""

    name: str
    label: str
    icon: str
    help: str
    css: str = "btn-quiet"
    refusal: str = ""


@require_GET
@tenant_page(Permission.VIEW)
def right_list(request: TenantRequest) -> HttpResponse:
    """Consents and licences together, newest first."""
    records = sorted([*selectors.consents(), *selectors.licences()], key=lambda r: r.created_at, reverse=True)
    now = timezone.now()
    rows = [{"record": r, "kind": _kind(r), "standing": selectors.standing(r, now)} for r in records]
    return render(
        request, "rights/list.html", {"section": "rights", "rows": rows, "why": _why_not_draft(request.actor)}
    )


@require_http_methods(["GET", "POST"])
@tenant_page(Permission.VIEW)
def right_new(request: TenantRequest) -> HttpResponse:
    """Write down what was agreed."""
    references = list(library.references())
    initial = {"references": request.GET.getlist("reference"), "synthetic_media_permitted": False}
    form = RightForm(request.POST or None, request.FILES or None, references=references, initial=initial)
    if request.method == "POST" and form.is_valid():
        record = _draft(request.actor, form)
        if record is not None:
            messages.success(request, _("Saved as a draft. It grants nothing until it is verified."))
            return redirect("right", record.public_id)
    return render(request, "rights/new.html", {"section": "rights", "form": form})


@require_GET
@tenant_page(Permission.VIEW)
def right_detail(request: TenantRequest, right: str) -> HttpResponse:
    """One record: its terms in words, its evidence, its history, what may be done."""
    record = selectors.get_record(right)
    manage_refusal = _refusal(request.actor, Permission.MANAGE_RIGHTS)
    context: dict[str, Any] = {
        "section": "rights",
        "record": record,
        "kind": _kind(record),
        "standing": selectors.standing(record, timezone.now()),
        "terms": agreed(selectors.terms_of(record)),
        "references": library.references().filter(pixel_sha256__in=record.reference_digests),
        "receipts": selectors.receipts(record)[:RECEIPTS],
        "draft_refusal": _why_not_draft(request.actor),
        "unverified": UNVERIFIED,
        "manage_refusal": manage_refusal,
        "person": panel_of(request.actor, record),
        "actions": [] if manage_refusal else _actions(request.actor, record),
        "revocable": RightStatus.REVOKED in TRANSITIONS[RightStatus(record.status)],
        "withdrawals": withdrawals.of_record(request.actor, record),
    }
    return render(request, "rights/detail.html", context)


@require_POST
@tenant_page(Permission.VIEW)
def right_act(request: TenantRequest, right: str, act: str) -> HttpResponse:
    """Move a record along."""
    record = selectors.get_record(right)
    try:
        if act == "revoke":
            _revoke(request, record)
        elif act in _DOING:
            _DOING[act](request.actor, record)
        else:
            raise NotFound
        messages.success(request, str(_DONE[act]))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("right", right)


@require_POST
@tenant_page(Permission.VIEW)
def right_attach(request: TenantRequest, right: str) -> HttpResponse:
    """Add the signed document to a draft."""
    upload = request.FILES.get("evidence")
    try:
        if upload is not None:
            services.attach_evidence(request.actor, selectors.get_record(right), upload.read(), upload.name or "")
            messages.success(request, _("The document is attached."))
    except DomainError as error:
        messages.error(request, first_sentence(error))
    return redirect("right", right)


def _draft(actor: Actor, form: RightForm) -> RightRecord | None:
    said = form.cleaned_data
    upload = said["evidence"]
    beside: dict[str, Any] = {"title": said["title"], "contact": form.contact}
    if upload:
        beside |= {"evidence": upload.read(), "evidence_name": upload.name}
    try:
        if form.is_licence:
            return services.draft_licence(actor, terms=form.licence_terms(), **beside)
        return services.draft_consent(actor, kind=said["kind"], terms=form.consent_terms(), **beside)
    except DomainError as error:
        form.explain(error)
        return None


def _revoke(request: TenantRequest, record: RightRecord) -> None:
    """The word has been typed in the page; it is asked here again for whoever comes without its script."""
    if request.POST.get("confirm", "").strip() != _("revoke"):
        raise DomainError("not_confirmed", _("Nothing was revoked: type the word to confirm."))
    services.revoke(request.actor, record, request.POST.get("reason", ""))


def _actions(actor: Actor, record: RightRecord) -> list[Act]:
    following = TRANSITIONS[RightStatus(record.status)]
    found = []
    if RightStatus.VERIFIED in following:
        found.append(_verify_act(actor, record))
    if RightStatus.SENT in following:
        found.append(Act(name="sent", label=_("It went out for signature"), icon="clock", help=_("Only a note.")))
    if RightStatus.SIGNED in following and record.status == RightStatus.SENT:
        found.append(
            Act(name="signed", label=_("It came back signed"), icon="file-certificate", help=_("Only a note."))
        )
    if RightStatus.SUSPENDED in following:
        text = _("Nothing is made or served under it until you resume it.")
        found.append(Act(name="suspend", label=_("Suspend"), icon="lock", help=text))
    if record.status == RightStatus.SUSPENDED:
        found.append(
            Act(
                name="resume",
                label=_("Resume"),
                icon="player-play",
                help=_("Back into force."),
                css="btn-primary",
                refusal=_why_not_resume(actor, record),
            )
        )
    return found


def _verify_act(actor: Actor, record: RightRecord) -> Act:
    return Act(
        name="verify",
        label=_("Verify and put into force"),
        icon="shield-check",
        css="btn-primary",
        help=_("You have compared these terms with the signed document."),
        refusal=_why_not_verify(actor, record),
    )


def _why_not_verify(actor: Actor, record: RightRecord) -> str:
    """Another person than the one who drafted, and something to have seen."""
    try:
        services.check_verifier(actor, record)
    except DomainError as error:
        return str(error)
    return "" if record.evidence_sha256 else _("There is no evidence yet. Add the signed document first.")


def _why_not_resume(actor: Actor, record: RightRecord) -> str:
    try:
        services.check_resumer(actor, record)
    except DomainError as error:
        return str(error)
    return ""


def _kind(record: RightRecord) -> str:
    return record.kind if isinstance(record, ConsentRecord) else "trademark"


def _why_not_draft(actor: Actor) -> str:
    """Whoever adds references or manages rights may draft."""
    if actor.has(Permission.UPLOAD_REFERENCE):
        return ""
    return _refusal(actor, Permission.MANAGE_RIGHTS)


def _refusal(actor: Actor, permission: Permission) -> str:
    try:
        actor.require(permission)
    except DomainError as error:
        return str(error)
    return ""


def first_sentence(error: DomainError) -> str:
    """What to say where there is room for one sentence: the first about a field, else the error's own."""
    found = getattr(error, "errors", [])
    return str(found[0]["message"]) if found else str(error)
