"""The right to make a picture: consent records and trademark licences. They hold digests of references, not files."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.models import TenantModel, User


class RightStatus(models.TextChoices):
    """Where a record stands. `services.TRANSITIONS` is the table of what may follow what."""

    DRAFT = "draft", _("Draft")
    SENT = "sent", _("Sent")
    SIGNED = "signed", _("Signed")
    VERIFIED = "verified", _("Verified")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")


class RightRecord(TenantModel):
    """What both kinds of record share. `terms` is the canonical JSON of the governance dataclass and is the truth;
    the columns beside it are for lists and reminders."""

    title = models.CharField(max_length=160)
    status = models.CharField(max_length=12, choices=RightStatus, default=RightStatus.DRAFT)
    terms = models.JSONField()
    terms_digest = models.CharField(max_length=64)
    salt = models.CharField(max_length=64)  # of the commitment that goes into pictures
    reference_digests = ArrayField(models.CharField(max_length=64), default=list)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    evidence_key = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class ConsentRecord(RightRecord):
    """A person's (likeness) or an owner's (copyright, property) permission."""

    PREFIX = "cns"

    kind = models.CharField(
        max_length=12,
        choices=[
            ("likeness", _("Likeness of a person")),
            ("copyright", _("Copyright")),
            ("property", _("Property")),
        ],
    )


class TrademarkLicence(RightRecord):
    """A mark's owner's permission."""

    PREFIX = "tml"

    mark = models.CharField(max_length=120)
    owner = models.CharField(max_length=160)
