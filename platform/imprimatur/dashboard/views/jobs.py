"""Jobs: what was asked for, and each one live while it is drawn."""

from __future__ import annotations

import json
import uuid
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from imprimatur.dashboard.live import live_of, update_of
from imprimatur.dashboard.views.drawn import with_review_states
from imprimatur.dashboard.views.paging import page_of
from imprimatur.generations import selectors, services, stream
from imprimatur.generations.models import Generation, GenerationState
from imprimatur.generations.states import ACTIVE
from imprimatur.review.models import Verdict
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, resolve_actor, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope


@require_GET
@tenant_page(Permission.VIEW)
def job_list(request: TenantRequest) -> HttpResponse:
    """All of them; as long as one is being drawn, the table asks for itself again."""
    page = page_of(request, _shown(request))
    page.object_list = with_review_states(request.actor, page.object_list)
    context = {"section": "jobs", "page": page, "active": any(row.state in ACTIVE for row in page.object_list)}
    part = request.htmx and request.htmx.target == "jobs"  # type: ignore[attr-defined]
    return render(request, "jobs/_table.html" if part else "jobs/list.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def job_detail(request: TenantRequest, gen: str) -> HttpResponse:
    """One job, live."""
    generation = selectors.get(gen)
    siblings = _siblings(request, generation)
    context = {
        "section": "jobs",
        "generation": generation,
        "live": live_of(request.actor, generation),
        "siblings": siblings,
        "siblings_active": any(row.state in ACTIVE for row in siblings),
    }
    return render(request, "jobs/detail.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def job_siblings(request: TenantRequest, gen: str) -> HttpResponse:
    """The pictures asked for together; stops the polling (286) when all are finished."""
    siblings = _siblings(request, selectors.get(gen))
    active = any(row.state in ACTIVE for row in siblings)
    return render(request, "jobs/_siblings.html", {"siblings": siblings}, status=200 if active else 286)


@require_GET
@tenant_page(Permission.VIEW)
def job_snapshot(request: TenantRequest, gen: str) -> HttpResponse:
    """The same update as the stream's, for where no stream gets through."""
    return JsonResponse(update_of(request, request.actor, selectors.get(gen)))


async def job_events(request: HttpRequest, gen: str) -> HttpResponseBase:
    """Server-sent events of one job: `snapshot` until it is finished."""
    actor = await sync_to_async(resolve_actor)(request)
    if actor is None:
        return HttpResponse(status=401)
    generation_id = await sync_to_async(_id_of)(actor.tenant_id, gen)

    def update(snapshot: dict[str, Any]) -> str:
        return json.dumps(update_of(request, actor, selectors.get(snapshot["id"])))

    body = stream.events(
        actor.tenant_id,
        generation_id,
        last_event_id=request.headers.get("Last-Event-ID", ""),
        render=update,
        reader=actor.user.pk if actor.user else None,
    )
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"
    return response


@require_POST
@tenant_page(Permission.VIEW)
def job_cancel(request: TenantRequest, gen: str) -> HttpResponse:
    """Stop a picture that is not finished."""
    return _act(request, gen, services.cancel)


@require_POST
@tenant_page(Permission.VIEW)
def job_retry(request: TenantRequest, gen: str) -> HttpResponse:
    """Queue a failed, refused or canceled picture again."""
    return _act(request, gen, services.retry)


def _act(request: TenantRequest, gen: str, service: Any) -> HttpResponse:
    try:
        row = service(request.actor, selectors.get(gen))
        if row.state == GenerationState.READY:
            messages.success(request, _("The picture was finished already."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("job", gen)


def _shown(request: TenantRequest) -> QuerySet[Generation]:
    rows = selectors.jobs()
    show = request.GET.get("show", "")
    if show == "failed":
        return rows.filter(requested_by=request.user, state=GenerationState.FAILED)
    if show == "returned":
        standing = {
            "output__quarantined_at__isnull": True,
            "output__decisions__undone_at__isnull": True,
            "output__decisions__verdict": Verdict.REQUEST_CHANGES,
        }
        return rows.filter(requested_by=request.user, **standing).distinct()
    return rows


def _siblings(request: TenantRequest, generation: Generation) -> list[Generation]:
    others = selectors.batch(generation.batch).exclude(pk=generation.pk)
    return with_review_states(request.actor, others)


def _id_of(tenant_id: uuid.UUID, gen: str) -> uuid.UUID:
    with tenant_scope(tenant_id):
        return selectors.get(gen).id
