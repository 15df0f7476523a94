"""What every endpoint is made from: who calls, in which company, with which permission, all in one transaction."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from imprimatur.tenants.actor import Actor, actor_for, actor_for_key
from imprimatur.tenants.http import active_tenant_id
from imprimatur.tenants.models import ApiKey
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.idempotency import Replayed, first_time, keep
from imprimatur.tenants.scope import tenant_scope


class TenantRequest(Request):
    """A request inside a company's scope."""

    actor: Actor


class TenantEndpoint(APIView):
    """The shared half of the two bases below.

    permissions: HTTP method or viewset action -> Permission; reading needs VIEW unless it says otherwise.
    persons_only: methods or actions that no API key may call (403 `person_required`).
    holds_secret: the answer to a POST is shown once, so a replay of it is refused.
    secret_answers: the same for some of the actions.
    """

    permissions: ClassVar[dict[str, Permission]] = {}
    persons_only: ClassVar[frozenset[str]] = frozenset()
    holds_secret: ClassVar[bool] = False
    secret_answers: ClassVar[frozenset[str]] = frozenset()
    request: TenantRequest

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's own, inside whatever scope `initial` enters."""
        self.entered, self.replay_key = False, ""
        with ExitStack() as self.scope:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Sign-in, scope, actor, permission, and an earlier answer to the same POST."""
        super().initial(request, *args, **kwargs)
        self.enter(request)
        names = {request.method or "", getattr(self, "action", None) or ""}
        if names & self.persons_only:
            request.actor.require_person()
        request.actor.require(self.permission_for(names, request.method))
        self.replay_key = first_time(request, request.actor)

    def enter(self, request: Any) -> None:
        """Enter the scope of the key's company, or of the one the person works in."""
        key = request.auth if isinstance(request.auth, ApiKey) else None
        tenant_id = key.tenant_id if key else active_tenant_id(request._request)
        self.scope.enter_context(tenant_scope(tenant_id))
        self.entered = True
        request.actor = actor_for_key(key) if key else actor_for(request.user, tenant_id)

    def permission_for(self, names: set[str], method: str) -> Permission:
        """The permission of this method or action; an unsafe one without a permission is a programming error."""
        for name in names:
            if name in self.permissions:
                return self.permissions[name]
        if method in SAFE_METHODS or not hasattr(self, method.lower()):  # there is none: 405 is said later
            return Permission.VIEW
        raise ImproperlyConfigured(f"{type(self).__name__} names no permission for {method}")

    def handle_exception(self, exc: Exception) -> Response:
        """An error undoes everything; an earlier answer is given again."""
        if isinstance(exc, Replayed):
            return exc.response
        if self.entered:
            transaction.set_rollback(True)
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Keep the answer for a replay; let nobody else cache it."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        if self.replay_key and isinstance(answer, Response):
            secret = self.holds_secret or getattr(self, "action", None) in self.secret_answers
            keep(self.replay_key, request, request.actor, answer, holds_secret=secret)
        return answer


class TenantAPIView(TenantEndpoint):
    """For endpoints with methods `get`, `post`, ..."""


class TenantViewSet(TenantEndpoint, GenericViewSet[Any]):
    """For endpoints with actions. Subclasses name `model` and write `rows()`; ids in paths are `<str:public_id>`."""

    model: ClassVar[type[Model]]
    lookup_field = "public_id"

    def rows(self) -> QuerySet[Any]:
        """The rows a list shows, asked inside the scope."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        """`rows()`; an empty query while the API document is drawn up, outside any scope."""
        if getattr(self, "swagger_fake_view", False):
            return self.model._base_manager.none()
        return self.rows()

    def page(self, rows: Any = None) -> Response:
        """One page of the list, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset() if rows is None else rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
