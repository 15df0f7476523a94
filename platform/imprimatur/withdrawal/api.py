"""What a record reaches, its revocation, withdrawals and their packs, evidence, recipients of releases."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.generations.models import Output
from imprimatur.generations.quarantine import evidence
from imprimatur.releases.models import Release
from imprimatur.releases.selectors import get_release
from imprimatur.rights import selectors as rights
from imprimatur.rights import services as right_services
from imprimatur.rights.models import ConsentRecord, RightRecord, TrademarkLicence
from imprimatur.rights.serializers import ConsentSerializer, LicenceSerializer
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find
from imprimatur.withdrawal import pack, selectors, services
from imprimatur.withdrawal.impact import impact
from imprimatur.withdrawal.models import Notice, Reached, Recipient, Withdrawal
from imprimatur.withdrawal.serializers import (
    ImpactSerializer,
    NoticeSerializer,
    PackQuerySerializer,
    ReachedSerializer,
    RecipientSerializer,
    RevokeSerializer,
    WithdrawalFilterSerializer,
    WithdrawalSerializer,
)

ZIP = {(200, "application/zip"): OpenApiTypes.BINARY}
PICTURE = {(200, "image/png"): OpenApiTypes.BINARY}
ANSWER = PolymorphicProxySerializer(  # the record as it stands now, or what ending it would reach
    component_name="RevocationAnswer",
    serializers=[ConsentSerializer, LicenceSerializer, ImpactSerializer],
    resource_type_field_name=None,
)


class _Effects(TenantViewSet):
    """What ending a record would do, and ending it."""

    permissions: ClassVar[dict[str, Permission]] = {
        "impact": Permission.MANAGE_RIGHTS,
        "revoke": Permission.MANAGE_RIGHTS,
    }

    def record(self, public_id: str) -> RightRecord:
        """The record of that id; NotFound."""
        raise NotImplementedError

    @extend_schema(responses=ImpactSerializer)
    def impact(self, request: TenantRequest, public_id: str) -> Response:
        """What a revocation would reach today. Changes nothing."""
        return Response(ImpactSerializer(impact(request.actor, self.record(public_id))).data)

    @extend_schema(request=RevokeSerializer, responses=ANSWER)
    def revoke(self, request: TenantRequest, public_id: str) -> Response:
        """End the right for good, at once: nothing is drawn, shown, released or served under it any more.

        With `dry_run` the answer is the impact, and nothing changes. Follow the effects at `/withdrawals`.
        """
        asked = RevokeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if asked.validated_data["dry_run"]:
            return self.impact(request, public_id)
        ended = right_services.revoke(request.actor, self.record(public_id), asked.validated_data["reason"])
        return Response(self.get_serializer(ended).data)


class ConsentEffects(_Effects):
    """Of consents."""

    model = ConsentRecord
    serializer_class = ConsentSerializer

    def record(self, public_id: str) -> ConsentRecord:
        """The consent of that id."""
        return rights.get_consent(public_id)


class LicenceEffects(_Effects):
    """Of trademark licences."""

    model = TrademarkLicence
    serializer_class = LicenceSerializer

    def record(self, public_id: str) -> TrademarkLicence:
        """The licence of that id."""
        return rights.get_licence(public_id)


class Withdrawals(TenantViewSet):
    """How far the effects of a record's change have come."""

    model = Withdrawal
    serializer_class = WithdrawalSerializer
    permissions: ClassVar[dict[str, Permission]] = {"pack": Permission.MANAGE_RIGHTS}

    def rows(self) -> QuerySet[Withdrawal]:
        """Of one record, when asked."""
        asked = WithdrawalFilterSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        actor, record = self.request.actor, asked.validated_data.get("record")
        if record:
            return selectors.of_record(actor, rights.get_record(record))
        return selectors.withdrawals(actor)

    @extend_schema(parameters=[WithdrawalFilterSerializer])
    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Withdrawals, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:
        """One withdrawal and its progress."""
        return Response(self.get_serializer(selectors.get(request.actor, public_id)).data)

    @extend_schema(parameters=[PackQuerySerializer], responses=ZIP)
    def pack(self, request: TenantRequest, public_id: str) -> HttpResponse:
        """The takedown pack: a signed notice, every file by digest and marks, who has one. Rights managers only."""
        asked = PackQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        row = selectors.get(request.actor, public_id)
        data = pack.content(request.actor, row, pictures=asked.validated_data["pictures"])
        name = f'attachment; filename="{row.public_id}.zip"'
        return HttpResponse(data, content_type="application/zip", headers={"Content-Disposition": name})


