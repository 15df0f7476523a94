"""REST: /generations and /outputs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.generations import cast, explanations, gate, selectors, services
from imprimatur.generations.asking import checked_use
from imprimatur.generations.cast import CastMember
from imprimatur.generations.models import Generation, Output
from imprimatur.generations.serializers import (
    EstimateSerializer,
    EventsSerializer,
    ExplainSerializer,
    GenerationBatchSerializer,
    GenerationFilterSerializer,
    GenerationRequestSerializer,
    GenerationSerializer,
    ManifestSerializer,
    OutputSerializer,
)
from imprimatur.library.models import ReferenceImage, Sketch
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find


class Generations(TenantViewSet):
    """Pictures asked for."""

    model = Generation
    serializer_class = GenerationSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "create": Permission.GENERATE,
        "estimate": Permission.GENERATE,
        "cancel": Permission.GENERATE,
        "retry": Permission.GENERATE,
    }

    def rows(self) -> QuerySet[Generation]:
        """Of one state, batch or reference, when asked."""
        asked = GenerationFilterSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        if reference := said.pop("reference", ""):
            said["drawn_from__reference"] = find(ReferenceImage, reference)
        return selectors.jobs().filter(**said)

    @extend_schema(parameters=[GenerationFilterSerializer])
    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Every generation, newest first."""
        return self.page()

    @extend_schema(request=GenerationRequestSerializer, responses={202: GenerationBatchSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Queue pictures: 202, with the first one's address. Refused with every reason where no right covers them."""
        rows = services.submit(request.actor, **_asked(request))
        body = GenerationBatchSerializer({"batch": rows[0].batch, "data": rows}).data
        return Response(body, status=202, headers={"Location": f"{request.path}/{rows[0].public_id}"})

    @extend_schema(request=GenerationRequestSerializer, responses=EstimateSerializer)
    def estimate(self, request: TenantRequest) -> Response:
        """How long it would take, and whether it would be permitted. Changes nothing."""
        asked = _asked(request)
        members = cast.members_of(asked)
        cast.check(members, request.actor.tenant_id)
        found = selectors.estimate(
            profile=asked["version"].profile, count=asked["count"], steps=asked["dials"].get("steps")
        )
        answer = gate.decision(
            request.actor,
            action="generate",
            references=cast.all_references(members),
            version=asked["version"],
            use=checked_use(asked["use"]),
            requested=asked["count"],
        )
        rights = {"permitted": answer.is_permitted, "reasons": gate.reasons_of(answer)}
        return Response(EstimateSerializer(asdict(found) | rights).data)

    def retrieve(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """One generation."""
        return Response(GenerationSerializer(selectors.get(public_id)).data)

    @extend_schema(request=None)
    def cancel(self, request: TenantRequest, public_id: str) -> Response:
        """Always 200, with the state that resulted: a picture that was ready already stays ready."""
        services.cancel(request.actor, selectors.get(public_id))
        return Response(GenerationSerializer(selectors.get(public_id)).data)

    @extend_schema(request=None)
    def retry(self, request: TenantRequest, public_id: str) -> Response:
        """Queue a failed, refused or canceled picture again."""
        services.retry(request.actor, selectors.get(public_id))
        return Response(GenerationSerializer(selectors.get(public_id)).data)

    @extend_schema(operation_id="generations_explain", responses=ExplainSerializer)
    def explain(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Why its picture looks as it does: shares of words and visual tokens. 404 until there is one."""
        return Response(ExplainSerializer(explanations.of(selectors.picture_of(selectors.get(public_id)))).data)

    @extend_schema(
        operation_id="generations_events",
        parameters=[OpenApiParameter("after", int, description="The version that is known already.")],
        responses=EventsSerializer,
    )
    def events(self, request: Request, public_id: str) -> Response:
        """The newest snapshot if its version is above `after`: for those who poll. Pages use a live stream."""
        row = selectors.get(public_id)
        snapshot = selectors.snapshot(row)
        is_news = row.version > _version(request.query_params.get("after", "-1"))
        body = {"version": row.version, "finished": snapshot["finished"], "data": [snapshot] if is_news else []}
        return Response(EventsSerializer(body).data)


class Outputs(TenantViewSet):
    """Stamped pictures."""

    model = Output
    serializer_class = OutputSerializer

    def rows(self) -> QuerySet[Output]:
        """All of them."""
        return selectors.outputs()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Every picture, newest first."""
        return self.page()

    def retrieve(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """One picture's facts."""
        return Response(OutputSerializer(selectors.get_output(public_id)).data)

    @extend_schema(operation_id="outputs_content", responses={(200, "image/png"): OpenApiTypes.BINARY})
    def content(self, request: Request, public_id: str) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        """The stamped file."""
        return _file(*selectors.content(selectors.get_output(public_id)))

    @extend_schema(operation_id="outputs_mask_strip", responses={(200, "image/png"): OpenApiTypes.BINARY})
    def mask_strip(self, request: Request, public_id: str) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        """Where the word acted, step by step: a stamped picture."""
        return _file(*selectors.mask_strip(selectors.get_output(public_id)))

    @extend_schema(operation_id="outputs_manifest", responses=ManifestSerializer)
    def manifest(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """What the stored file says about itself, read and checked now."""
        report = selectors.manifest(selectors.get_output(public_id))
        body = asdict(report) | {
            "facts": report.facts.to_json() if report.facts else None,
            "manifest_store": report.raw,
        }
        return Response(ManifestSerializer(body).data)


def _asked(request: TenantRequest) -> dict[str, Any]:
    """The request as `services.submit` takes it."""
    serializer = GenerationRequestSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    said = dict(serializer.validated_data)
    asked = said | _member(said)
    asked["others"] = [CastMember(**_member(other, place)) for place, other in enumerate(said["others"], 1)]
    asked["version"] = find(TemplateVersion, asked.pop("template_version"))
    return asked


def _member(said: dict[str, Any], place: int = 0) -> dict[str, Any]:
    """A subject's references and sketch by their ids, and its box."""
    return {
        "reference": find(ReferenceImage, said["reference"]),
        "views": tuple(find(ReferenceImage, view) for view in said["views"]),
        "box": cast.box_of(said["box"], cast.field_of(place, "box")),
        "sketch": find(Sketch, said["sketch"]) if said["sketch"] else None,
    }


def _version(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InvalidInput(errors=[{"field": "after", "message": _("Give the number of a version.")}]) from error


def _file(data: bytes, mime: str) -> HttpResponse:
    return HttpResponse(data, content_type=mime, headers={"Cache-Control": "private, no-store"})


urlpatterns = [
    path("generations", Generations.as_view({"get": "list", "post": "create"})),
    path("generations/estimate", Generations.as_view({"post": "estimate"})),
    path("generations/<str:public_id>", Generations.as_view({"get": "retrieve"})),
    path("generations/<str:public_id>/cancel", Generations.as_view({"post": "cancel"})),
    path("generations/<str:public_id>/retry", Generations.as_view({"post": "retry"})),
    path("generations/<str:public_id>/explain", Generations.as_view({"get": "explain"})),
    path("generations/<str:public_id>/events", Generations.as_view({"get": "events"})),
    path("outputs", Outputs.as_view({"get": "list"})),
    path("outputs/<str:public_id>", Outputs.as_view({"get": "retrieve"})),
    path("outputs/<str:public_id>/content", Outputs.as_view({"get": "content"})),
    path("outputs/<str:public_id>/mask-strip", Outputs.as_view({"get": "mask_strip"})),
    path("outputs/<str:public_id>/manifest", Outputs.as_view({"get": "manifest"})),
]
