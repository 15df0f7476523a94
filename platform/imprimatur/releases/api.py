"""/releases: let approved pictures out, fetch and withdraw them; /verify: anybody may ask about a file."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from imprimatur.releases import selectors, services
from imprimatur.releases.models import Release
from imprimatur.releases.pace import VerifyThrottle
from imprimatur.releases.serializers import (
    NewReleaseSerializer,
    ReleaseSerializer,
    UploadSerializer,
    VerificationSerializer,
    WithdrawalSerializer,
)
from imprimatur.releases.verification import verify
from imprimatur.review.selectors import get_output
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet


class Releases(TenantViewSet):
    """What left the house."""

    model = Release
    serializer_class = ReleaseSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.RELEASE, "withdraw": Permission.VIEW}

    def rows(self) -> QuerySet[Release]:
        """Withdrawn ones too."""
        return selectors.releases(self.request.actor)

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Releases, newest first."""
        return self.page()

    @extend_schema(request=NewReleaseSerializer, responses={201: ReleaseSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Release a picture that two people approved, if the rights cover the use now."""
        asked = NewReleaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        output = get_output(request.actor, asked.validated_data["output"])
        said = asked.validated_data
        release = services.release(request.actor, output, said.get("use"), said.get("looks"))
        answer = Response(self.get_serializer(release).data, status=201)
        answer["Location"] = f"{request.path}/{release.public_id}"
        return answer

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:
        """One release."""
        return Response(self.get_serializer(selectors.get_release(request.actor, public_id)).data)

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY, (200, "image/jpeg"): OpenApiTypes.BINARY})
    def content(self, request: TenantRequest, public_id: str) -> HttpResponse:
        """The released file, as long as its rights hold: they are asked again each time."""
        release = selectors.get_release(request.actor, public_id)
        data, mime = services.download(request.actor, release)
        name = f"{release.public_id}.{mime.removeprefix('image/')}"
        return HttpResponse(data, content_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @extend_schema(request=WithdrawalSerializer)
    def withdraw(self, request: TenantRequest, public_id: str) -> Response:
        """Serve the picture to nobody any more."""
        asked = WithdrawalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        release = selectors.get_release(request.actor, public_id)
        row = services.withdraw(request.actor, release, asked.validated_data["reason"])
        return Response(self.get_serializer(row).data)


class Verify(APIView):
    """The public desk: no sign-in, nothing kept."""

    schema = AutoSchema()
    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (MultiPartParser,)
    throttle_classes = (VerifyThrottle,)

    @extend_schema(
        request={"multipart/form-data": UploadSerializer}, responses=VerificationSerializer, auth=[], tags=["verify"]
    )
    def post(self, request: Request) -> Response:
        """Is this picture ours, and is it still what we let out?"""
        upload = UploadSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        found = verify(upload.validated_data["file"].read())
        return Response(VerificationSerializer(found).data)


urlpatterns = [
    path("releases", Releases.as_view({"get": "list", "post": "create"})),
    path("releases/<str:public_id>", Releases.as_view({"get": "retrieve"})),
    path("releases/<str:public_id>/content", Releases.as_view({"get": "content"})),
    path("releases/<str:public_id>/withdraw", Releases.as_view({"post": "withdraw"})),
    path("verify", Verify.as_view()),
]
