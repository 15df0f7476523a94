"""/templates: prompts, their versions, who approved them, and what they render to."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.prompts import selectors, services
from imprimatur.prompts.models import PromptTemplate, TemplateVersion
from imprimatur.prompts.rendering import render
from imprimatur.prompts.serializers import (
    NewTemplateSerializer,
    RejectionSerializer,
    RenderedSerializer,
    RenderSerializer,
    TemplateSerializer,
    VersionSerializer,
    WordingSerializer,
)
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet


class Templates(TenantViewSet):
    """Prompt templates."""

    model = PromptTemplate
    serializer_class = TemplateSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.EDIT_TEMPLATE, "render": Permission.VIEW}

    def rows(self) -> QuerySet[PromptTemplate]:
        """All of them, with their versions."""
        return selectors.templates()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Templates, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002
        """One template with its versions."""
        return Response(self.get_serializer(selectors.get_template(public_id)).data)

    @extend_schema(request=NewTemplateSerializer, responses={201: TemplateSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Write a template; its first version is a draft."""
        asked = NewTemplateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        template = services.create_template(request.actor, **asked.validated_data).template
        body = TemplateSerializer(template).data
        return Response(body, status=201, headers={"Location": f"{request.path}/{template.public_id}"})

    @extend_schema(request=RenderSerializer, responses=RenderedSerializer)
    def render(self, request: TenantRequest, public_id: str) -> Response:
        """The English prompt for subjects and chosen options. Nothing is drawn."""
        asked = RenderSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        template = selectors.get_template(public_id)
        if number := said.get("version"):
            version = selectors.get_numbered(template, number)
        else:
            version = selectors.newest_approved(template)
        words = [said["subject"], *said["others"]]
        return Response(RenderedSerializer(render(version, words, said["variables"])).data)


class Versions(TenantViewSet):
    """Wordings of one template."""

    model = TemplateVersion
    serializer_class = VersionSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "create": Permission.EDIT_TEMPLATE,
        "update": Permission.EDIT_TEMPLATE,
        "submit": Permission.EDIT_TEMPLATE,
        "approve": Permission.APPROVE_TEMPLATE,
        "reject": Permission.APPROVE_TEMPLATE,
        "retire": Permission.APPROVE_TEMPLATE,
    }
    persons_only = frozenset({"approve", "reject"})

    def rows(self) -> QuerySet[TemplateVersion]:
        """All versions of the template."""
        return selectors.versions(selectors.get_template(self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Versions, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str, number: int) -> Response:  # noqa: ARG002
        """One version."""
        return Response(self.get_serializer(_version(public_id, number)).data)

    @extend_schema(request=WordingSerializer, responses={201: VersionSerializer})
    def create(self, request: TenantRequest, public_id: str) -> Response:
        """Write the next version; approved ones stay in use until they are retired."""
        asked = WordingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = services.new_version(request.actor, selectors.get_template(public_id), **asked.validated_data)
        body = VersionSerializer(version).data
        return Response(body, status=201, headers={"Location": f"{request.path}/{version.number}"})

    @extend_schema(request=WordingSerializer)
    def update(self, request: TenantRequest, public_id: str, number: int) -> Response:
        """Change a draft. 409 once it was submitted."""
        asked = WordingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = {name: asked.validated_data[name] for name in ("text", "variables")}
        version = services.edit_draft(request.actor, _version(public_id, number), **said)
        return Response(VersionSerializer(version).data)

    @extend_schema(request=None)
    def submit(self, request: TenantRequest, public_id: str, number: int) -> Response:
        """Ask for approval; the wording is frozen from here on."""
        return _step(request, services.submit, public_id, number)

    @extend_schema(request=None)
    def approve(self, request: TenantRequest, public_id: str, number: int) -> Response:
        """Let pictures be generated from it: a person's decision, never the author's."""
        return _step(request, services.approve, public_id, number)

    @extend_schema(request=RejectionSerializer)
    def reject(self, request: TenantRequest, public_id: str, number: int) -> Response:
        """Say no, and why: a person's decision, never the author's."""
        asked = RejectionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        version = services.reject(request.actor, _version(public_id, number), asked.validated_data["note"])
        return Response(VersionSerializer(version).data)

    @extend_schema(request=None)
    def retire(self, request: TenantRequest, public_id: str, number: int) -> Response:
        """Take it out of use."""
        return _step(request, services.retire, public_id, number)


def _version(public_id: str, number: int) -> TemplateVersion:
    return selectors.get_numbered(selectors.get_template(public_id), number)


def _step(
    request: TenantRequest, service: Callable[[Actor, TemplateVersion], TemplateVersion], public_id: str, number: int
) -> Response:
    return Response(VersionSerializer(service(request.actor, _version(public_id, number))).data)


_ONE = "templates/<str:public_id>"
_NUMBERED = f"{_ONE}/versions/<int:number>"
urlpatterns = [
    path("templates", Templates.as_view({"get": "list", "post": "create"})),
    path(_ONE, Templates.as_view({"get": "retrieve"})),
    path(f"{_ONE}/render", Templates.as_view({"post": "render"})),
    path(f"{_ONE}/versions", Versions.as_view({"get": "list", "post": "create"})),
    path(_NUMBERED, Versions.as_view({"get": "retrieve", "put": "update"})),
    *(
        path(f"{_NUMBERED}/{step}", Versions.as_view({"post": step}))
        for step in ("submit", "approve", "reject", "retire")
    ),
]
