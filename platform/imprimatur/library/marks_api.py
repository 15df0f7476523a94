"""/marks: the company's marks as pictures, by their hash; new references that look like one must declare it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.library import marks
from imprimatur.library.models import MarkPicture
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find


class MarkSerializer(serializers.ModelSerializer[MarkPicture]):
    """A registered mark. Its picture is not kept, only a 64-bit hash of it."""

    id = serializers.CharField(source="public_id", read_only=True)

    class Meta:
        model = MarkPicture
        fields = ["id", "name", "created_at"]
        read_only_fields = fields


class NewMarkSerializer(serializers.Serializer[Any]):
    """A mark's name and a picture of it (PNG, JPEG, WebP)."""

    name = serializers.CharField(max_length=marks.MAX_NAME)
    file = serializers.FileField()


class Marks(TenantViewSet):
    """Marks that new references are compared with."""

    model = MarkPicture
    serializer_class = MarkSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "create": Permission.MANAGE_RIGHTS,
        "destroy": Permission.MANAGE_RIGHTS,
    }

    def rows(self) -> QuerySet[MarkPicture]:
        """All of them."""
        return marks.registered()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Registered marks, newest first."""
        return self.page()

    @extend_schema(request={"multipart/form-data": NewMarkSerializer}, responses={201: MarkSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Register one more picture of a mark."""
        asked = NewMarkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        name, file = asked.validated_data["name"], asked.validated_data["file"]
        return Response(MarkSerializer(marks.register(request.actor, name, file.read())).data, status=201)

    def destroy(self, request: TenantRequest, public_id: str) -> Response:
        """Compare with it no more."""
        marks.forget(request.actor, find(MarkPicture, public_id))
        return Response(status=204)


urlpatterns = [
    path("marks", Marks.as_view({"get": "list", "post": "create"}, parser_classes=[MultiPartParser])),
    path("marks/<str:public_id>", Marks.as_view({"delete": "destroy"})),
]
