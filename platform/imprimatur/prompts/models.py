"""Prompts that somebody approved: templates, their versions, and typed variables with labels in both languages."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.prompts.wording import subjects_in
from imprimatur.tenants.models import TenantModel, User


class PromptTemplate(TenantModel):
    """A named prompt; what is written stands in its versions."""

    PREFIX = "tpl"

    name_en = models.CharField(max_length=120)
    name_ja = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["name_en"]

    def __str__(self) -> str:
        return self.name_en


class VersionStatus(models.TextChoices):
    """Where a version stands. Only approved versions can be generated from."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    RETIRED = "retired", _("Retired")


class TemplateVersion(TenantModel):
    """One wording. `text` is English with `{subject}` exactly once, `{subject2}`... where it shows several subjects,
    and `{name}` for each variable.

    variables: [{"name": "place", "label": {"en": .., "ja": ..}, "options": [{"token": "on the beach",
    "label": {"en": .., "ja": ..}}]}]. Immutable once submitted (services refuse, and so does the database).
    """

    PREFIX = "tpv"

    template = models.ForeignKey(PromptTemplate, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.CharField(max_length=300)
    variables = models.JSONField(default=list)
    profile = models.CharField(max_length=40, default="studio")
    status = models.CharField(max_length=10, choices=VersionStatus, default=VersionStatus.DRAFT)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)  # why it was rejected

    class Meta:
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_version_per_number"),
            models.CheckConstraint(
                condition=~models.Q(status="approved") | ~models.Q(decided_by=models.F("author")),
                name="never_approved_by_its_author",
            ),
            # A comparison with nobody is neither true nor false, and would pass the check above.
            models.CheckConstraint(
                condition=~models.Q(status__in=["approved", "rejected"])
                | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"

    @property
    def subject_count(self) -> int:
        """How many subjects a picture from it shows."""
        return len(subjects_in(self.text, self.variables))