class ReachedPictures(TenantViewSet):
    """Pictures of one withdrawal."""

    model = Reached
    serializer_class = ReachedSerializer

    def rows(self) -> QuerySet[Reached]:
        """All of them."""
        return selectors.reached(selectors.get(self.request.actor, self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Every picture that was taken out of sight."""
        return self.page()


class Notices(TenantViewSet):
    """Mails of one withdrawal."""

    model = Notice
    serializer_class = NoticeSerializer
    permissions: ClassVar[dict[str, Permission]] = {"list": Permission.MANAGE_RIGHTS}

    def rows(self) -> QuerySet[Notice]:
        """All of them."""
        return selectors.notices(selectors.get(self.request.actor, self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Who is told, and whether the mail was taken. It names people: rights managers only."""
        return self.page()


class Evidence(TenantViewSet):
    """A quarantined picture."""

    model = Output
    serializer_class = ImpactSerializer
    permissions: ClassVar[dict[str, Permission]] = {"retrieve": Permission.MANAGE_RIGHTS}
    persons_only = frozenset({"retrieve"})

    @extend_schema(operation_id="outputs_evidence", responses=PICTURE)
    def retrieve(self, request: TenantRequest, public_id: str) -> HttpResponse:
        """The picture as evidence, for a rights manager in person; that they looked is recorded."""
        data, mime = evidence(request.actor, find(Output, public_id))
        return HttpResponse(data, content_type=mime)


class Recipients(TenantViewSet):
    """Who was given a released picture."""

    model = Recipient
    serializer_class = RecipientSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.RELEASE}

    def release(self) -> Release:
        """The release in the path; NotFound."""
        return get_release(self.request.actor, self.kwargs["public_id"])

    def rows(self) -> QuerySet[Recipient]:
        """Of that release."""
        return selectors.recipients([self.release()])

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Who is told should it be withdrawn. It names people: rights managers and owners only."""
        if not selectors.may_name_people(self.request.actor):
            self.request.actor.require(Permission.MANAGE_RIGHTS)
        return self.page()

    @extend_schema(responses={201: RecipientSerializer})
    def create(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002 - in the path
        """Name somebody who was given the file."""
        asked = RecipientSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(asked.validated_data)
        named = services.name_recipient(request.actor, self.release(), **said)
        return Response(RecipientSerializer(named).data, status=201)


def _effects(word: str, records: type[_Effects]) -> list[URLPattern]:
    return [
        path(f"{word}/<str:public_id>/impact", records.as_view({"get": "impact"})),
        path(f"{word}/<str:public_id>/revoke", records.as_view({"post": "revoke"})),
    ]


urlpatterns = [
    *_effects("consents", ConsentEffects),
    *_effects("trademark-licences", LicenceEffects),
    path("withdrawals", Withdrawals.as_view({"get": "list"})),
    path("withdrawals/<str:public_id>", Withdrawals.as_view({"get": "retrieve"})),
    path("withdrawals/<str:public_id>/pack", Withdrawals.as_view({"get": "pack"})),
    path("withdrawals/<str:public_id>/reached", ReachedPictures.as_view({"get": "list"})),
    path("withdrawals/<str:public_id>/notices", Notices.as_view({"get": "list"})),
    path("outputs/<str:public_id>/evidence", Evidence.as_view({"get": "retrieve"})),
    path("releases/<str:public_id>/recipients", Recipients.as_view({"get": "list", "post": "create"})),
]
