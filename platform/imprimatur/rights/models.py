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
    the columns beside it are for lists and reminders. `terms_version` counts what was agreed (`TermsVersion` keeps each
    text), `version` every change of the row."""

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
    evidence_seal = models.JSONField(default=dict, blank=True)  # our signature over a document that we wrote ourselves
    sealed_contact = models.TextField(blank=True)  # name and address, encrypted (`rights.sealing`)
    version = models.PositiveIntegerField(default=1)
    terms_version = models.PositiveIntegerField(default=1)
    suspension_reason = models.CharField(max_length=12, blank=True)  # manager, person or majority
    renews = models.ForeignKey("self", on_delete=models.PROTECT, related_name="renewals", null=True, blank=True)
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
    suspends_at = models.DateTimeField(null=True, blank=True)  # when a minor comes of age anywhere on Earth


class TrademarkLicence(RightRecord):
    """A mark's owner's permission."""

    PREFIX = "tml"

    mark = models.CharField(max_length=120)
    owner = models.CharField(max_length=160)


class TermsVersion(TenantModel):
    """One text that was agreed. Rows are only ever added: receipts and pictures keep pointing at theirs by digest."""

    PREFIX = "trv"

    record = models.UUIDField(db_index=True)  # of a consent or a licence
    number = models.PositiveIntegerField()
    terms = models.JSONField()
    terms_digest = models.CharField(max_length=64, db_index=True)
    made_by = models.CharField(max_length=120)  # Actor.label
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="one_text_per_version")]

    def __str__(self) -> str:
        return f"version {self.number}"


class LinkPurpose(models.TextChoices):
    """What a link is for; it is good for nothing else."""

    SIGN = "sign", _("To sign")
    PORTAL = "portal", _("To see and decide")
    OBJECT = "object", _("To object to another address")
    CONFIRM = "confirm", _("To confirm a new address")


class AccessLink(TenantModel):
    """A way in without an account, sent to the person behind a record. The token itself is kept nowhere."""

    PREFIX = "lnk"

    purpose = models.CharField(max_length=8, choices=LinkPurpose)
    record = models.CharField(max_length=40, db_index=True)  # public id of a consent or a licence
    terms_digest = models.CharField(max_length=64)  # what they are asked to sign
    language = models.CharField(max_length=5)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)  # a link to sign is good for one answer
    answer = models.CharField(max_length=10, blank=True)  # signed, changes, objected or confirmed
    sealed_note = models.TextField(blank=True)  # what they asked to change, encrypted
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.purpose} {self.record}"


class ContactChangeStatus(models.TextChoices):
    """What became of a proposed address. All but the first are final."""

    PROPOSED = "proposed", _("Proposed")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


class ContactChange(TenantModel):
    """Another name or address for a record that left the draft: proposed by one, in effect once a second confirms it.

    Proposed by a rights manager, or by the person themselves over their link (`by_link`); then `confirm_link`, mailed
    to the new address, is the second.
    """

    PREFIX = "ctc"

    record = models.UUIDField(db_index=True)  # of a consent or a licence
    sealed_contact = models.TextField(blank=True)  # bound to the record's id; emptied once decided
    status = models.CharField(max_length=10, choices=ContactChangeStatus, default=ContactChangeStatus.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    by_link = models.ForeignKey(AccessLink, on_delete=models.PROTECT, related_name="+", null=True)
    confirm_link = models.ForeignKey(AccessLink, on_delete=models.PROTECT, related_name="+", null=True)
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    confirmed_in = models.CharField(max_length=20, blank=True)  # the database's transaction; a trigger writes it

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=models.Q(status="proposed"), name="one_open_contact_change"
            ),
            models.CheckConstraint(
                condition=models.Q(proposed_by__isnull=False, by_link=None, confirm_link=None)
                | models.Q(proposed_by=None, by_link__isnull=False, confirm_link__isnull=False),
                name="contact_proposed_by_a_manager_or_by_the_person",
            ),
            models.CheckConstraint(
                condition=models.Q(status="proposed", decided_at=None, decided_by=None)
                | (~models.Q(status="proposed") & models.Q(decided_at__isnull=False)),
                name="contact_change_decided_at_some_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="confirmed")
                | (
                    models.Q(decided_at__lt=models.F("expires_at"))
                    & (
                        models.Q(by_link__isnull=False, decided_by=None)
                        | (models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("proposed_by")))
                    )
                ),
                name="contact_confirmed_by_another_in_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} contact"


class Reminder(TenantModel):
    """That a record's end was announced so many days before; once each."""

    PREFIX = "rmd"

    record = models.CharField(max_length=40)
    days = models.PositiveSmallIntegerField()
    until = models.DateTimeField()  # the end that was announced: a narrower version may end sooner

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "days", "until"], name="announced_once")]

    def __str__(self) -> str:
        return f"{self.record}: {self.days} days"


class Tried(TenantModel):
    """A message that is tried until the mail server takes it, or given up."""

    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True


class Mail(Tried):
    """A message that nobody waits for: see `mails`. `sealed` holds address, subject and text until it is sent."""

    PREFIX = "mai"

    about = models.CharField(max_length=80)  # public id: the subject of its events
    kind = models.CharField(max_length=40)
    sealed = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"], condition=models.Q(sent_at=None, given_up_at=None), name="rights_mail_next_at"
            ),
            models.Index(fields=["tenant", "about"], name="rights_mail_about"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} about {self.about}"


class BlockedEntry(TenantModel):
    """A word, mark or name that the company's prompts and pictures must not use."""

    PREFIX = "blk"

    text = models.CharField(max_length=80)
    folded = models.CharField(max_length=160)  # `governance.blocklist.fold`
    kind = models.CharField(max_length=5, choices=[("word", _("Word")), ("mark", _("Trademark")), ("name", _("Name"))])
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["text"]
        constraints = [models.UniqueConstraint(fields=["tenant", "folded"], name="blocked_once")]

    def __str__(self) -> str:
        return self.text
