"""Who is calling the API: a machine by `Authorization: Bearer imp_live_...`, or a person by their session."""

from __future__ import annotations

import hmac
import uuid
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from imprimatur.tenants.models import ApiKey, User
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import tenant_id_of_key
from imprimatur.tenants.services import KEY_PREFIX, hash_secret

SCHEME: Final = "Bearer"
_USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)


class KeyAuthentication(BaseAuthentication):
    """An API key. The key names its company; its public part finds it, the hash of the whole proves it."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """The key's maker and the key; None when no key was sent."""
        scheme, _space, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        key = find_key(secret.strip())
        if key is None:
            raise AuthenticationFailed(_("This API key is not known, or was revoked."), code="unknown_key")
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Makes a missing sign-in a 401."""
        return SCHEME


class PersonAuthentication(SessionAuthentication):
    """A signed-in person in a browser; unsafe methods need the CSRF token."""


def find_key(secret: str) -> ApiKey | None:
    """The standing key of that secret."""
    lookup = secret.removeprefix(KEY_PREFIX).partition("_")[0]
    tenant_id = tenant_id_of_key(lookup) if secret.startswith(KEY_PREFIX) else None
    if tenant_id is None:
        return None
    with tenant_scope(tenant_id):
        return _proven(lookup, secret, tenant_id)


def _proven(lookup: str, secret: str, tenant_id: uuid.UUID) -> ApiKey | None:
    key = ApiKey.objects.select_related("created_by").get(lookup=lookup, tenant_id=tenant_id)
    proven = hmac.compare_digest(key.secret_hash, hash_secret(secret))
    if not proven or key.revoked_at is not None or not key.created_by.is_active:
        return None
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > _USE_IS_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API document describes keys."""

    target_class = KeyAuthentication
    name = "ApiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        """An HTTP bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": f"{KEY_PREFIX}..."}


class PersonScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API document describes a person's session."""

    target_class = PersonAuthentication
    name = "Session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        """The session's cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "imprimatur_session"}
