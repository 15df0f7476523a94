"""Home: what waits for this person, the first steps, rights that end soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from imprimatur.audit import selectors as audit
from imprimatur.dashboard.views.drawn import with_review_states
from imprimatur.generations import screening
from imprimatur.generations import selectors as generations
from imprimatur.generations.models import GenerationState
from imprimatur.library import selectors as library
from imprimatur.prompts import selectors as prompts
from imprimatur.releases import selectors as releases
from imprimatur.review import selectors as review
from imprimatur.review.models import Verdict
from imprimatur.rights import selectors as rights
from imprimatur.rights.models import RightStatus
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.webhooks import selectors as webhooks

LATEST = 8
UNVERIFIED = [RightStatus.DRAFT, RightStatus.SENT, RightStatus.SIGNED]


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something that waits for this person."""

    count: int
    title: str
    text: str
    icon: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One of the first steps."""

    label: str
    href: str
    done: bool


@require_GET
@tenant_page(Permission.VIEW)
def home(request: TenantRequest) -> HttpResponse:
    """The first page after signing in."""
    steps = _steps(request.actor)
    done = sum(step.done for step in steps)
    context: dict[str, Any] = {
        "section": "home",
        "tasks": [task for task in _tasks(request.actor) if task.count],
        "latest": with_review_states(request.actor, generations.jobs()[:LATEST]),
        "expiring": rights.expiring(timezone.now()),
        "checklist": steps,
        "checklist_done": done,
        "checklist_open": done < len(steps),
    }
    return render(request, "home/home.html", context)


def _tasks(actor: Actor) -> list[Task]:
    found: list[Task] = []
    if actor.has(Permission.DECIDE):
        found.append(_review_task(actor))
    if actor.has(Permission.APPROVE_TEMPLATE):
        found.append(_template_task(actor))
    if actor.has(Permission.MANAGE_RIGHTS):
        found += [_rights_task(), _held_task()]
    if actor.has(Permission.GENERATE):
        found += _maker_tasks(actor)
    if actor.has(Permission.RELEASE):
        found.append(_release_task(actor))
    if actor.has(Permission.VIEW_AUDIT):
        found.append(_trail_task(actor))
    if actor.has(Permission.MANAGE_TENANT):
        found.append(_webhook_task())
    return found


def _review_task(actor: Actor) -> Task:
    return Task(
        count=review.queue(actor).count(),
        title=_("Pictures to review"),
        text=_("Others asked for them; two people decide."),
        icon="gavel",
        href=reverse("review_queue"),
    )


def _template_task(actor: Actor) -> Task:
    return Task(
        count=prompts.waiting_for(actor).count(),
        title=_("Templates to approve"),
        text=_("Read the wording and its choices."),
        icon="template",
        href=reverse("templates"),
    )


def _rights_task() -> Task:
    waiting = {"status__in": UNVERIFIED}
    return Task(
        count=rights.consents().filter(**waiting).count() + rights.licences().filter(**waiting).count(),
        title=_("Records to verify"),
        text=_("Compare them with the signed document and put them into force."),
        icon="certificate",
        href=reverse("rights"),
    )


def _held_task() -> Task:
    return Task(
        count=screening.held().count(),
        title=_("Pictures held"),
        text=_("Something was noticed about them. Nobody reviews them before you have looked."),
        icon="shield-exclamation",
        href=reverse("held"),
    )


def _maker_tasks(actor: Actor) -> list[Task]:
    mine = generations.jobs().filter(requested_by=actor.user)
    returned = mine.filter(
        output__quarantined_at__isnull=True,
        output__decisions__undone_at__isnull=True,
        output__decisions__verdict=Verdict.REQUEST_CHANGES,
    ).distinct()
    failed = mine.filter(state=GenerationState.FAILED)
    return [
        Task(
            count=returned.count(),
            title=_("Pictures sent back"),
            text=_("Reviewers asked for changes."),
            icon="arrow-back-up",
            href=reverse("jobs") + "?show=returned",
        ),
        Task(
            count=failed.count(),
            title=_("Pictures that failed"),
            text=_("Each says what to do."),
            icon="alert-triangle",
            href=reverse("jobs") + "?show=failed",
        ),
    ]


def _release_task(actor: Actor) -> Task:
    return Task(
        count=review.approved(actor).count(),
        title=_("Pictures to release"),
        text=_("Two people approved them."),
        icon="rosette-discount-check",
        href=reverse("approved"),
    )


def _trail_task(actor: Actor) -> Task:
    return Task(
        count=int(audit.alarm(actor.tenant_id) is not None),
        title=_("The audit trail was touched"),
        text=_("Lines were changed outside of this product. Look at once, and change nothing."),
        icon="alert-triangle",
        href=reverse("audit"),
    )


def _webhook_task() -> Task:
    return Task(
        count=webhooks.stopped_by_themselves().count(),
        title=_("Webhooks that stopped"),
        text=_("Nothing more is told there. Nothing is lost: see why, and resume."),
        icon="alert-triangle",
        href=reverse("webhooks"),
    )


def _steps(actor: Actor) -> list[Step]:
    active = {"status": RightStatus.ACTIVE}
    righted = library.references().filter(own_work=True).exists() or rights.consents().filter(**active).exists()
    facts = [
        (_("Add a product or a person"), "subject_new", library.subjects().exists()),
        (_("Add its reference picture"), "reference_new", library.references().exists()),
        (_("Put a right to it into force"), "rights", righted or rights.licences().filter(**active).exists()),
        (_("Write a template"), "templates", prompts.templates().exists()),
        (_("Have it approved by somebody else"), "templates", prompts.approved_versions().exists()),
        (_("Create a picture"), "create", generations.outputs().exists()),
        (_("Release one that two people approved"), "approved", releases.releases(actor).exists()),
    ]
    return [Step(label=label, href=reverse(url), done=done) for label, url, done in facts]
