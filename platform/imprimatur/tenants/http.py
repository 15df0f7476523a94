"""The edge of every page: a signed-in person, the company they work in, its scope, their permission."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.actor import Actor, actor_for
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import tenant_ids_of

SESSION_TENANT: Final = "tenant"


class TenantRequest(HttpRequest):
    """A request of a page made with `tenant_page`."""

    actor: Actor
    user: User


Page = Callable[..., HttpResponse]


def tenant_page(permission: Permission) -> Callable[[Page], Page]:
    """Wrap a page: sign-in first, then the view runs inside the active company's scope with `request.actor`.

    The whole view is one transaction; an exception undoes it. Nothing a tenant sees is cached by anybody but them.
    """

    def decorate(view: Page) -> Page:
        @login_required
        @wraps(view)
        def page(request: TenantRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with tenant_scope(active_tenant_id(request)) as tenant_id:
                request.actor = actor_for(request.user, tenant_id)
                request.actor.require(permission)
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # its queries belong to the scope
            patch_cache_control(response, private=True, no_store=True)
            return response

        return page

    return decorate


def base_url(request: HttpRequest) -> str:
    """Where people reach us: the configured address, or on one machine the one that was used."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def active_tenant_id(request: HttpRequest) -> uuid.UUID:
    """The company the person works in: the session's choice while they belong to it, else their first one."""
    assert isinstance(request.user, User)  # noqa: S101 - callers have asked for sign-in
    ids = tenant_ids_of(request.user)
    chosen = request.session.get(SESSION_TENANT, "")
    for tenant_id in ids:
        if str(tenant_id) == chosen:
            return tenant_id
    if not ids:
        raise NotFound(_("You are not a member of any company yet. Ask an owner to add you."), code="no_company")
    request.session[SESSION_TENANT] = str(ids[0])
    return ids[0]


def choose_tenant(request: HttpRequest, tenant_id: uuid.UUID) -> None:
    """Work in another of the person's companies from now on; NotFound for one they do not belong to."""
    assert isinstance(request.user, User)  # noqa: S101 - callers have asked for sign-in
    if tenant_id not in tenant_ids_of(request.user):
        raise NotFound
    request.session[SESSION_TENANT] = str(tenant_id)


def resolve_actor(request: HttpRequest) -> Actor | None:
    """The actor of an async view, asked by `sync_to_async(resolve_actor)(request)`; None before sign-in.

    The scope it needs is closed again: enter `tenant_scope(actor.tenant_id)` for each later query.
    """
    if not isinstance(request.user, User):
        return None
    with tenant_scope(active_tenant_id(request)) as tenant_id:
        return actor_for(request.user, tenant_id)
