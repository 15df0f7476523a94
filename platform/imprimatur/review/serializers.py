"""Pictures in review, decisions and comments as the API shows them."""

from __future__ import annotations

from typing import Any, get_args

from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from imprimatur.generations.models import Output
from imprimatur.review.facts import live_claim, state_of
from imprimatur.review.holds import Hold, Waiting, holds_of
from imprimatur.review.models import Claim, Comment, Decision, Verdict
from imprimatur.review.permissions import why_not_decide
from imprimatur.review.reasons import REASONS
from imprimatur.review.states import OutputState


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    """Who is looking at a picture, and until when nobody else is offered it."""

    reviewer = serializers.CharField(source="reviewer.__str__", read_only=True)

    class Meta:
        model = Claim
        fields = ["reviewer", "expires_at"]


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """One person's verdict. `undone_at` is null while it counts; `reason` is needed unless the verdict is approve."""

    id = serializers.CharField(source="public_id", read_only=True)
    reviewer = serializers.CharField(source="reviewer.__str__", read_only=True)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reason = serializers.ChoiceField(choices=[("", ""), *REASONS.items()], required=False, default="")
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)

    class Meta:
        model = Decision
        fields = ["id", "reviewer", "verdict", "reason", "note", "created_at", "undone_at"]
        read_only_fields = ["created_at", "undone_at"]


class CommentSerializer(serializers.ModelSerializer[Comment]):
    """What somebody said about a picture."""

    id = serializers.CharField(source="public_id", read_only=True)
    author = serializers.CharField(source="author.__str__", read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "author", "text", "created_at"]
        read_only_fields = ["created_at"]


class HoldSerializer(serializers.Serializer[Hold]):
    """Why a picture waits for somebody who is no reviewer. `record`: the consent whose person reserved approval."""

    code = serializers.CharField()
    waits_for = serializers.ChoiceField(choices=get_args(Waiting))
    sentence = serializers.CharField()
    record = serializers.CharField(allow_blank=True)


class ReviewSerializer(serializers.ModelSerializer[Output]):
    """A picture and where it stands. `why_not` says why the caller cannot decide on it now; empty: they can.

    `holds`: who must act before it may go out, reviewers aside; a person's own answer may come while it is reviewed.
    """

    id = serializers.CharField(source="public_id", read_only=True)
    generation = serializers.CharField(source="generation.public_id", read_only=True)
    prompt = serializers.CharField(source="generation.spec.prompt", read_only=True)
    requested_by = serializers.CharField(source="generation.requested_by.__str__", read_only=True)
    state = serializers.SerializerMethodField()
    holds = serializers.SerializerMethodField()
    claim = serializers.SerializerMethodField()
    decisions = DecisionSerializer(many=True, read_only=True)
    why_not = serializers.SerializerMethodField()

    class Meta:
        model = Output
        fields = [
            "id",
            "generation",
            "prompt",
            "requested_by",
            "state",
            "holds",
            "claim",
            "decisions",
            "why_not",
            "scores",
            "warnings",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=OutputState.choices))
    def get_state(self, output: Output) -> str:
        """Derived, never stored."""
        return str(state_of(output))

    @extend_schema_field(HoldSerializer(many=True))
    def get_holds(self, output: Output) -> list[dict[str, Any]]:
        """In the caller's language."""
        return [dict(HoldSerializer(hold).data) for hold in self._holds[output]]

    @cached_property
    def _holds(self) -> dict[Output, list[Hold]]:
        """Of the whole page at once."""
        page: Any = self.parent.instance if isinstance(self.parent, serializers.ListSerializer) else [self.instance]
        return holds_of(list(page))

    @extend_schema_field(ClaimSerializer(allow_null=True))
    def get_claim(self, output: Output) -> dict[str, Any] | None:
        """The claim that still holds."""
        held = live_claim(output, timezone.now())
        return dict(ClaimSerializer(held).data) if held else None

    def get_why_not(self, output: Output) -> str:
        """The sentence that is also the tooltip of the disabled button."""
        return why_not_decide(self.context["request"].actor, output, timezone.now())
