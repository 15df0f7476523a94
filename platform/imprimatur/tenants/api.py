"""/me, /members, /invitations, /api-keys, /audit-events."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.audit import selectors as audit
from imprimatur.audit.models import AuditEvent
from imprimatur.tenants import audit_exports, invitations, selectors, services
from imprimatur.tenants.http import base_url
from imprimatur.tenants.models import ApiKey, Invitation, Membership
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.pagination import NewestEventFirst
from imprimatur.tenants.rest.views import TenantAPIView, TenantRequest, TenantViewSet
from imprimatur.tenants.serializers import (
    ApiKeySerializer,
    AuditEventSerializer,
    ChainCheckSerializer,
    InvitationSerializer,
    MembershipSerializer,
    MeSerializer,
    NewApiKeySerializer,
    SentInvitationSerializer,
)


class Me(TenantAPIView):
    """Who is calling."""

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: TenantRequest) -> Response:
        """The person or key, their company and permissions."""
        actor = request.actor
        facts = {
            "person": actor.person,
            "key": actor.api_key.public_id if actor.api_key else None,
            "tenant": selectors.tenant(),
            "permissions": sorted(actor.permissions),
        }
        return Response(MeSerializer(facts).data)


class Members(TenantViewSet):
    """The company's people."""

    model = Membership
    serializer_class = MembershipSerializer

    def rows(self) -> QuerySet[Membership]:
        """Everybody."""
        return selectors.members()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Everybody, newest first."""
        return self.page()


class Invitations(TenantViewSet):
    """Ways into the company, each for one address."""

    model = Invitation
    serializer_class = InvitationSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.MANAGE_TENANT,
        "create": Permission.MANAGE_TENANT,
        "send": Permission.MANAGE_TENANT,
        "take_back": Permission.MANAGE_TENANT,
    }
    persons_only = frozenset({"create", "send", "take_back"})
    secret_answers = frozenset({"create", "send"})

    def rows(self) -> QuerySet[Invitation]:
        """Those that are open, run out or not."""
        return selectors.open_invitations()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Invitations that nobody has accepted or taken back, newest first."""
        return self.page()

    @extend_schema(responses={201: SentInvitationSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Mail a link to the address; it works once and for seven days. 409 for a member or an open invitation."""
        asked = InvitationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made, address = invitations.invite(request.actor, **asked.validated_data, base_url=base_url(request))
        return Response({**InvitationSerializer(made).data, "address": address}, status=201)

    @extend_schema(request=None, responses=SentInvitationSerializer)
    def send(self, request: TenantRequest, public_id: str) -> Response:
        """Mail a new link for another seven days; the former one ends."""
        found = selectors.find(Invitation, public_id)
        sent, address = invitations.send_again(request.actor, found, base_url(request))
        return Response({**InvitationSerializer(sent).data, "address": address})

    @extend_schema(request=None)
    def take_back(self, request: TenantRequest, public_id: str) -> Response:
        """End an invitation that nobody has accepted."""
        taken = invitations.take_back(request.actor, selectors.find(Invitation, public_id))
        return Response(InvitationSerializer(taken).data)


class ApiKeys(TenantViewSet):
    """Keys for machines."""

    model = ApiKey
    serializer_class = ApiKeySerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.MANAGE_TENANT,
        "create": Permission.MANAGE_TENANT,
        "revoke": Permission.MANAGE_TENANT,
    }
    persons_only = frozenset({"create", "revoke"})
    holds_secret = True

    def rows(self) -> QuerySet[ApiKey]:
        """Revoked keys too."""
        return selectors.api_keys()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Keys, newest first, without their secrets."""
        return self.page()

    @extend_schema(responses={201: NewApiKeySerializer})
    def create(self, request: TenantRequest) -> Response:
        """A new key; its secret is in this answer only."""
        asked = ApiKeySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        key, secret = services.create_api_key(request.actor, **asked.validated_data)
        return Response({**ApiKeySerializer(key).data, "secret": secret}, status=201)

    @extend_schema(request=None)
    def revoke(self, request: TenantRequest, public_id: str) -> Response:
        """End the key at once."""
        key = services.revoke_api_key(request.actor, selectors.find(ApiKey, public_id))
        return Response(ApiKeySerializer(key).data)


class AuditEvents(TenantViewSet):
    """The company's trail."""

    model = AuditEvent
    serializer_class = AuditEventSerializer
    pagination_class = NewestEventFirst
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.VIEW_AUDIT,
        "verification": Permission.VIEW_AUDIT,
    }

    def rows(self) -> QuerySet[AuditEvent]:
        """Of one subject or kind, when asked."""
        asked: Any = self.request.query_params
        return audit.events(
            self.request.actor.tenant_id, subject=asked.get("subject", ""), event=asked.get("event", "")
        )

    @extend_schema(parameters=[OpenApiParameter("subject", str), OpenApiParameter("event", str)])
    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Events, newest first."""
        return self.page()

    @extend_schema(operation_id="audit_events_verification", responses=ChainCheckSerializer)
    def verification(self, request: TenantRequest) -> Response:
        """Compute the whole chain again."""
        return Response(ChainCheckSerializer(audit.verify(request.actor.tenant_id)).data)


urlpatterns = [
    path("me", Me.as_view()),
    path("members", Members.as_view({"get": "list"})),
    path("invitations", Invitations.as_view({"get": "list", "post": "create"})),
    path("invitations/<str:public_id>/send", Invitations.as_view({"post": "send"})),
    path("invitations/<str:public_id>/take-back", Invitations.as_view({"post": "take_back"})),
    path("api-keys", ApiKeys.as_view({"get": "list", "post": "create"})),
    path("api-keys/<str:public_id>/revoke", ApiKeys.as_view({"post": "revoke"})),
    path("audit-events", AuditEvents.as_view({"get": "list"})),
    path("audit-events/verification", AuditEvents.as_view({"get": "verification"})),
    *audit_exports.urlpatterns,
]
