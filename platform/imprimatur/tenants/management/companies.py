"""Which companies is a command about? The one it names, or all."""

from __future__ import annotations

import uuid

from django.core.management.base import CommandError

from imprimatur.audit import checkpoints
from imprimatur.tenants.selectors import tenant_id_of_slug


def companies(slug: str) -> list[uuid.UUID]:
    """The company of this short name, or every company that has an audit trail; CommandError for an unknown one."""
    if not slug:
        return [tenant_id for tenant_id, _ in checkpoints.ends()]
    found = tenant_id_of_slug(slug)
    if found is None:
        raise CommandError(f"There is no company {slug!r}.")
    return [found]
