"""What became of everything made under a right that fell away, changed or came back.

The database opens a `Withdrawal` in the same transaction as the change of the record (migration 0003); `cascade` works
it off. Nothing here decides whether a right covers something: that is `governance.policy`'s alone.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.generations.models import Output
from imprimatur.releases.models import Release
from imprimatur.rights.models import ConsentRecord, TrademarkLicence, Tried
from imprimatur.tenants.ids import encode
from imprimatur.tenants.models import TenantModel, User

LANGUAGES = [("en", "English"), ("ja", "日本語")]


class Cause(models.TextChoices):
    """What happened to the record."""

    REVOKED = "revoked", _("Withdrawn by a person")
    EXPIRED = "expired", _("Lapsed")
    SUSPENDED = "suspended", _("Suspended")
    CHANGED = "changed", _("New terms")
    RESTORED = "restored", _("In force")


class Step(models.TextChoices):
    """Where the work stands; the steps follow each other in this order."""

    STOPPING = "stopping", _("Stopping what is being drawn")
    FORGETTING = "forgetting", _("Telling the drawing machines to forget")
    JUDGING = "judging", _("Looking at every picture made under it")
    REFERENCED = "referenced", _("Looking at every picture of its references")
    REFERENCES = "references", _("Looking at pictures that became references")
    PACKING = "packing", _("Writing the takedown pack")
    NOTIFYING = "notifying", _("Telling whoever received one")
    DONE = "done", _("Done")


class Withdrawal(TenantModel):
    """One change of one record, and how far its effects have been brought about.

    `cursor` is the last generation looked at in this step; `next_at` when the work goes on, `watch_until` how long it
    is looked at again after it is done, for what another transaction was still writing.
    """

    PREFIX = "wdr"

    kind = models.CharField(max_length=10, choices=[("consent", _("Consent")), ("licence", _("Licence"))])
    record_id = models.UUIDField()
    cause = models.CharField(max_length=10, choices=Cause)
    why = models.CharField(max_length=300, blank=True)  # as the person said it; may name people
    actor = models.CharField(max_length=120, blank=True)  # whose change it was, as the audit trail names them
    step = models.CharField(max_length=10, choices=Step, default=Step.STOPPING)
    cursor = models.UUIDField(null=True, blank=True)
    next_at = models.DateTimeField()
    watch_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    reached_at = models.DateTimeField(null=True, blank=True)  # nothing was drawn or shown under it from then on
    forgotten_at = models.DateTimeField(null=True, blank=True)  # the drawing machines were told
    photographs_at = models.DateTimeField(null=True, blank=True)  # photographs were judged, too; older rows have none
    candidates = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)  # queued or being drawn
    quarantined = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)  # releases
    references = models.PositiveIntegerField(default=0)
    lifted = models.PositiveIntegerField(default=0)
    pack_key = models.CharField(max_length=200, blank=True)
    pack_sha256 = models.CharField(max_length=64, blank=True)
    trouble = models.CharField(max_length=300, blank=True)  # why the last try went wrong, for the administrator

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["tenant", "record_id"]),
            models.Index(fields=["next_at"], condition=~models.Q(step="done"), name="withdrawals_open"),
            models.Index(fields=["watch_until"], name="withdrawals_watched"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(step="done", photographs_at=None),
                name="withdrawals_photographs_left",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def record_public_id(self) -> str:
        """`cns_...` or `tml_...`."""
        prefix = ConsentRecord.PREFIX if self.kind == "consent" else TrademarkLicence.PREFIX
        return encode(prefix, self.record_id)

    @property
    def is_done(self) -> bool:
        """Whether everything has been brought about."""
        return self.step == Step.DONE

    @property
    def percent(self) -> int:
        """0 to 100 for a determinate bar."""
        if self.is_done:
            return 100
        steps = list(Step)
        share = self.judged / self.candidates if self.candidates and self.step == Step.JUDGING else 0
        return round(100 * (steps.index(Step(self.step)) + min(share, 1)) / (len(steps) - 1))


class Reached(TenantModel):
    """A picture that a withdrawal took out of sight. `was` is where it stood before, `release` its released file."""

    PREFIX = "rch"

    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="reached")
    output = models.ForeignKey(Output, on_delete=models.PROTECT, related_name="reached_by")
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    was = models.CharField(max_length=20)
    rules = models.CharField(max_length=200)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["withdrawal", "output"], name="one_reach_per_picture")]

    def __str__(self) -> str:
        return f"{self.output_id} by {self.withdrawal_id}"


class Recipient(TenantModel):
    """Somebody outside the company who was given a released picture, and is told when it is withdrawn."""

    PREFIX = "rcp"

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="recipients")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    language = models.CharField(max_length=5, default="en", choices=LANGUAGES)
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["release", "email"], name="one_recipient_per_address")]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class Role(models.TextChoices):
    """Why somebody is told."""

    RECIPIENT = "recipient", _("Was given it")
    DOWNLOADER = "downloader", _("Downloaded it")
    MANAGER = "manager", _("Manages rights")


class Notice(Tried):
    """One mail about one withdrawal; the row is made once."""

    PREFIX = "ntc"

    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="notices")
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=10, choices=Role)
    language = models.CharField(max_length=5, choices=LANGUAGES)
    releases = models.JSONField(default=list)  # public ids of those this person has

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["withdrawal", "email"], name="one_notice_per_address")]

    def __str__(self) -> str:
        return f"{self.email}: {self.withdrawal_id}"
