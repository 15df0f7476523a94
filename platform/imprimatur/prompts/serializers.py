"""Templates and versions as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from generation.spec import MAX_SUBJECTS
from governance.sentences import CONTEXTS
from imprimatur.prompts.models import PromptTemplate, TemplateVersion, VersionStatus
from imprimatur.prompts.rendering import Rendered, preview
from imprimatur.prompts.services import MAX_NAME, MAX_NOTE
from imprimatur.prompts.wording import MAX_LABEL, MAX_OPTIONS, MAX_TEXT, MAX_TOKEN, MAX_VARIABLES


class LabelSerializer(serializers.Serializer[Any]):
    """What people read."""

    en = serializers.CharField(max_length=MAX_LABEL)
    ja = serializers.CharField(max_length=MAX_LABEL)


class OptionSerializer(serializers.Serializer[Any]):
    """One choice: the English words the model reads, their labels, and what choosing it puts the subject beside, which
    a consent or licence may forbid."""

    token = serializers.CharField(max_length=MAX_TOKEN)
    contexts = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(CONTEXTS)), required=False, default=list
    )
    label = LabelSerializer()  # type: ignore[assignment]  # DRF takes fields out of the class: nothing is hidden


class VariableSerializer(serializers.Serializer[Any]):
    """What may be chosen. `name` stands in the text in braces."""

    name = serializers.CharField(max_length=30)
    label = LabelSerializer()  # type: ignore[assignment]  # DRF takes fields out of the class: nothing is hidden
    options = serializers.ListField(child=OptionSerializer(), min_length=1, max_length=MAX_OPTIONS)


class WordingSerializer(serializers.Serializer[Any]):
    """One wording: English, with `{subject}` exactly once, `{subject2}`... for further subjects, and `{name}` for each
    variable."""

    text = serializers.CharField(max_length=MAX_TEXT)
    variables = serializers.ListField(
        child=VariableSerializer(), required=False, default=list, max_length=MAX_VARIABLES
    )
    profile = serializers.CharField(max_length=40, required=False, help_text="Which model draws it.")


class NewTemplateSerializer(WordingSerializer):
    """A template with its first wording."""

    name_en = serializers.CharField(max_length=MAX_NAME)
    name_ja = serializers.CharField(max_length=MAX_NAME, required=False, allow_blank=True, default="")


class VersionSerializer(serializers.ModelSerializer[TemplateVersion]):
    """One version. Only `approved` ones can be generated from."""

    id = serializers.CharField(source="public_id", read_only=True)
    template = serializers.CharField(source="template.public_id", read_only=True)
    status = serializers.ChoiceField(choices=VersionStatus.choices, read_only=True)
    variables = VariableSerializer(many=True, read_only=True)
    subject_count = serializers.IntegerField(read_only=True, help_text="How many subjects its pictures show.")
    preview = serializers.SerializerMethodField()
    author = serializers.UUIDField(source="author_id", read_only=True)
    decided_by = serializers.UUIDField(source="decided_by_id", read_only=True, allow_null=True)

    class Meta:
        model = TemplateVersion
        fields = [
            "id",
            "template",
            "number",
            "text",
            "variables",
            "profile",
            "subject_count",
            "status",
            "preview",
            "author",
            "decided_by",
            "decided_at",
            "decision_note",
            "created_at",
        ]
        read_only_fields = fields

    def get_preview(self, version: TemplateVersion) -> str:
        """The prompt for a bottle (and a mug, ...), with the first option of every variable."""
        return preview(version).prompt


class TemplateSerializer(serializers.ModelSerializer[PromptTemplate]):
    """A template and its versions, newest first."""

    id = serializers.CharField(source="public_id", read_only=True)
    versions = VersionSerializer(many=True, read_only=True)

    class Meta:
        model = PromptTemplate
        fields = ["id", "name_en", "name_ja", "versions", "created_at"]
        read_only_fields = fields


class RejectionSerializer(serializers.Serializer[Any]):
    """Why."""

    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_NOTE)


class RenderSerializer(serializers.Serializer[Any]):
    """A subject's word (and those of the `others`) and one English token for every variable. Without `version` the
    newest approved one is taken."""

    subject = serializers.CharField(max_length=MAX_TOKEN)
    others = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TOKEN), required=False, default=list, max_length=MAX_SUBJECTS - 1
    )
    variables = serializers.DictField(child=serializers.CharField(), required=False, default=dict)
    version = serializers.IntegerField(required=False, min_value=1)


class RenderedSerializer(serializers.Serializer[Rendered]):
    """The English prompt that the model would read, and the words of it that are narrowed to references.

    word: the first subject's; words: every subject's.
    """

    prompt = serializers.CharField()
    word = serializers.CharField()
    words = serializers.ListField(child=serializers.CharField())
    variables = serializers.DictField(child=serializers.CharField())
