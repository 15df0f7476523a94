"""Reads: what went out. What may go out is `review.selectors.approved`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from imprimatur.releases.models import Release
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


def get_release(actor: Actor, public_id: str) -> Release:
    """One release; NotFound when there is none in this tenant."""
    try:
        return releases(actor).get(pk=decode(Release.PREFIX, public_id))
    except (MalformedId, Release.DoesNotExist):
        raise NotFound from None
