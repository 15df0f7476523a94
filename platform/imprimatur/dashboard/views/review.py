"""Review: reference beside drawing, and a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from imprimatur.dashboard.explaining import explained
from imprimatur.dashboard.templatetags.pages import percent
from imprimatur.dashboard.views.drawn import with_holds
from imprimatur.dashboard.views.paging import page_of
from imprimatur.dashboard.words import SCORES
from imprimatur.generations import likenesses
from imprimatur.generations.models import Output
from imprimatur.review import selectors, services
from imprimatur.review.facts import live_claim
from imprimatur.review.holds import holds_of
from imprimatur.review.models import Decision, Verdict
from imprimatur.review.permissions import check_can_undo, why_not_decide
from imprimatur.review.reasons import REASONS
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.http import TenantRequest, tenant_page
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.selectors import find

UNDO: Final = "undo"
_LISTS: Final = {"held": selectors.held, "all": selectors.outputs}
_WITH: Final = ("generation__subject_reference__subject", "generation__template_version__template")


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One way to look at the pictures."""

    name: str
    label: str
    current: bool


@require_GET
@tenant_page(Permission.VIEW)
def queue(request: TenantRequest) -> HttpResponse:
    """What this person can decide on, what somebody else must act on first, or everything."""
    why = _why_no_reviewer(request.actor)
    show = request.GET.get("show", "all" if why else "mine")
    rows = _LISTS.get(show, selectors.queue)(request.actor)
    page = page_of(request, rows.select_related(*_WITH))
    with_holds(page.object_list)
    labels = {"mine": _("Waiting for you"), "held": _("Held"), "all": _("All pictures")}
    context = {
        "section": "review",
        "show": show,
        "page": page,
        "first": selectors.queue(request.actor).first(),
        "tabs": [Tab(name=name, label=label, current=name == show) for name, label in labels.items()],
        "refusal_sentence": why,
    }
    return render(request, "review/queue.html", context)


@require_GET
@tenant_page(Permission.VIEW)
def output_detail(request: TenantRequest, out: str) -> HttpResponse:
    """One picture with everything one needs to decide."""
    actor, now = request.actor, timezone.now()
    output = selectors.get_output(actor, out)
    mine = _standing_decision(actor, output)
    held = live_claim(output, now)
    context: dict[str, Any] = {
        "section": "review",
        "output": output,
        "generation": output.generation,
        "state": selectors.state_of(output, now),
        "decisions": selectors.decisions(output),
        "comments": selectors.comments(output),
        "decide_refusal": why_not_decide(actor, output, now),
        "mine": mine,
        "undo_refusal": _why_not_undo(actor, mine),
        "claim": held if held is not None and held.reviewer_id == actor.require_person().pk else None,
        "reasons": list(REASONS.items()),
        "dialogs": _dialogs(),
        "key_help": _key_help(),
        "undoable": _undoable(request),
        "holds": holds_of([output])[output],
        "evidence_allowed": actor.has(Permission.MANAGE_RIGHTS),
        "scores": _scores(output),
        "likenesses": likenesses.of(output),
        "explained": explained(output),
        "words": output.generation.words,
        "mask_first": percent(output.mask_area[0]) if output.mask_area else "",
        "mask_last": percent(output.mask_area[-1]) if output.mask_area else "",
    }
    return render(request, "review/output.html", context | _neighbours(actor, output))


@require_POST
@tenant_page(Permission.VIEW)
def decide(request: TenantRequest, out: str) -> HttpResponse:
    """Record the verdict, then on to the next picture, with ten seconds to undo."""
    output = selectors.get_output(request.actor, out)
    following = _neighbours(request.actor, output)["next"]
    said = {name: request.POST.get(name, "") for name in ("verdict", "reason", "note")}
    try:
        decision = services.decide(request.actor, output, **said)
    except DomainError as error:
        messages.error(request, _sentences(error))
        return redirect("review_output", out)
    target = following.public_id if following else out
    return redirect(f"{reverse('review_output', args=[target])}?{UNDO}={decision.public_id}")


