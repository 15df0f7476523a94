"""/blocklist: what the company's prompts and pictures must not use."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.rights import blocklist
from imprimatur.rights.models import BlockedEntry
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find


class BlockedEntrySerializer(serializers.ModelSerializer[BlockedEntry]):
    """A word, mark or name that prompts and pictures must not use."""

    id = serializers.CharField(source="public_id", read_only=True)
    text = serializers.CharField(max_length=80)
    kind = serializers.ChoiceField(choices=list(blocklist.KINDS), required=False, default="word")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)

    class Meta:
        model = BlockedEntry
        fields = ["id", "text", "kind", "note", "created_at"]
        read_only_fields = ["created_at"]


class ImportSerializer(serializers.Serializer[Any]):
    """A list as CSV: text, kind, note."""

    file = serializers.FileField()


class ImportedSerializer(serializers.Serializer[Any]):
    """How many entries are new, how many were there."""

    added = serializers.IntegerField()
    there = serializers.IntegerField()


class Blocklist(TenantViewSet):
    """Words, marks and names that the company's prompts and pictures must not use."""

    model = BlockedEntry
    serializer_class = BlockedEntrySerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "create": Permission.MANAGE_RIGHTS,
        "destroy": Permission.MANAGE_RIGHTS,
        "import_list": Permission.MANAGE_RIGHTS,
    }

    def rows(self) -> QuerySet[BlockedEntry]:
        """All of them."""
        return blocklist.entries()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Everything that is blocked, newest first."""
        return self.page()

    @extend_schema(responses={201: BlockedEntrySerializer})
    def create(self, request: TenantRequest) -> Response:
        """Block one more."""
        asked = BlockedEntrySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(BlockedEntrySerializer(blocklist.add(request.actor, **asked.validated_data)).data, status=201)

    def destroy(self, request: TenantRequest, public_id: str) -> Response:
        """Allow it again."""
        blocklist.remove(request.actor, find(BlockedEntry, public_id))
        return Response(status=204)

    @extend_schema(request={"multipart/form-data": ImportSerializer}, responses=ImportedSerializer)
    def import_list(self, request: TenantRequest) -> Response:
        """Add every line of a CSV file, or none where one is wrong."""
        asked = ImportSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        added, there = blocklist.import_csv(request.actor, asked.validated_data["file"].read())
        return Response({"added": added, "there": there})


urlpatterns = [
    path("blocklist", Blocklist.as_view({"get": "list", "post": "create"})),
    path("blocklist/import", Blocklist.as_view({"post": "import_list"}, parser_classes=[MultiPartParser])),
    path("blocklist/<str:public_id>", Blocklist.as_view({"delete": "destroy"})),
]
