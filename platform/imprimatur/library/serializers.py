"""Brands, subjects and references as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from imprimatur.library import coach
from imprimatur.library.models import Brand, ReferenceImage, Subject
from imprimatur.library.services import KINDS, MAX_EXPLANATION, MAX_MARKS, MAX_NAME, MAX_WORD, SOURCES


class BrandSerializer(serializers.ModelSerializer[Brand]):
    """A brand."""

    id = serializers.CharField(source="public_id", read_only=True)
    name = serializers.CharField(max_length=MAX_NAME)

    class Meta:
        model = Brand
        fields = ["id", "name", "created_at"]
        read_only_fields = ["created_at"]


class SubjectSerializer(serializers.ModelSerializer[Subject]):
    """A product or a person; `word` is the English word that names it in prompts."""

    id = serializers.CharField(source="public_id", read_only=True)
    brand = serializers.CharField(source="brand.public_id", help_text="`brd_...`")
    name = serializers.CharField(max_length=MAX_NAME)
    kind = serializers.ChoiceField(choices=list(KINDS))
    word = serializers.CharField(max_length=MAX_WORD)

    class Meta:
        model = Subject
        fields = ["id", "brand", "name", "kind", "word", "created_at"]
        read_only_fields = ["created_at"]


class DeclarationSerializer(serializers.Serializer[Any]):
    """What a picture shows, and whose it is: which rights it needs."""

    shows_person = serializers.BooleanField(help_text="A person can be recognised in it.")
    declared_marks = serializers.ListField(
        child=serializers.CharField(max_length=MAX_NAME), required=False, default=list, max_length=MAX_MARKS
    )
    own_work = serializers.BooleanField(
        required=False, default=False, help_text="The company owns the rights in the picture itself."
    )
    face_explanation = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_EXPLANATION,
        help_text="Why a face that was found needs no consent. A person says so, never a key.",
    )


class NewReferenceSerializer(DeclarationSerializer):
    """A picture and what its uploader says about it."""

    subject = serializers.CharField(help_text="`sub_...`")
    file = serializers.FileField(help_text="PNG, JPEG or WebP, at most 25 MB; what the camera wrote beside is dropped.")
    source = serializers.ChoiceField(choices=list(SOURCES))  # type: ignore[assignment]  # DRF takes fields out of the class


class ReferenceSerializer(serializers.ModelSerializer[ReferenceImage]):
    """A stored reference. `pixel_sha256` is what consents and licences name; `sha256` is the signed file's."""

    id = serializers.CharField(source="public_id", read_only=True)
    subject = serializers.CharField(source="subject.public_id", read_only=True)
    source = serializers.ChoiceField(choices=list(SOURCES), read_only=True)  # type: ignore[assignment]  # as above
    declared_marks = serializers.ListField(child=serializers.CharField(), read_only=True)
    derived_from = serializers.SerializerMethodField()
    origins = serializers.SerializerMethodField()
    verdict = serializers.CharField(source="quality.verdict", read_only=True, help_text="good, fair or poor")

    class Meta:
        model = ReferenceImage
        fields = [
            "id",
            "subject",
            "sha256",
            "pixel_sha256",
            "mime",
            "width",
            "height",
            "source",
            "shows_person",
            "declared_marks",
            "own_work",
            "faces",
            "face_explanation",
            "derived_from",
            "origins",
            "verdict",
            "created_at",
        ]
        read_only_fields = fields

    def get_derived_from(self, reference: ReferenceImage) -> str | None:
        """Of an output of ours, the first reference it was drawn from."""
        return reference.derived_from.public_id if reference.derived_from else None

    def get_origins(self, reference: ReferenceImage) -> list[str]:
        """Of an output of ours, every reference it was drawn from: the rights of all of them count."""
        return [origin.public_id for origin in reference.origins]


class CheckSerializer(serializers.Serializer[coach.Advice]):
    """One question of the photo coach, answered in the caller's language. `code` is stable."""

    check = serializers.CharField()
    name = serializers.CharField()
    code = serializers.CharField()
    verdict = serializers.ChoiceField(choices=["good", "fair", "poor", "unknown"])
    value = serializers.FloatField(allow_null=True)
    sentence = serializers.CharField()
    advice = serializers.CharField()


class QualitySerializer(serializers.Serializer[Any]):
    """What the photo coach says. `box`: left, top, right, bottom of the subject as shares of width and height."""

    verdict = serializers.ChoiceField(choices=["good", "fair", "poor"])
    box = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    checks = CheckSerializer(many=True)
