"""Who is acting: made once at the edge (page, API, command) and handed to every service as its first argument."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.errors import NotPermitted, PersonRequired, Sentence
from imprimatur.tenants.models import ApiKey, Membership, User
from imprimatur.tenants.permissions import PERMISSION_VALUES, Permission, permissions_of

_REFUSALS: Final[dict[Permission, Sentence]] = {
    Permission.VIEW: _("You are not a member of this company."),
    Permission.UPLOAD_REFERENCE: _("Only creators can add reference pictures."),
    Permission.EDIT_TEMPLATE: _("Only creators can write templates."),
    Permission.APPROVE_TEMPLATE: _("Only reviewers and owners can approve templates."),
    Permission.GENERATE: _("Only creators can generate pictures."),
    Permission.DECIDE: _("Only reviewers can decide about pictures."),
    Permission.RELEASE: _("Only creators and owners can release pictures."),
    Permission.MANAGE_RIGHTS: _("Only rights managers can change consents and licences."),
    Permission.VIEW_AUDIT: _("Only owners, rights managers and auditors can read the audit trail."),
    Permission.MANAGE_TENANT: _("Only owners can manage members, keys and webhooks."),
}


@dataclass(frozen=True)
class Actor:
    """A person, a key or the system, in one tenant, with what it may do."""

    tenant_id: uuid.UUID
    user: User | None
    permissions: frozenset[Permission]
    api_key: ApiKey | None = None

    @property
    def person(self) -> User | None:
        """The signed-in person; None for a key and for the system."""
        return self.user if self.api_key is None else None

    @property
    def label(self) -> str:
        """How audit events name the actor."""
        if self.api_key is not None:
            return f"key:{self.api_key.id}"
        return f"user:{self.user.id}" if self.user is not None else "system"

    def has(self, permission: Permission) -> bool:
        """May the actor do this at all?"""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """NotPermitted with the sentence that is also the tooltip of the disabled button."""
        if permission not in self.permissions:
            raise NotPermitted(_REFUSALS[permission])

    def require_person(self) -> User:
        """The signed-in person; PersonRequired for a key or the system."""
        if self.person is None:
            raise PersonRequired
        return self.person


def actor_for(user: User, tenant_id: uuid.UUID) -> Actor:
    """The person as a member of the entered tenant. NotPermitted for an outsider. Call inside the scope."""
    membership = Membership.objects.filter(user=user).first()
    if membership is None or not user.is_active:
        raise NotPermitted(_REFUSALS[Permission.VIEW], code="not_a_member")
    return Actor(tenant_id, user, permissions_of(membership.roles))


def actor_for_key(key: ApiKey) -> Actor:
    """A key may do what its scopes say, and never more than the person who made it may do today."""
    creator = Membership.objects.filter(user_id=key.created_by_id, user__is_active=True).first()
    allowed = permissions_of(creator.roles) if creator else frozenset()
    scopes = frozenset(Permission(s) for s in key.scopes if s in PERMISSION_VALUES)
    return Actor(key.tenant_id, key.created_by, allowed & scopes, api_key=key)


def system_actor(tenant_id: uuid.UUID) -> Actor:
    """The product itself: commands, dispatcher, reaper. It may everything, but is no person."""
    return Actor(tenant_id, None, frozenset(Permission))
