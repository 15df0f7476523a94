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
    evidence_name = models.CharField(max_length=120, blank=True)  # what the file was called
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True) | models.Q(valid_until__gt=models.F("valid_from")),
                name="%(class)s_term_is_longer_than_nothing",
            ),
            models.CheckConstraint(
                condition=models.Q(status="revoked", revoked_at__isnull=False)
                | (~models.Q(status="revoked") & models.Q(revoked_at__isnull=True)),
                name="%(class)s_revoked_at_some_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["verified", "active", "suspended"])
                | (models.Q(verified_by__isnull=False) & ~models.Q(evidence_sha256="")),
                name="%(class)s_verified_by_somebody_on_evidence",
            ),
            models.CheckConstraint(
                condition=models.Q(evidence_sha256="", evidence_key="")
                | (models.Q(evidence_sha256__regex=r"^[0-9a-f]{64}$") & ~models.Q(evidence_key="")),
                name="%(class)s_evidence_has_key_and_digest",
            ),
            models.CheckConstraint(
                condition=models.Q(terms_digest__regex=r"^[0-9a-f]{64}$", salt__regex=r"^[0-9a-f]{64}$"),
                name="%(class)s_digest_and_salt_are_hex",
            ),
        ]

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
