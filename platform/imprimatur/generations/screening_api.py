"""/screenings: pictures that are held; /outputs/{id}/subject-answers: what the person behind a record said."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.generations import screening, selectors
from imprimatur.generations.models import Screening, SubjectApproval
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.selectors import find


class ScreeningSerializer(serializers.ModelSerializer[Screening]):
    """A held picture: what was noticed, and who decided about it."""

    id = serializers.CharField(source="public_id", read_only=True)
    output = serializers.CharField(source="output.public_id", read_only=True)
    findings = serializers.ListField(child=serializers.DictField(), read_only=True)
    sentences = serializers.SerializerMethodField()
    decided_by = serializers.UUIDField(source="decided_by_id", read_only=True, allow_null=True)

    class Meta:
        model = Screening
        fields = ["id", "output", "findings", "sentences", "cleared_at", "decided_by", "note", "created_at"]
        read_only_fields = fields

    def get_sentences(self, row: Screening) -> list[str]:
        """In the caller's language."""
        return screening.sentences(row)


class NoteSerializer(serializers.Serializer[Any]):
    """Why it was decided so."""

    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=screening.MAX_NOTE)


class SubjectAnswerSerializer(serializers.ModelSerializer[SubjectApproval]):
    """One answer; the newest counts. `seconds`: from the picture's making."""

    class Meta:
        model = SubjectApproval
        fields = ["record", "approved", "seconds", "created_at"]
        read_only_fields = fields


class Screenings(TenantViewSet):
    """Pictures that a rights manager looks at before anybody reviews them."""

    model = Screening
    serializer_class = ScreeningSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "list": Permission.MANAGE_RIGHTS,
        "clear": Permission.MANAGE_RIGHTS,
        "quarantine": Permission.MANAGE_RIGHTS,
    }
    persons_only = frozenset({"clear", "quarantine"})

    def rows(self) -> QuerySet[Screening]:
        """What waits."""
        return screening.held()

    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """What waits for a rights manager."""
        return self.page()

    @extend_schema(request=NoteSerializer)
    def clear(self, request: TenantRequest, public_id: str) -> Response:
        """Nothing wrong: on to review. A key gets 403 `person_required`."""
        row = screening.clear(request.actor, find(Screening, public_id), _note(request))
        return Response(ScreeningSerializer(row).data)

    @extend_schema(request=NoteSerializer)
    def quarantine(self, request: TenantRequest, public_id: str) -> Response:
        """Shown to nobody any more; the note says why."""
        row = screening.quarantine(request.actor, find(Screening, public_id), _note(request))
        return Response(ScreeningSerializer(row).data)


class SubjectAnswers(TenantViewSet):
    """What people said to pictures of theirs."""

    model = SubjectApproval
    serializer_class = SubjectAnswerSerializer

    def rows(self) -> QuerySet[SubjectApproval]:
        """Of one picture."""
        return SubjectApproval.objects.filter(output=selectors.get_output(self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Every answer, newest first."""
        return self.page()


def _note(request: TenantRequest) -> str:
    asked = NoteSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return str(asked.validated_data["note"])


urlpatterns = [
    path("screenings", Screenings.as_view({"get": "list"})),
    path("screenings/<str:public_id>/clear", Screenings.as_view({"post": "clear"})),
    path("screenings/<str:public_id>/quarantine", Screenings.as_view({"post": "quarantine"})),
    path("outputs/<str:public_id>/subject-answers", SubjectAnswers.as_view({"get": "list"})),
]
