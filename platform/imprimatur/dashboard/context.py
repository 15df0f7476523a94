"""What the frame around every page shows: the theme, the company, the way to the other pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from imprimatur.review import selectors as review
from imprimatur.tenants import selectors as tenants
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.permissions import Permission

THEMES: Final = ("paper", "ink")
THEME_COOKIE: Final = "theme"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One entry of the rail; shown to whoever has the permission. `gap` leaves room below it."""

    url: str
    icon: str
    label: str | Promise
    section: str
    needs: Permission = Permission.VIEW
    gap: bool = False


RAIL: Final = (
    Place(url="home", icon="home", label=_("Home"), section="home", gap=True),
    Place(url="create", icon="sparkles", label=_("Create"), section="create"),
    Place(url="jobs", icon="brush", label=_("Jobs"), section="jobs"),
    Place(url="review_queue", icon="gavel", label=_("Review"), section="review"),
    Place(url="approved", icon="photo-check", label=_("Library"), section="library", gap=True),
    Place(url="references", icon="photo", label=_("References"), section="references"),
    Place(url="templates", icon="template", label=_("Templates"), section="templates"),
    Place(url="rights", icon="certificate", label=_("Rights"), section="rights", gap=True),
    Place(url="audit", icon="history", label=_("Audit trail"), section="audit", needs=Permission.VIEW_AUDIT),
    Place(url="settings", icon="settings", label=_("Settings"), section="settings"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor of every page. Queries run only where a template asks for them."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    shown: dict[str, Any] = {"theme": theme if theme in THEMES else ""}
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or actor.person is None:
        return shown
    person = actor.person
    return shown | {
        "rail": [place for place in RAIL if actor.has(place.needs)],
        "house": SimpleLazyObject(lambda: tenants.tenant().name),
        "house_count": SimpleLazyObject(lambda: len(tenants.tenant_ids_of(person))),
        "queue_count": SimpleLazyObject(lambda: _queue_count(actor)),
    }


def _queue_count(actor: Actor) -> int:
    return review.queue(actor).count() if actor.has(Permission.DECIDE) else 0
