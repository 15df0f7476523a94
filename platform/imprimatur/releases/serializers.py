"""Releases and the verify desk's answers as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from imprimatur.generations.serializers import UseSerializer
from imprimatur.releases import selectors
from imprimatur.releases.models import Release
from imprimatur.releases.verification import Verdict


class ReleaseUseSerializer(UseSerializer):
    """Where the picture will really appear; consents may forbid any of it."""

    paid = serializers.BooleanField(required=False, help_text="In paid advertising space.")
    language = serializers.CharField(required=False, allow_blank=True, max_length=10)
    disclosed = serializers.BooleanField(required=False, help_text="It is said beside the picture that AI made it.")
    contexts = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=20, help_text="What it appears with."
    )


class LooksSerializer(serializers.Serializer[Any]):
    """What the picture is taken for, by whoever has seen it; labels depend on it. What is left out is guessed."""

    photoreal = serializers.BooleanField(required=False, help_text="Could be taken for a photograph.")
    person = serializers.ChoiceField(
        choices=["none", "real", "invented"], required=False, help_text="Whom it shows: invented if nobody's likeness."
    )


class LabelsSerializer(serializers.Serializer[Any]):
    """The labels a released picture carries, and the rules that demand them."""

    table = serializers.CharField(help_text="Date of the rule table.")
    rules = serializers.ListField(child=serializers.CharField())
    lines = serializers.ListField(child=serializers.CharField(), help_text="Texts drawn on the picture.")
    heights = serializers.ListField(child=serializers.FloatField(), help_text="Of their letters, of the short side.")
    icon = serializers.BooleanField()
    embedded = serializers.ListField(child=serializers.CharField(), help_text="Marks in metadata and pixels.")


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A released picture. `sha256` is the released file's; fetch it at `/releases/{id}/content`."""

    id = serializers.CharField(source="public_id", read_only=True)
    output = serializers.CharField(source="output.public_id", read_only=True)
    generation = serializers.CharField(source="output.generation.public_id", read_only=True)
    released_by = serializers.CharField(source="released_by.__str__", read_only=True)
    use = ReleaseUseSerializer(read_only=True)
    withdrawn_reason = serializers.SerializerMethodField(
        help_text="`right_revoked`, or what a person said: only rights managers and owners read that; null for others."
    )
    labels = LabelsSerializer(read_only=True)

    class Meta:
        model = Release
        fields = [
            "id",
            "output",
            "generation",
            "sha256",
            "mime",
            "manifest_state",
            "use",
            "labels",
            "released_by",
            "created_at",
            "withdrawn_at",
            "withdrawn_reason",
        ]
        read_only_fields = fields

    def get_withdrawn_reason(self, release: Release) -> str | None:
        """By who asks."""
        return selectors.why_withdrawn(self.context["request"].actor, release)


class NewReleaseSerializer(serializers.Serializer[Any]):
    """Which approved picture to release; without `use`, for what it was asked for."""

    output = serializers.CharField()
    use = ReleaseUseSerializer(required=False)
    looks = LooksSerializer(required=False)


class WithdrawalSerializer(serializers.Serializer[Any]):
    """Why the picture is withdrawn."""

    reason = serializers.CharField(max_length=200)


class UploadSerializer(serializers.Serializer[Any]):
    """The picture in question: PNG, JPEG or WebP, up to 25 MB."""

    file = serializers.FileField(allow_empty_file=True)


class VerificationSerializer(serializers.Serializer[Any]):
    """What can be said about the file, in plain words, and what it rests on."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    sentence = serializers.CharField()
    facts = serializers.DictField(child=serializers.CharField())
