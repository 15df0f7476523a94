"""/consents/{id}/contact-changes: another address for a record in force, which two people answer for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.rights import contact_changes, selectors
from imprimatur.rights.contact_states import changes_of
from imprimatur.rights.models import ContactChange
from imprimatur.rights.sealing import Contact
from imprimatur.rights.serializers import ContactChangeSerializer, ContactSerializer
from imprimatur.tenants.http import base_url
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet


class ContactChanges(TenantViewSet):
    """Rights managers only: names and addresses are for them. Every step needs a signed-in person."""

    model = ContactChange
    serializer_class = ContactChangeSerializer
    permissions: ClassVar[dict[str, Permission]] = dict.fromkeys(
        ("list", "propose", "confirm", "decline", "withdraw"), Permission.MANAGE_RIGHTS
    )
    persons_only = frozenset({"propose", "confirm", "decline", "withdraw"})

    def rows(self) -> QuerySet[ContactChange]:
        """Every change of the record's contact that was proposed."""
        return changes_of(selectors.get_record(self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Proposed changes, newest first."""
        return self.page()

    @extend_schema(request=ContactSerializer, responses={201: ContactChangeSerializer})
    def propose(self, request: TenantRequest, public_id: str) -> Response:
        """Propose another contact. The person is told at their present address; another rights manager confirms."""
        asked = ContactSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        record = selectors.get_record(public_id)
        change = contact_changes.propose(request.actor, record, Contact(**asked.validated_data), base_url(request))
        return Response(self.get_serializer(change).data, status=201)

    @extend_schema(request=None)
    def confirm(self, request: TenantRequest, public_id: str, change: str) -> Response:
        """Put it into effect: neither its proposer nor whoever drafted the record may."""
        return self._step(request, public_id, change, contact_changes.confirm)

    @extend_schema(request=None)
    def decline(self, request: TenantRequest, public_id: str, change: str) -> Response:
        """Say no to it."""
        return self._step(request, public_id, change, contact_changes.decline)

    @extend_schema(request=None)
    def withdraw(self, request: TenantRequest, public_id: str, change: str) -> Response:
        """Take one's own proposal back."""
        return self._step(request, public_id, change, contact_changes.withdraw)

    def _step(self, request: TenantRequest, public_id: str, change: str, service: Callable[..., Any]) -> Response:
        record = selectors.get_record(public_id)
        service(request.actor, record, contact_changes.get_change(record, change))
        return Response(self.get_serializer(contact_changes.get_change(record, change)).data)
