"""/webhooks: addresses that are told what happens in the company."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find
from imprimatur.webhooks import secrets, selectors, services
from imprimatur.webhooks.models import Delivery, Endpoint


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """Where events go. events: kinds that are told, none is all; cursor: number of the event it was told last;
    failures: tries in a row that it did not take; disabled_at: nothing is told until it is resumed, because of
    `disabled_because`: paused, failures or gone."""

    id = serializers.CharField(source="public_id", read_only=True)
    events = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=100)

    class Meta:
        model = Endpoint
        fields = [
            "id",
            "url",
            "events",
            "cursor",
            "failures",
            "trouble",
            "next_at",
            "delivered_at",
            "disabled_at",
            "disabled_because",
            "created_at",
        ]
        read_only_fields = [name for name in fields if name not in ("url", "events")]
        extra_kwargs: ClassVar[dict[str, Any]] = {"url": {"validators": []}}


class EndpointSecretSerializer(EndpointSerializer):
    """With the secret that its deliveries are signed with, which is shown this once."""

    secret = serializers.SerializerMethodField()

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]

    def get_secret(self, endpoint: Endpoint) -> str:
        """`whsec_...`, as Standard Webhooks writes it."""
        return secrets.shown(endpoint)


class EventsSerializer(serializers.Serializer[Endpoint]):
    """Kinds that are told from now on; none is all of them."""

    events = serializers.ListField(child=serializers.CharField(max_length=80), max_length=100)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """What became of one event or test. seq: its number in the trail, null for a test; by_hand: a person asked for it,
    so it is tried once; status: of the last answer; trouble: why it was not taken."""

    id = serializers.CharField(source="public_id", read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "event",
            "seq",
            "by_hand",
            "attempts",
            "tried_at",
            "taken_at",
            "status",
            "trouble",
            "detail",
            "created_at",
        ]
        read_only_fields = fields


class Endpoints(TenantViewSet):
    """Addresses that are told what happens in the company, event by event, signed."""

    model = Endpoint
    serializer_class = EndpointSerializer
    permissions: ClassVar[dict[str, Permission]] = dict.fromkeys(
        ("list", "create", "destroy", "choose", "rotate", "pause", "resume", "test"), Permission.MANAGE_TENANT
    )
    persons_only = frozenset({"create", "destroy", "choose", "rotate", "pause", "resume", "test"})
    secret_answers = frozenset({"create", "rotate"})

    def rows(self) -> QuerySet[Endpoint]:
        """All of them."""
        return selectors.endpoints()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Every address, newest first, and how far each has been told."""
        return self.page()

    @extend_schema(responses={201: EndpointSecretSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Tell one more address what happens from now on. The answer holds its secret, once."""
        asked = EndpointSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(EndpointSecretSerializer(services.add(request.actor, **asked.validated_data)).data, status=201)

    def destroy(self, request: TenantRequest, public_id: str) -> Response:
        """Tell it nothing more."""
        services.remove(request.actor, find(Endpoint, public_id))
        return Response(status=204)

    @extend_schema(request=None, responses=EndpointSecretSerializer)
    def rotate(self, request: TenantRequest, public_id: str) -> Response:
        """A new secret, shown once; for a day deliveries are signed with both."""
        return Response(EndpointSecretSerializer(services.rotate(request.actor, find(Endpoint, public_id))).data)

    @extend_schema(request=EventsSerializer, responses=EndpointSerializer)
    def choose(self, request: TenantRequest, public_id: str) -> Response:
        """Tell other kinds of events from now on."""
        asked = EventsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.change_events(request.actor, find(Endpoint, public_id), asked.validated_data["events"])
        return Response(EndpointSerializer(changed).data)

    @extend_schema(request=None, responses=EndpointSerializer)
    def pause(self, request: TenantRequest, public_id: str) -> Response:
        """Tell nothing until it is resumed."""
        return Response(EndpointSerializer(services.pause(request.actor, find(Endpoint, public_id))).data)

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def test(self, request: TenantRequest, public_id: str) -> Response:
        """Send a signed test, once, within seconds."""
        made = services.test(request.actor, find(Endpoint, public_id))
        return Response(DeliverySerializer(made).data, status=202)

    @extend_schema(request=None, responses=EndpointSerializer)
    def resume(self, request: TenantRequest, public_id: str) -> Response:
        """Try again now, from the event that it did not take."""
        return Response(EndpointSerializer(services.resume(request.actor, find(Endpoint, public_id))).data)


class Deliveries(TenantViewSet):
    """What became of the newest events of one address."""

    model = Delivery
    serializer_class = DeliverySerializer
    permissions: ClassVar[dict[str, Permission]] = dict.fromkeys(("list", "again"), Permission.MANAGE_TENANT)
    persons_only = frozenset({"again"})

    def rows(self) -> QuerySet[Delivery]:
        """Of this address."""
        return selectors.deliveries(find(Endpoint, self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """The last hundred, newest first."""
        return self.page()

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def again(self, request: TenantRequest, public_id: str, delivery: str) -> Response:
        """Send its event once more under the same id, once, within seconds."""
        made = services.send_again(request.actor, selectors.delivery(find(Endpoint, public_id), delivery))
        return Response(DeliverySerializer(made).data, status=202)


urlpatterns = [
    path("webhooks", Endpoints.as_view({"get": "list", "post": "create"})),
    path("webhooks/<str:public_id>", Endpoints.as_view({"delete": "destroy"})),
    path("webhooks/<str:public_id>/events", Endpoints.as_view({"put": "choose"})),
    path("webhooks/<str:public_id>/pause", Endpoints.as_view({"post": "pause"})),
    path("webhooks/<str:public_id>/test", Endpoints.as_view({"post": "test"})),
    path("webhooks/<str:public_id>/deliveries", Deliveries.as_view({"get": "list"})),
    path("webhooks/<str:public_id>/deliveries/<str:delivery>/again", Deliveries.as_view({"post": "again"})),
    path("webhooks/<str:public_id>/rotate", Endpoints.as_view({"post": "rotate"})),
    path("webhooks/<str:public_id>/resume", Endpoints.as_view({"post": "resume"})),
]
