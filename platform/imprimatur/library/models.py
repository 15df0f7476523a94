"""What a tenant's pictures are of: brands, subjects and their reference pictures."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.models import TenantModel, User


class Brand(TenantModel):
    """A brand of the tenant's."""

    PREFIX = "brd"

    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_brand_per_name")]

    def __str__(self) -> str:
        return self.name


class Subject(TenantModel):
    """A product or a person. `word` is the real English word that names it in a prompt."""

    PREFIX = "sub"

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="subjects")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=[("product", _("Product")), ("person", _("Person"))])
    word = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "brand", "name"], name="one_subject_per_name")]

    def __str__(self) -> str:
        return self.name


class ReferenceImage(TenantModel):
    """A photograph (or drawing) of a subject: decoded, stripped, signed and stored at intake.

    `sha256` is the stored, signed file's; `pixel_sha256` the decoded RGB pixels', which rights records name,
    so that a record survives re-signing. `quality` holds the photo coach's measurements.
    """

    PREFIX = "ref"

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="references")
    object_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    pixel_sha256 = models.CharField(max_length=64)
    mime = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    source = models.CharField(
        max_length=10,
        choices=[("photograph", _("Photograph")), ("drawing", _("Drawing")), ("generated", _("Generated"))],
    )
    shows_person = models.BooleanField()
    declared_marks = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    own_work = models.BooleanField(default=False)  # the uploader declares to own the rights in the picture itself
    # An output of ours that serves as a reference: its rights are those of the references it was drawn from, all of
    # them. This is the first; the others are rows of `FurtherOrigin`.
    derived_from = models.ForeignKey("self", on_delete=models.PROTECT, related_name="derived", null=True, blank=True)
    # Set for an output of ours whose rights fell away, and for a photograph whose person revoked their consent: like
    # an output in quarantine it is shown to nobody.
    quarantined_at = models.DateTimeField(null=True, blank=True)
    faces = models.PositiveSmallIntegerField(default=0)  # how many the detector found; nothing about whose
    face_explanation = models.CharField(max_length=300, blank=True)  # why no consent is needed for them
    explained_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    dhash = models.BigIntegerField(null=True, blank=True)  # `governance.recognise.signed_dhash` of the pixels
    thumbnails = models.JSONField(default=dict)  # {"320": {"key", "sha256", "mime"}}, signed derivatives
    quality = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "subject", "pixel_sha256"], name="one_reference_per_picture"),
            models.CheckConstraint(
                condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$", pixel_sha256__regex=r"^[0-9a-f]{64}$"),
                name="reference_digests_are_hex",
            ),
            models.CheckConstraint(
                condition=models.Q(derived_from__isnull=True) | models.Q(source="generated"),
                name="derived_references_are_generated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.public_id}"

    @property
    def origins(self) -> list[ReferenceImage]:
        """What an output of ours was drawn from, all of it; nothing for any other picture."""
        if self.derived_from is None:
            return []
        further = self.further_origins.select_related("origin__subject").order_by("origin__created_at", "origin")
        return [self.derived_from, *(row.origin for row in further)]

    @property
    def ancestry(self) -> list[ReferenceImage]:
        """Itself, what it was drawn from, and so on to the roots; each once."""
        lines = (link for origin in self.origins for link in origin.ancestry)
        return list({link.pk: link for link in (self, *lines)}.values())

    @property
    def face_unexplained(self) -> bool:
        """A face was found, and nobody said whose it is or why that does not matter."""
        return bool(self.faces and not self.shows_person and not self.face_explanation)

    @property
    def rights_roots(self) -> list[ReferenceImage]:
        """The references whose rights count, every one: for an output of ours those it was drawn from, at whatever
        distance; else itself."""
        return [link for link in self.ancestry if link.derived_from_id is None]

    @property
    def lines(self) -> list[list[ReferenceImage]]:
        """Every way from the picture to one of its roots, both included."""
        return [[self, *line] for origin in self.origins for line in origin.lines] or [[self]]


class FurtherOrigin(TenantModel):
    """One more reference that an output of ours was drawn from, beside `derived_from`. Rows are never edited."""

    PREFIX = "fto"

    reference = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, related_name="further_origins")
    origin = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, related_name="further_derived")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "reference", "origin"], name="each_origin_once"),
            models.CheckConstraint(condition=~models.Q(reference=models.F("origin")), name="no_origin_of_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.reference_id} from {self.origin_id}"


class Sketch(TenantModel):
    """Where a subject may be, in any shape: a small square picture in black and white, white where it may be.

    It is made anew from what was drawn or uploaded, so it holds a shape and no picture of anybody. An order names it by
    its digest; one that no order ever named is dropped after a day, the others stay as long as their orders do.
    """

    PREFIX = "skt"

    object_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    white = models.FloatField()  # share of it, in (0, 1]
    ordered_at = models.DateTimeField(null=True, blank=True)  # when an order first named it
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256"], name="one_sketch_per_shape"),
            models.CheckConstraint(condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="sketch_digests_are_hex"),
        ]

    def __str__(self) -> str:
        return self.public_id


class MarkPicture(TenantModel):
    """A mark of the tenant's as a picture, by its hash alone: what looks like it must declare it."""

    PREFIX = "mkp"

    name = models.CharField(max_length=120)
    dhash = models.BigIntegerField()
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name", "dhash"], name="one_picture_of_a_mark")]

    def __str__(self) -> str:
        return self.name
