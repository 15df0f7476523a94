"""/reviews: what is in review, claims, decisions, comments. Deciding needs a person's session, never an API key."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.generations.models import Output
from imprimatur.review import selectors, services
from imprimatur.review.models import Comment, Decision
from imprimatur.review.serializers import ClaimSerializer, CommentSerializer, DecisionSerializer, ReviewSerializer
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet

LISTS: Final = {
    "mine": selectors.queue,
    "open": selectors.undecided,
    "held": selectors.held,
    "approved": selectors.approved,
    "all": selectors.outputs,
}
WHICH: Final = OpenApiParameter(
    "queue",
    enum=list(LISTS),
    description="mine: what the signed-in person can decide on now; open (default): without a final decision; "
    "held: a rights manager or the person behind a record must act first, `holds` says why; "
    "approved: by two people, not released yet; all.",
)


class Reviews(TenantViewSet):
    """Pictures in review."""

    model = Output
    serializer_class = ReviewSerializer
    permissions: ClassVar[dict[str, Permission]] = {
        "claim": Permission.DECIDE,
        "release": Permission.DECIDE,
        "undo": Permission.DECIDE,
    }
    persons_only = frozenset({"claim", "release", "undo"})

    def rows(self) -> QuerySet[Output]:
        """Of the list that was asked for."""
        asked = self.request.query_params.get("queue", "open")
        if asked not in LISTS:
            message = _("Ask for one of: %(lists)s.") % {"lists": ", ".join(LISTS)}
            raise InvalidInput(errors=[{"field": "queue", "message": message}])
        return LISTS[asked](self.request.actor)

    @extend_schema(parameters=[WHICH])
    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Pictures in review, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:
        """One picture with everything decided on it."""
        return Response(self.get_serializer(_output(request.actor, public_id)).data)

    @extend_schema(request=None, responses=ClaimSerializer)
    def claim(self, request: TenantRequest, public_id: str) -> Response:
        """Keep the picture for the caller for 15 minutes."""
        held = services.claim(request.actor, _output(request.actor, public_id))
        return Response(ClaimSerializer(held).data)

    @extend_schema(request=None, responses=ReviewSerializer)
    def release(self, request: TenantRequest, public_id: str) -> Response:
        """Give the picture back to the queue."""
        services.release_claim(request.actor, _output(request.actor, public_id))
        return self.retrieve(request, public_id)

    @extend_schema(request=None, responses=DecisionSerializer)
    def undo(self, request: TenantRequest, public_id: str) -> Response:
        """Take the caller's own standing decision back."""
        output = _output(request.actor, public_id)
        own = selectors.own_decision(output, request.actor.require_person())
        return Response(DecisionSerializer(services.undo(request.actor, own)).data)


class Decisions(TenantViewSet):
    """Verdicts on one picture."""

    model = Decision
    serializer_class = DecisionSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.DECIDE}
    persons_only = frozenset({"create"})

    def rows(self) -> QuerySet[Decision]:
        """Undone ones too."""
        return selectors.decisions(_output(self.request.actor, self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Everything decided on the picture, newest first."""
        return self.page()

    @extend_schema(responses={201: DecisionSerializer})
    def create(self, request: TenantRequest, public_id: str) -> Response:
        """Approve, request changes or reject. A key gets 403 `person_required`."""
        said = _valid(DecisionSerializer(data=request.data))
        decision = services.decide(request.actor, _output(request.actor, public_id), **said)
        return Response(DecisionSerializer(decision).data, status=201)


class Comments(TenantViewSet):
    """What was said about one picture."""

    model = Comment
    serializer_class = CommentSerializer
    permissions: ClassVar[dict[str, Permission]] = {"create": Permission.VIEW}
    persons_only = frozenset({"create"})

    def rows(self) -> QuerySet[Comment]:
        """All of them."""
        return selectors.comments(_output(self.request.actor, self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Comments, newest first."""
        return self.page()

    @extend_schema(responses={201: CommentSerializer})
    def create(self, request: TenantRequest, public_id: str) -> Response:
        """Say something."""
        said = _valid(CommentSerializer(data=request.data))
        comment = services.comment(request.actor, _output(request.actor, public_id), said["text"])
        return Response(CommentSerializer(comment).data, status=201)


def _output(actor: Actor, public_id: str) -> Output:
    return selectors.get_output(actor, public_id)


def _valid(serializer: DecisionSerializer | CommentSerializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


urlpatterns = [
    path("reviews", Reviews.as_view({"get": "list"})),
    path("reviews/<str:public_id>", Reviews.as_view({"get": "retrieve"})),
    path("reviews/<str:public_id>/claim", Reviews.as_view({"post": "claim"})),
    path("reviews/<str:public_id>/release", Reviews.as_view({"post": "release"})),
    path("reviews/<str:public_id>/undo", Reviews.as_view({"post": "undo"})),
    path("reviews/<str:public_id>/decisions", Decisions.as_view({"get": "list", "post": "create"})),
    path("reviews/<str:public_id>/comments", Comments.as_view({"get": "list", "post": "create"})),
]
