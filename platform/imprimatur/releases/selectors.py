"""Reads: what went out. What may go out is `review.selectors.approved`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from imprimatur.releases.models import RIGHT_REVOKED, Release
from imprimatur.rights.selectors import may_read_reasons
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.permissions import Permission


def releases(actor: Actor) -> QuerySet[Release]:
    """Everything released, withdrawn ones included, newest first."""
    actor.require(Permission.VIEW)
    return Release.objects.select_related("released_by", "output__generation__subject_reference__subject")


def withdrawn_since(release: Release) -> datetime | None:
    """Since when the picture must not be used: withdrawn by a person, or quarantined because a right fell away."""
    return release.withdrawn_at or release.output.quarantined_at


def why_withdrawn(actor: Actor, release: Release) -> str | None:
    """Why it was withdrawn; None for those who may not read what a person said of it."""
    told = release.withdrawn_reason in ("", RIGHT_REVOKED) or may_read_reasons(actor)
    return release.withdrawn_reason if told else None


def get_release(actor: Actor, public_id: str) -> Release:
    """One release; NotFound when there is none in this tenant."""
    try:
        return releases(actor).get(pk=decode(Release.PREFIX, public_id))
    except (MalformedId, Release.DoesNotExist):
        raise NotFound from None
