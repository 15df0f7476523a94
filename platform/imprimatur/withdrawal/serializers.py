"""Withdrawals, what they reach, and who received a picture, as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from imprimatur.generations.models import Generation
from imprimatur.releases.serializers import ReleaseUseSerializer
from imprimatur.rights.serializers import Reason, RevocationSerializer
from imprimatur.tenants.ids import encode
from imprimatur.withdrawal.models import LANGUAGES, Cause, Notice, Reached, Recipient, Role, Step, Withdrawal


class RevokeSerializer(RevocationSerializer):
    """Why, and whether only to look: `dry_run` answers with the impact and changes nothing."""

    dry_run = serializers.BooleanField(required=False, default=False)


class ReachedReleaseSerializer(serializers.Serializer[Any]):
    """A release that would be withdrawn."""

    id = serializers.CharField(source="public_id")
    output = serializers.CharField(source="output.public_id")
    released_at = serializers.DateTimeField(source="created_at")
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    use = ReleaseUseSerializer()


class ImpactSerializer(serializers.Serializer[Any]):
    """What a revocation would reach: pictures by where they stand, releases, and whoever has one. Changes nothing."""

    queued = serializers.IntegerField()
    drawing = serializers.IntegerField()
    pictures = serializers.IntegerField(help_text="Finished ones: the sum of the six counts that follow.")
    in_review = serializers.IntegerField()
    approved = serializers.IntegerField()
    released = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    closed = serializers.IntegerField(help_text="Returned or rejected.")
    quarantined = serializers.IntegerField(help_text="Out of sight already.")
    references = serializers.IntegerField(help_text="Reference pictures that the record names.")
    derived = serializers.IntegerField(help_text="Pictures of ours that serve as references.")
    made_of_them = serializers.IntegerField(help_text="Pictures drawn from those.")
    templates = serializers.IntegerField(help_text="Template versions they were drawn with.")
    downloads = serializers.IntegerField()
    downloaders = serializers.ListField(child=serializers.CharField())
    recipients = serializers.ListField(child=serializers.CharField())
    releases = ReachedReleaseSerializer(many=True)
    samples = serializers.SerializerMethodField(help_text="Ids of the newest pictures.")

    def get_samples(self, impact: Any) -> list[str]:
        """Ids of the newest pictures."""
        return [output.public_id for output in impact.samples]


class WithdrawalSerializer(serializers.ModelSerializer[Withdrawal]):
    """How far the effects of a record's change have been brought about."""

    id = serializers.CharField(source="public_id", read_only=True)
    record = serializers.CharField(source="record_public_id", read_only=True)
    cause = serializers.ChoiceField(choices=Cause.choices, read_only=True)
    step = serializers.ChoiceField(choices=Step.choices, read_only=True)
    percent = serializers.IntegerField(read_only=True)
    why = Reason()

    class Meta:
        model = Withdrawal
        fields = [
            "id",
            "record",
            "cause",
            "why",
            "actor",
            "step",
            "percent",
            "candidates",
            "judged",
            "refused",
            "quarantined",
            "withdrawn",
            "references",
            "lifted",
            "created_at",
            "reached_at",
            "forgotten_at",
            "finished_at",
            "pack_sha256",
        ]
        read_only_fields = fields


class ReachedSerializer(serializers.ModelSerializer[Reached]):
    """A picture that was taken out of sight: where it stood, by which rules, and when it was shown again."""

    output = serializers.CharField(source="output.public_id", read_only=True)
    generation = serializers.SerializerMethodField()
    release = serializers.CharField(source="release.public_id", read_only=True, allow_null=True, default=None)
    rules = serializers.SerializerMethodField()

    class Meta:
        model = Reached
        fields = ["output", "generation", "release", "was", "rules", "created_at", "lifted_at"]
        read_only_fields = fields

    def get_generation(self, row: Reached) -> str:
        """The request that the picture was drawn for."""
        return encode(Generation.PREFIX, row.output.generation_id)

    def get_rules(self, row: Reached) -> list[str]:
        """Of the policy."""
        return row.rules.split(",")


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """Who is told, and whether the mail was taken."""

    id = serializers.CharField(source="public_id", read_only=True)
    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    language = serializers.ChoiceField(choices=LANGUAGES, read_only=True)

    class Meta:
        model = Notice
        fields = ["id", "name", "email", "role", "language", "releases", "tries", "sent_at", "given_up_at", "trouble"]
        read_only_fields = fields


class RecipientSerializer(serializers.ModelSerializer[Recipient]):
    """Somebody outside the company who was given the released picture."""

    id = serializers.CharField(source="public_id", read_only=True)
    name = serializers.CharField(max_length=120)
    email = serializers.EmailField()
    language = serializers.ChoiceField(choices=LANGUAGES, required=False, default="en")
    named_by = serializers.CharField(source="named_by.__str__", read_only=True)

    class Meta:
        model = Recipient
        fields = ["id", "name", "email", "language", "named_by", "created_at"]
        read_only_fields = ["created_at"]


class PackQuerySerializer(serializers.Serializer[Any]):
    """`pictures`: put the released pictures in, too. Only for a person."""

    pictures = serializers.BooleanField(required=False, default=False)


class WithdrawalFilterSerializer(serializers.Serializer[Any]):
    """Of one record, when asked."""

    record = serializers.CharField(required=False)
