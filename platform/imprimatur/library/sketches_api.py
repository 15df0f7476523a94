"""/sketches: shapes in which a subject may be; orders name them by id."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.library import sketches
from imprimatur.library.models import Sketch
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find


class SketchSerializer(serializers.ModelSerializer[Sketch]):
    """A shape. `sha256` is what an order's spec names; `white` the share of the picture in which a subject may be."""

    id = serializers.CharField(source="public_id", read_only=True)

    class Meta:
        model = Sketch
        fields = ["id", "sha256", "white", "created_at", "ordered_at"]
        read_only_fields = fields


class NewSketchSerializer(serializers.Serializer[Any]):
    """A picture (PNG, JPEG, WebP), bright where the subject may be, dark elsewhere; stretched to the picture's form."""

    file = serializers.FileField()


class Sketches(TenantViewSet):
    """Shapes of the company's."""

    model = Sketch
    serializer_class = SketchSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.GENERATE}

    def rows(self) -> QuerySet[Sketch]:
        """All that are kept."""
        return Sketch.objects.all()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Shapes, newest first."""
        return self.page()

    @extend_schema(request={"multipart/form-data": NewSketchSerializer}, responses={201: SketchSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Keep a shape, made anew in black and white, for a day or as long as the orders that name it."""
        asked = NewSketchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = sketches.take_in(request.actor, asked.validated_data["file"].read())
        return Response(SketchSerializer(made).data, status=201)

    def retrieve(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """One shape's facts."""
        return Response(SketchSerializer(find(Sketch, public_id)).data)

    @extend_schema(operation_id="sketches_content", responses={(200, "image/png"): OpenApiTypes.BINARY})
    def content(self, request: Request, public_id: str) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        """The shape as it is kept."""
        data, mime = sketches.content(find(Sketch, public_id))
        return HttpResponse(data, content_type=mime, headers={"Cache-Control": "private, no-store"})


urlpatterns = [
    path("sketches", Sketches.as_view({"get": "list", "post": "create"}, parser_classes=[MultiPartParser])),
    path("sketches/<str:public_id>", Sketches.as_view({"get": "retrieve"})),
    path("sketches/<str:public_id>/content", Sketches.as_view({"get": "content"})),
]
