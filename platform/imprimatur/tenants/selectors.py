"""Who belongs where. What crosses tenants asks a narrow function for ids, then enters each scope."""

from __future__ import annotations

import uuid
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import QuerySet

from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.models import ApiKey, Invitation, Membership, Tenant, TenantModel, User
from imprimatur.tenants.scope import tenant_scope

Row = TypeVar("Row", bound=TenantModel)


class MembershipOf(NamedTuple):
    """One company of a person's."""

    tenant_id: uuid.UUID
    name: str
    roles: list[str]


def tenant_ids_of(user: User) -> list[uuid.UUID]:
    """The companies the person belongs to, oldest membership first. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tenants_of_person(%s)", [user.id])
        return [row[0] for row in cursor.fetchall()]


def memberships_of(user: User) -> list[MembershipOf]:
    """The person's companies with name and roles. Call it outside any scope: it enters each."""
    found = []
    for tenant_id in tenant_ids_of(user):
        with tenant_scope(tenant_id):
            membership = Membership.objects.select_related("tenant").get(user=user)
            found.append(MembershipOf(tenant_id, membership.tenant.name, list(membership.roles)))
    return found


def tenant_id_of_slug(slug: str) -> uuid.UUID | None:
    """The company of that short name. Needs no scope."""
    return _one("SELECT tenant_of_slug(%s)", slug)


def tenant_id_of_key(lookup: str) -> uuid.UUID | None:
    """The company of the API key with this public part. Needs no scope."""
    return _one("SELECT tenant_of_key(%s)", lookup)


def tenant() -> Tenant:
    """The entered company: the database shows no other."""
    return Tenant.objects.get()


def members() -> QuerySet[Membership]:
    """The entered company's people."""
    return Membership.objects.select_related("user").order_by("created_at")


def open_invitations() -> QuerySet[Invitation]:
    """Invitations that nobody has accepted or taken back, newest first; those whose link has run out too."""
    rows = Invitation.objects.filter(accepted_at=None, taken_back_at=None)
    return rows.select_related("invited_by").order_by("-created_at")


def api_keys() -> QuerySet[ApiKey]:
    """The entered company's keys, newest first, revoked ones too."""
    return ApiKey.objects.select_related("created_by").order_by("-created_at")


def find(model: type[Row], public_id: str) -> Row:
    """The entered company's row of that public id (`gen_...`); NotFound for any other text."""
    try:
        return model.objects.get(pk=decode(model.PREFIX, public_id))
    except (MalformedId, model.DoesNotExist) as missing:
        raise NotFound from missing


def _one(statement: str, argument: str) -> uuid.UUID | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [argument])
        row = cursor.fetchone()
    return row[0] if row else None