@require_POST
@tenant_page(Permission.VIEW)
def undo(request: TenantRequest, out: str, rev: str) -> HttpResponse:
    """Take one's own decision back."""
    try:
        services.undo(request.actor, find(Decision, rev))
        messages.success(request, _("Undone. You can decide again."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("review_output", out)


@require_POST
@tenant_page(Permission.VIEW)
def claim(request: TenantRequest, out: str) -> HttpResponse:
    """Keep a picture for 15 minutes."""
    return _tried(request, out, services.claim)


@require_POST
@tenant_page(Permission.VIEW)
def release_claim(request: TenantRequest, out: str) -> HttpResponse:
    """Give a picture back to the queue."""
    return _tried(request, out, services.release_claim)


@require_POST
@tenant_page(Permission.VIEW)
def comment(request: TenantRequest, out: str) -> HttpResponse:
    """Say something about a picture."""
    return _tried(request, out, services.comment, request.POST.get("text", ""))


def _tried(request: TenantRequest, out: str, service: Any, *arguments: str) -> HttpResponse:
    try:
        service(request.actor, selectors.get_output(request.actor, out), *arguments)
    except DomainError as error:
        messages.error(request, _sentences(error))
    return redirect("review_output", out)


def _sentences(error: DomainError) -> str:
    """A refusal may have several reasons; each is said once."""
    reasons = getattr(error, "reasons", [])
    return " ".join(str(reason["sentence"]) for reason in reasons) or str(error)


def _neighbours(actor: Actor, output: Output) -> dict[str, Output | None]:
    """The pictures before and after this one in the person's queue."""
    rows = selectors.queue(actor).exclude(pk=output.pk)
    return {
        "previous": rows.filter(created_at__lt=output.created_at).order_by("-created_at").first(),
        "next": rows.filter(created_at__gt=output.created_at).order_by("created_at").first(),
    }


def _standing_decision(actor: Actor, output: Output) -> Decision | None:
    return selectors.decisions(output).filter(reviewer=actor.person, undone_at__isnull=True).first()


def _why_not_undo(actor: Actor, decision: Decision | None) -> str:
    if decision is None:
        return ""
    try:
        check_can_undo(actor, decision, timezone.now())
    except DomainError as error:
        return str(error)
    return ""


def _why_no_reviewer(actor: Actor) -> str:
    try:
        actor.require(Permission.DECIDE)
    except DomainError as error:
        return str(error)
    return ""


def _undoable(request: TenantRequest) -> Decision | None:
    """The decision just made, as long as it can be taken back."""
    public_id = request.GET.get(UNDO, "")
    if not public_id:
        return None
    try:
        decision = find(Decision, public_id)
        check_can_undo(request.actor, decision, timezone.now())
    except DomainError:
        return None
    return decision


def _dialogs() -> list[dict[str, str]]:
    return [
        {
            "verdict": Verdict.REQUEST_CHANGES,
            "title": _("Request changes"),
            "button": _("Send it back"),
            "css": "btn-primary",
        },
        {"verdict": Verdict.REJECT, "title": _("Reject this picture"), "button": _("Reject"), "css": "btn-error"},
    ]


def _key_help() -> list[tuple[list[str], str]]:
    return [
        (["J", "→"], _("Next picture")),
        (["K", "←"], _("Previous picture")),
        (["A", "P"], _("Approve")),
        (["R"], _("Request changes")),
        (["X"], _("Reject")),
        (["1", "9"], _("Choose a reason, in a dialog")),
        (["U"], _("Undo the last decision")),
        (["C"], _("Compare with a slider")),
        ([_("Space")], _("Hold to see the reference")),
        (["M"], _("Show or hide where the word acted")),
        (["W"], _("Show or hide what each word did")),
        (["?"], _("This help")),
    ]


def _scores(output: Output) -> list[dict[str, Any]]:
    return [{"label": label, "value": output.scores[name]} for name, label in SCORES.items() if name in output.scores]
