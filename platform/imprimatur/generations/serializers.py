"""Generations and outputs as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from generation.spec import MAX_SUBJECTS
from imprimatur.generations import asking, cast, failures, likenesses, selectors
from imprimatur.generations.models import Generation, GenerationState, Output


class UseSerializer(serializers.Serializer[Any]):
    """What the picture is for: the rights are asked about it. Empty is a draft that stays in the house."""

    channel = serializers.CharField(required=False, allow_blank=True, max_length=40)
    territory = serializers.CharField(required=False, allow_blank=True, max_length=10)
    purpose = serializers.CharField(required=False, allow_blank=True, max_length=40)


class DialsSerializer(serializers.Serializer[Any]):
    """Likeness (quantity), mask scope, steps, guidance; what is left out is the model's own."""

    quantity = serializers.FloatField(required=False, min_value=0.01, max_value=1)
    scope = serializers.FloatField(required=False, min_value=0.01, max_value=1)
    steps = serializers.IntegerField(required=False, min_value=1, max_value=200)
    guidance_scale = serializers.FloatField(required=False, min_value=1, max_value=30)


class BoxSerializer(serializers.Serializer[Any]):
    """Where a subject may be, as shares of the picture: 0 is left or top, 1 right or bottom."""

    left = serializers.FloatField(min_value=0, max_value=1)
    top = serializers.FloatField(min_value=0, max_value=1)
    right = serializers.FloatField(min_value=0, max_value=1)
    bottom = serializers.FloatField(min_value=0, max_value=1)


class CastMemberSerializer(serializers.Serializer[Any]):
    """One subject. views: further references of the same subject; box: where it may be, anywhere if left out; sketch:
    the same in any shape, by the id of one made at `/sketches`. With both it stays within both."""

    reference = serializers.CharField()
    views = serializers.ListField(
        child=serializers.CharField(), required=False, default=list, max_length=cast.MAX_VIEWS - 1
    )
    box = BoxSerializer(required=False, allow_null=True, default=None)
    sketch = serializers.CharField(required=False, allow_null=True, default=None)


class GenerationRequestSerializer(CastMemberSerializer):
    """Pictures to draw from an approved template version: of one subject, or of as many as its wording shows.

    reference, views, box and sketch are the first subject's ({subject}); others: those of {subject2}, {subject3}, ...
    """

    others = CastMemberSerializer(
        many=True,
        required=False,
        default=list,
        max_length=MAX_SUBJECTS - 1,  # type: ignore[call-arg]  # of the list that it makes
    )
    template_version = serializers.CharField()
    variables = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    use = UseSerializer(required=False, default=dict)
    dials = DialsSerializer(required=False, default=dict)
    count = serializers.IntegerField(required=False, default=1, min_value=1, max_value=asking.MAX_COUNT)
    seed = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=asking.SEED_LIMIT - 1
    )


class ReasonSerializer(serializers.Serializer[Any]):
    """A rule that refused, in the caller's language."""

    rule_id = serializers.CharField()
    sentence = serializers.CharField()


class DrawnSubjectSerializer(CastMemberSerializer):
    """One subject of a picture: its references, the word of the prompt that stands for it, and its place."""

    subject = serializers.CharField()
    word = serializers.CharField()


class GenerationSerializer(serializers.ModelSerializer[Generation]):
    """One picture asked for, and where it stands."""

    id = serializers.CharField(source="public_id", read_only=True)
    state = serializers.ChoiceField(choices=GenerationState.choices)
    reference = serializers.CharField(source="subject_reference.public_id", read_only=True)
    subjects = serializers.SerializerMethodField()
    template_version = serializers.CharField(source="template_version.public_id", read_only=True)
    percent = serializers.SerializerMethodField()
    position = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    output = serializers.SerializerMethodField()

    class Meta:
        model = Generation
        fields = [
            "id",
            "batch",
            "state",
            "version",
            "step",
            "steps",
            "percent",
            "position",
            "attempt",
            "error_code",
            "error",
            "reasons",
            "output",
            "reference",
            "subjects",
            "template_version",
            "variables",
            "use",
            "spec",
            "consent_receipt",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields

    @extend_schema_field(DrawnSubjectSerializer(many=True))
    def get_subjects(self, row: Generation) -> list[dict[str, Any]]:
        """Who and what it shows, in order."""
        return [DrawnSubjectSerializer(subject).data for subject in cast.shown_in(row)]

    def get_percent(self, row: Generation) -> int:
        """0 to 100."""
        return selectors.percent(row)

    def get_position(self, row: Generation) -> int:
        """Place in the company's own queue; 0 outside it."""
        return selectors.position(row)

    def get_error(self, row: Generation) -> str:
        """What to do, in the caller's language."""
        return failures.sentence(row)

    def get_reasons(self, row: Generation) -> list[dict[str, str]]:
        """Of a refusal."""
        return failures.reasons(row)

    def get_output(self, row: Generation) -> str | None:
        """The picture's id once it is ready."""
        output = getattr(row, "output", None)
        return output.public_id if output else None


class EstimateSerializer(serializers.Serializer[Any]):
    """How many pictures, and in how many seconds at today's pace."""

    pictures = serializers.IntegerField()
    seconds = serializers.FloatField()
    waiting_before = serializers.IntegerField()
    workers = serializers.IntegerField()
    permitted = serializers.BooleanField()
    reasons = ReasonSerializer(many=True)


class EventsSerializer(serializers.Serializer[Any]):
    """What happened to a generation after a version."""

    version = serializers.IntegerField()
    finished = serializers.BooleanField()
    data = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]  # DRF moves fields away


