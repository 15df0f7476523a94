"""What a right reaches, its withdrawal while it is brought about, its pack; evidence; who was given a picture."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from imprimatur.dashboard.views.paging import page_of
from imprimatur.generations import quarantine
from imprimatur.generations import selectors as generations
from imprimatur.releases import selectors as releases
from imprimatur.rights import selectors as rights
from imprimatur.rights.models import RightStatus
from imprimatur.rights.states import TRANSITIONS
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.withdrawal import pack, selectors, services
from imprimatur.withdrawal.impact import Impact, impact
from imprimatur.withdrawal.models import Step, Withdrawal

STOPPED_POLLING = 286  # htmx asks no more


@require_GET
@tenant_page(Permission.MANAGE_RIGHTS)
def right_impact(request: TenantRequest, right: str) -> HttpResponse:
    """Everything a revocation would reach, and below it the typed confirmation."""
    record = rights.get_record(right)
    reached = impact(request.actor, record)
    context = {
        "section": "rights",
        "record": record,
        "standing": rights.standing(record, timezone.now()),
        "impact": reached,
        "counts": _counts(reached),
        "revocable": RightStatus.REVOKED in TRANSITIONS[RightStatus(record.status)],
        "confirm_word": _("revoke"),
    }
    return render(request, "rights/impact.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def withdrawal_list(request: TenantRequest) -> HttpResponse:
    """Every right that fell away, changed or came back, and what that did."""
    page = page_of(request, selectors.withdrawals(request.actor))
    for row in page.object_list:
        row.record = selectors.record_of(row)
    return render(request, "rights/withdrawals.html", {"section": "rights", "page": page})


@require_GET
@tenant_page(Permission.VIEW)
def withdrawal_detail(request: TenantRequest, wdr: str) -> HttpResponse:
    """One withdrawal, live while it is brought about."""
    row = selectors.get(request.actor, wdr)
    manages = request.actor.has(Permission.MANAGE_RIGHTS)
    context: dict[str, Any] = _progress(row) | {
        "section": "rights",
        "record": selectors.record_of(row),
        "manages": manages,
        "notices": selectors.notices(row) if manages else [],
        "page": page_of(request, selectors.reached(row)),
    }
    return render(request, "rights/withdrawal.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def withdrawal_progress(request: TenantRequest, wdr: str) -> HttpResponse:
    """The part that changes; stops the polling when all is done."""
    row = selectors.get(request.actor, wdr)
    status = STOPPED_POLLING if row.step == Step.DONE else 200
    return render(request, "rights/_withdrawal.html", _progress(row), status=status)


@require_GET
@tenant_page(Permission.MANAGE_RIGHTS)
def withdrawal_pack(request: TenantRequest, wdr: str) -> HttpResponse:
    """The takedown pack; `?pictures=1` with the released files in it."""
    row = selectors.get(request.actor, wdr)
    try:
        data = pack.content(request.actor, row, pictures="pictures" in request.GET)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("withdrawal", wdr)
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{row.public_id}.zip"'
    return response


@require_GET
@tenant_page(Permission.MANAGE_RIGHTS)
def output_evidence(request: TenantRequest, out: str) -> HttpResponse:
    """A quarantined picture, for a rights manager; that they looked is recorded."""
    data, mime = quarantine.evidence(request.actor, generations.get_output(out))
    response = HttpResponse(data, content_type=mime)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_POST
@tenant_page(Permission.RELEASE)
def recipient_add(request: TenantRequest, rel: str) -> HttpResponse:
    """Write down who was given the released file."""
    said = {name: request.POST.get(name, "") for name in ("name", "email", "language")}
    try:
        services.name_recipient(request.actor, releases.get_release(request.actor, rel), **said)
        messages.success(request, _("Noted: they are told should the picture be withdrawn."))
    except DomainError as error:
        messages.error(request, _sentence(error))
    return redirect("release", rel)


def _progress(row: Withdrawal) -> dict[str, Any]:
    return {
        "withdrawal": row,
        "done": row.step == Step.DONE,
        "stood": sorted(selectors.reached_by_state(row).items()),
    }


def _counts(reached: Impact) -> list[tuple[str, int]]:
    """What there is of it, in the order of a picture's life."""
    lines = [
        (_("Queued"), reached.queued),
        (_("Being drawn"), reached.drawing),
        (_("In review"), reached.in_review),
        (_("Returned or rejected"), reached.closed),
        (_("Approved"), reached.approved),
        (_("Released"), reached.released),
        (_("Withdrawn already"), reached.withdrawn),
        (_("Quarantined already"), reached.quarantined),
        (_("Pictures that became references"), reached.derived),
        (_("Drawn from those"), reached.made_of_them),
        (_("Template versions used"), reached.templates),
        (_("Downloads"), reached.downloads),
    ]
    return [(label, count) for label, count in lines if count]


def _sentence(error: DomainError) -> str:
    found = getattr(error, "errors", [])
    return str(found[0]["message"]) if found else str(error)
