"""The life of a generation. The row is the truth; messages to and from workers may be lost or doubled."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.library.models import ReferenceImage
from imprimatur.prompts.models import TemplateVersion
from imprimatur.tenants.models import ApiKey, TenantModel, User


class GenerationState(models.TextChoices):
    """`states.TRANSITIONS` says what may follow what."""

    QUEUED = "queued", _("Queued")
    PREPARING = "preparing", _("Preparing")
    DRAWING = "drawing", _("Drawing")
    STAMPING = "stamping", _("Stamping")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Refused")
    CANCELED = "canceled", _("Canceled")


class Generation(TenantModel):
    """One picture asked for. `spec` is `generation.spec.GenerationSpec` as JSON; `use` is what it is for
    (channel, territory, purpose), which the rights are asked about. `subject_reference` is the first subject's first
    reference; all of them are `references`."""

    PREFIX = "gen"

    batch = models.UUIDField(db_index=True)  # pictures asked for together
    subject_reference = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, related_name="generations")
    template_version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="generations")
    variables = models.JSONField(default=dict)  # name -> English token
    spec = models.JSONField()
    spec_digest = models.CharField(max_length=64)
    use = models.JSONField(default=dict)
    consent_receipt = models.JSONField(default=dict)  # records relied on, their digests and commitments, when asked
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Whoever tried it again asked for it too: none of them decides on it.
    retried_by = ArrayField(models.UUIDField(), default=list, blank=True)
    requested_with = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    state = models.CharField(max_length=10, choices=GenerationState, default=GenerationState.QUEUED)
    version = models.PositiveIntegerField(default=0)  # counts every change: the id of server-sent events
    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error = models.TextField(blank=True)  # the worker's own words, for the administrator
    reasons = models.JSONField(default=list)  # of a refusal: rule id, sentence, sentence_ja
    # The lease: who may report, and until when it is believed to be working.
    attempt = models.PositiveIntegerField(default=0)
    attempt_secret = models.CharField(max_length=64, blank=True)
    permit_id = models.CharField(max_length=64, blank=True)  # of the running attempt; the output must name it
    lease_until = models.DateTimeField(null=True, blank=True)
    lost_attempts = models.PositiveIntegerField(default=0)  # ended without a report; too many of them fail
    notified_at = models.DateTimeField(null=True, blank=True)  # listeners are told at most twice a second
    dispatched_at = models.DateTimeField(null=True, blank=True)
    first_progress_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "created_at"]),
            models.Index(fields=["tenant", "-created_at"]),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def references(self) -> list[ReferenceImage]:
        """Everything it is drawn from, in the order of its spec: the first subject's views, the second's, ..."""
        return [row.reference for row in self.drawn_from.all()]

    @property
    def words(self) -> list[str]:
        """The words of the prompt that stand for its subjects, in order."""
        return [self.spec["word"], *(other["word"] for other in self.spec.get("others", ()))]

    @property
    def leading_references(self) -> list[ReferenceImage]:
        """The first view of each subject."""
        return [row.reference for row in self.drawn_from.all() if row.view == 0]


class DrawnFrom(TenantModel):
    """A generation is drawn from a reference: which subject's, and which view of it, counted from 0 as in its spec.

    The database writes the row of the first reference, and lets no attempt begin whose rows are not what the spec
    names (migration 0013). Rows are never edited.
    """

    PREFIX = "drf"

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="drawn_from")
    reference = models.ForeignKey(ReferenceImage, on_delete=models.PROTECT, related_name="drawn")
    subject = models.PositiveSmallIntegerField()
    view = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["subject", "view"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "generation", "subject", "view"], name="one_reference_per_view")
        ]

    def __str__(self) -> str:
        return f"{self.generation_id}: {self.subject}.{self.view}"


class Reliance(TenantModel):
    """A generation relies on a record of consent or licence. The database writes these rows from the receipt (migration
    0007), so that everything made under a record is found by an index. Equality is all that row-level security lets an
    index answer."""

    PREFIX = "rly"

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="reliances")
    record = models.CharField(max_length=40)  # the record's public id, as the receipt names it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "record", "generation"], name="one_reliance_per_record")
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} on {self.record}"


class Output(TenantModel):
    """The stamped picture of a generation. One generation has at most one."""

    PREFIX = "out"

    generation = models.OneToOneField(Generation, on_delete=models.PROTECT, related_name="output")
    object_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    mime = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    pixel_digest = models.CharField(max_length=64)  # as drawn
    delivered_digest = models.CharField(max_length=64, blank=True, default="", db_index=True)  # enlarged and marked
    watermark_id = models.BigIntegerField(null=True, blank=True, db_index=True)  # 48 bits; null where none is in
    dhash = models.BigIntegerField(null=True, blank=True)  # `governance.recognise.signed_dhash` of the file
    manifest_state = models.CharField(max_length=10)
    mask_strip_key = models.CharField(max_length=200, blank=True)
    mask_strip_sha256 = models.CharField(max_length=64, blank=True)
    mask_area = ArrayField(models.FloatField(), default=list)
    scores = models.JSONField(default=dict)
    likenesses = models.JSONField(default=list, blank=True)  # for each subject, to each of its references: `likenesses`
    explanation = models.JSONField(default=dict, blank=True)  # `generation.tracing.Explanation`, see `explanations`
    warnings = ArrayField(models.CharField(max_length=20), default=list)
    environment = models.JSONField(default=dict)
    seconds = models.JSONField(default=dict)  # stage -> wall seconds, as the worker measured them
    permit_id = models.CharField(max_length=64, unique=True)  # a second report for one permit is refused
    quarantined_at = models.DateTimeField(null=True, blank=True)
    quarantine_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["tenant", "quarantined_at"],
                condition=models.Q(quarantined_at__isnull=False),
                name="outputs_quarantined",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class SubjectApproval(TenantModel):
    """What the person behind a record said to a picture, through their own link. Rows are only ever added; the newest
    counts. `campaign`: pictures of one wording for one use, for records that reserve approval by campaign."""

    PREFIX = "sap"

    record = models.CharField(max_length=40, db_index=True)  # public id of the consent
    output = models.ForeignKey(Output, on_delete=models.PROTECT, related_name="subject_approvals")
    campaign = models.CharField(max_length=64)
    approved = models.BooleanField()
    answered_by = models.CharField(max_length=120)  # Actor.label of the link
    seconds = models.PositiveIntegerField(default=0)  # from the picture's making to the answer

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.record}: {self.approved}"


class Screening(TenantModel):
    """What was noticed about a picture before anybody reviewed it. It is held until a rights manager has looked."""

    PREFIX = "scr"

    output = models.OneToOneField(Output, on_delete=models.PROTECT, related_name="screening")
    findings = models.JSONField(default=list)  # [{"code", "params"}] of `screening.SENTENCES`
    cleared_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return ", ".join(finding["code"] for finding in self.findings)

    @property
    def holds(self) -> bool:
        """Whether the picture must not be reviewed yet."""
        return self.cleared_at is None


class WorkerSeen(models.Model):
    """The last hello of each worker. Not a tenant's row: workers serve all of them."""

    name = models.CharField(max_length=120, primary_key=True)
    profiles = ArrayField(models.CharField(max_length=40))
    slots = models.PositiveIntegerField()
    device = models.CharField(max_length=60)
    versions = models.JSONField(default=dict)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