class GenerationBatchSerializer(serializers.Serializer[Any]):
    """Pictures that were asked for together."""

    batch = serializers.UUIDField()
    data = GenerationSerializer(many=True)  # type: ignore[assignment]  # DRF moves fields away


class GenerationFilterSerializer(serializers.Serializer[Any]):
    """What a list may be narrowed to."""

    state = serializers.ChoiceField(choices=GenerationState.choices, required=False)
    batch = serializers.UUIDField(required=False)
    reference = serializers.CharField(required=False, help_text="Drawn from this reference, whichever subject's.")


class LikenessSerializer(serializers.Serializer[Any]):
    """How like the picture is to one of its references alone, in [0, 1]; `word` is its subject's in the prompt."""

    reference = serializers.CharField(source="reference.public_id")
    word = serializers.CharField()
    score = serializers.FloatField()


class OutputSerializer(serializers.ModelSerializer[Output]):
    """A stamped picture. `pixel_digest` is the unstamped pixels', `sha256` the stamped file's."""

    id = serializers.CharField(source="public_id", read_only=True)
    generation = serializers.CharField(source="generation.public_id", read_only=True)
    has_mask_strip = serializers.SerializerMethodField()
    likenesses = serializers.SerializerMethodField()

    class Meta:
        model = Output
        fields = [
            "id",
            "generation",
            "sha256",
            "mime",
            "width",
            "height",
            "pixel_digest",
            "manifest_state",
            "has_mask_strip",
            "mask_area",
            "scores",
            "likenesses",
            "warnings",
            "environment",
            "seconds",
            "quarantined_at",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(LikenessSerializer(many=True))
    def get_likenesses(self, output: Output) -> list[dict[str, Any]]:
        """To each reference alone, the least first; `scores.similarity` is to all together."""
        return [dict(LikenessSerializer(likeness).data) for likeness in likenesses.of(output)]

    def get_has_mask_strip(self, output: Output) -> bool:
        """Whether `/mask-strip` has a picture."""
        return bool(output.mask_strip_key)


class WordShareSerializer(serializers.Serializer[Any]):
    """One word of the prompt: its share of the attention inside the subjects' masks, and outside them."""

    word = serializers.CharField()
    inside = serializers.FloatField()
    outside = serializers.FloatField()


class ExplainSerializer(serializers.Serializer[Any]):
    """Why a picture looks as it does; words and tokens are empty where its model kept no account.

    tokens: for each subject, for each of its references, a grid of rows: the share of steps and layers in which that
    part of the reference got in. mask_area: share of the picture the mask kept, step by step.
    """

    words = WordShareSerializer(many=True)
    tokens = serializers.ListField(child=serializers.JSONField())
    mask_area = serializers.ListField(child=serializers.FloatField())
    warnings = serializers.ListField(child=serializers.CharField())
    scores = serializers.DictField(child=serializers.FloatField())


class ManifestSerializer(serializers.Serializer[Any]):
    """What the stored file says about itself, checked just now."""

    state = serializers.CharField()
    signer = serializers.CharField()
    generated_at = serializers.CharField()
    source_type = serializers.CharField()
    oversight = serializers.CharField()
    actions = serializers.ListField(child=serializers.CharField())
    failures = serializers.ListField(child=serializers.CharField())
    facts = serializers.DictField(allow_null=True)
    ingredients = serializers.ListField(child=serializers.DictField())
    manifest_store = serializers.DictField()
