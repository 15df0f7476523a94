"""/brands, /subjects and /references: what a tenant's pictures are of."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.library import selectors, services
from imprimatur.library.models import Brand, ReferenceImage, Subject
from imprimatur.library.serializers import (
    BrandSerializer,
    DeclarationSerializer,
    NewReferenceSerializer,
    QualitySerializer,
    ReferenceSerializer,
    SubjectSerializer,
)
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet

PICTURE = {(200, "image/png"): OpenApiTypes.BINARY, (200, "image/jpeg"): OpenApiTypes.BINARY}
SUBJECT = OpenApiParameter("subject", str, description="Of this subject (`sub_...`) only.")
SIZE = OpenApiParameter("size", int, description="A signed rendition with at least this long side, where there is one.")


class Brands(TenantViewSet):
    """The company's brands."""

    model = Brand
    serializer_class = BrandSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.UPLOAD_REFERENCE}

    def rows(self) -> QuerySet[Brand]:
        """All of them."""
        return selectors.brands()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Brands, newest first."""
        return self.page()

    @extend_schema(responses={201: BrandSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Add a brand."""
        asked = BrandSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        brand = services.add_brand(request.actor, asked.validated_data["name"])
        return Response(BrandSerializer(brand).data, status=201)


class Subjects(TenantViewSet):
    """Products and people."""

    model = Subject
    serializer_class = SubjectSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.UPLOAD_REFERENCE}

    def rows(self) -> QuerySet[Subject]:
        """All of them."""
        return selectors.subjects()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Subjects, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002
        """One subject."""
        return Response(self.get_serializer(selectors.get_subject(public_id)).data)

    @extend_schema(responses={201: SubjectSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Add a product or a person to a brand."""
        asked = SubjectSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        brand = selectors.get_brand(said["brand"]["public_id"])
        subject = services.add_subject(request.actor, brand, said["name"], said["kind"], said["word"])
        body = SubjectSerializer(subject).data
        return Response(body, status=201, headers={"Location": f"{request.path}/{subject.public_id}"})


class References(TenantViewSet):
    """Reference pictures."""

    model = ReferenceImage
    serializer_class = ReferenceSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "create": Permission.UPLOAD_REFERENCE,
        "redeclare": Permission.VIEW,  # the service asks for what the correction needs
    }

    def rows(self) -> QuerySet[ReferenceImage]:
        """Of one subject, when asked."""
        asked = self.request.query_params.get("subject", "")
        return selectors.references(selectors.get_subject(asked) if asked else None)

    @extend_schema(parameters=[SUBJECT])
    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """References, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002
        """One reference."""
        return Response(self.get_serializer(selectors.get_reference(public_id)).data)

    @extend_schema(request={"multipart/form-data": NewReferenceSerializer}, responses={201: ReferenceSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Take in a picture: decoded, stripped, measured, signed. 422 with one clear sentence when it cannot serve."""
        asked = NewReferenceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(asked.validated_data)
        subject, file = selectors.get_subject(said.pop("subject")), said.pop("file")
        reference = services.take_in(request.actor, subject, file.read(), **said)
        body = ReferenceSerializer(reference).data
        return Response(body, status=201, headers={"Location": f"{request.path}/{reference.public_id}"})

    @extend_schema(request=DeclarationSerializer)
    def redeclare(self, request: TenantRequest, public_id: str) -> Response:
        """Correct what was declared at upload. Demanding fewer rights than before needs a rights manager."""
        asked = DeclarationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.redeclare(request.actor, selectors.get_reference(public_id), **asked.validated_data)
        return Response(ReferenceSerializer(row).data)

    @extend_schema(responses=QualitySerializer)
    def quality(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002
        """What the photo coach found, and what to do about it."""
        reference = selectors.get_reference(public_id)
        facts = {name: reference.quality[name] for name in ("verdict", "box")}
        return Response(QualitySerializer(facts | {"checks": selectors.coach(reference)}).data)

    @extend_schema(parameters=[SIZE], responses=PICTURE)
    def content(self, request: TenantRequest, public_id: str) -> HttpResponse:
        """The signed picture, or a smaller signed rendition of it."""
        reference = selectors.get_reference(public_id)
        size = _size(request.query_params.get("size", ""))
        data, mime = selectors.thumbnail(reference, size) if size else selectors.content(reference)
        return HttpResponse(data, content_type=mime)


def _size(text: str) -> int:
    """Pixels; 0 when nothing was asked. InvalidInput for anything but a positive number."""
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 5 or int(text) == 0:
        raise InvalidInput(errors=[{"field": "size", "message": _("Write a number of pixels, such as 480.")}])
    return int(text)


_ONE = "references/<str:public_id>"
urlpatterns = [
    path("brands", Brands.as_view({"get": "list", "post": "create"})),
    path("subjects", Subjects.as_view({"get": "list", "post": "create"})),
    path("subjects/<str:public_id>", Subjects.as_view({"get": "retrieve"})),
    path("references", References.as_view({"get": "list", "post": "create"}, parser_classes=[MultiPartParser])),
    path(_ONE, References.as_view({"get": "retrieve"})),
    path(f"{_ONE}/declaration", References.as_view({"put": "redeclare"})),
    path(f"{_ONE}/quality", References.as_view({"get": "quality"})),
    path(f"{_ONE}/content", References.as_view({"get": "content"})),
]
