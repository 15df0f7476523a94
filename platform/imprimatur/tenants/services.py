"""Companies, their people and their keys: what changes them."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from imprimatur.audit import services as audit
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted
from imprimatur.tenants.models import ApiKey, Membership, Tenant, User
from imprimatur.tenants.permissions import PERMISSION_VALUES, ROLE_VALUES, Permission, Role
from imprimatur.tenants.scope import tenant_scope

KEY_PREFIX: Final = "imp_live_"
_LOOKUP_LENGTH: Final = 16


def provision_tenant(slug: str, name: str) -> Tenant:
    """A new company. Operators' work (a command), so there is no actor; Conflict when the slug is taken."""
    tenant_id = uuid.uuid4()
    try:
        with tenant_scope(tenant_id):
            tenant = Tenant.objects.create(id=tenant_id, slug=slug, name=name)
            audit.record(tenant_id, "system", "tenant.provisioned", "", {"slug": slug})
    except IntegrityError as taken:
        raise Conflict(_("A company with this short name exists already."), code="slug_taken") from taken
    return tenant


def add_member(  # noqa: PLR0917 - its callers read as a sentence
    actor: Actor,
    tenant: Tenant,
    email: str,
    password: str,
    name: str,
    roles: Iterable[Role | str],
    language: str = "en",
) -> Membership:
    """Let a person in with these roles: operators' work, as there is no invitation before the first owner.

    An account that is there already keeps its password and its name. NotPermitted for a person or a key: they invite.
    """
    actor.require(Permission.MANAGE_TENANT)
    if actor.user is not None:
        raise NotPermitted(_("People come in by invitation."), code="invite_instead")
    role_values = known_roles(roles)
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email).first() or new_user(email, password, name, language)
        return join(actor.label, tenant.id, user, role_values)


def join(label: str, tenant_id: uuid.UUID, user: User, roles: list[str], **facts: str) -> Membership:
    """Make the person a member, by whoever `label` names. Conflict when they are one already."""
    if Membership.objects.filter(user=user).exists():
        raise Conflict(_("This person is a member already."), code="already_member")
    membership = Membership.objects.create(tenant_id=tenant_id, user=user, roles=roles)
    said = {"roles": roles, "user": str(user.id), **facts}
    audit.record(tenant_id, label, "member.added", membership.public_id, said)
    return membership


def change_roles(actor: Actor, membership: Membership, roles: Iterable[Role | str]) -> Membership:
    """Give a member other roles. The last owner stays an owner."""
    actor.require(Permission.MANAGE_TENANT)
    role_values = known_roles(roles)
    if Role.OWNER not in role_values:
        _keep_an_owner(membership)
    membership.roles = role_values
    membership.save(update_fields=["roles"])
    facts = {"roles": role_values, "user": str(membership.user_id)}
    audit.record(actor.tenant_id, actor.label, "member.roles_changed", membership.public_id, facts)
    return membership


def remove_member(actor: Actor, membership: Membership) -> None:
    """Take a person out of the company; their keys end with it. Their facts (decisions, events) stay."""
    actor.require(Permission.MANAGE_TENANT)
    _keep_an_owner(membership)
    public_id = membership.public_id
    membership.delete()
    audit.record(actor.tenant_id, actor.label, "member.removed", public_id, {"user": str(membership.user_id)})


def change_language(user: User, language: str) -> None:
    """The language of the person's pages and mails."""
    if language not in {"en", "ja"}:
        raise InvalidInput(_("Choose English or Japanese."), code="unknown_language")
    user.language = language
    user.save(update_fields=["language"])


def create_api_key(actor: Actor, name: str, scopes: Iterable[Permission | str]) -> tuple[ApiKey, str]:
    """A key for a machine and its secret, which is shown this once. `scopes` are permissions; deciding is not one."""
    actor.require(Permission.MANAGE_TENANT)
    creator = actor.require_person()
    if not name.strip():
        raise InvalidInput(errors=[{"field": "name", "message": _("Give the key a name.")}])
    lookup = secrets.token_hex(_LOOKUP_LENGTH // 2)
    secret = f"{KEY_PREFIX}{lookup}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        tenant_id=actor.tenant_id,
        name=name.strip(),
        lookup=lookup,
        secret_hash=hash_secret(secret),
        scopes=_scopes(scopes),
        created_by=creator,
    )
    audit.record(actor.tenant_id, actor.label, "api_key.created", key.public_id, {"scopes": key.scopes})
    return key, secret


def revoke_api_key(actor: Actor, key: ApiKey) -> ApiKey:
    """End a key at once. Revoking twice changes nothing."""
    actor.require(Permission.MANAGE_TENANT)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit.record(actor.tenant_id, actor.label, "api_key.revoked", key.public_id, {})
    return key


def new_user(email: str, password: str, name: str, language: str) -> User:
    """An account. InvalidInput names what is wrong with the address or the password (Django's validators)."""
    address = valid_address(email)
    user = User(username=uuid.uuid4().hex, email=address, first_name=name[:150], language=language)
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise InvalidInput(errors=[{"field": "password", "message": m} for m in weak.messages]) from weak
    user.set_password(password)
    user.save()
    return user


def valid_address(email: str) -> str:
    """The address in small letters. InvalidInput when it is none."""
    try:
        validate_email(email)
        MaxLengthValidator(User._meta.get_field("email").max_length or 254)(email)
    except ValidationError as wrong:
        raise InvalidInput(errors=[{"field": "email", "message": m} for m in wrong.messages]) from wrong
    return email.lower()


def known_roles(roles: Iterable[Role | str]) -> list[str]:
    """The roles' values, sorted. InvalidInput for none, or one that is not known."""
    values = sorted({str(role) for role in roles})
    unknown = [v for v in values if v not in ROLE_VALUES]
    if unknown or not values:
        raise InvalidInput(errors=[{"field": "roles", "message": _("Choose at least one of the known roles.")}])
    return values


def hash_secret(secret: str) -> str:
    """SHA-256 (hex). The secret has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _scopes(scopes: Iterable[Permission | str]) -> list[str]:
    values = sorted({str(scope) for scope in scopes})
    if Permission.DECIDE in values or any(v not in PERMISSION_VALUES for v in values) or not values:
        message = _("Choose what the key may do. Deciding about pictures needs a person.")
        raise InvalidInput(errors=[{"field": "scopes", "message": message}])
    return values


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(roles__contains=[Role.OWNER])
    if Role.OWNER in membership.roles and not owners.exclude(pk=membership.pk).exists():
        raise Conflict(_("A company needs at least one owner."), code="last_owner")
