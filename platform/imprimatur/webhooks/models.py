"""Where a company wants to be told what happened, how far it has been told, and what became of it lately."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.models import TenantModel, User


class Stopped(models.TextChoices):
    """Why nothing is told there for now."""

    PAUSED = "paused", _("Paused by somebody")
    FAILURES = "failures", _("Stopped: too many tries in a row failed")
    GONE = "gone", _("Stopped: it answered that it is gone for good")


class Trouble(models.TextChoices):
    """Why a delivery was not taken."""

    ANSWER = "answer", _("It answered with an error.")
    REDIRECT = "redirect", _("It sent us on to another address; we do not follow. Give that address instead.")
    GONE = "gone", _("It answered that it is gone for good.")
    REFUSED = "refused", _("We do not speak to this address: it is in a private network, or not fit for this.")
    UNKNOWN = "unknown", _("Nobody knows a server of this name.")
    UNREACHABLE = "unreachable", _("The server could not be reached.")
    CERTIFICATE = "certificate", _("Its certificate is not valid for this name, or has ended.")
    TLS = "tls", _("It did not agree on an encrypted connection.")
    SLOW = "slow", _("It took longer than 15 seconds.")
    NONSENSE = "nonsense", _("It did not answer as a web server does.")


class Endpoint(TenantModel):
    """An address that events are posted to, one after the other.

    events: kinds that are told (`release.published`, `output.*`); none is all of them. cursor: the trail's number up to
    which everything was told or passed over, so that nothing is told out of order and nothing is kept twice.
    secret_version: see `secrets`; the former one signs too until `former_until`. failures: tries in a row that failed;
    next_at: when the next one is due. disabled_because: why nothing is told since `disabled_at`.
    """

    PREFIX = "whk"

    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cursor = models.BigIntegerField()
    secret_version = models.PositiveIntegerField(default=1)
    former_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_because = models.CharField(max_length=10, choices=Stopped, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "url"], name="one_endpoint_per_address"),
            models.CheckConstraint(
                condition=models.Q(disabled_at=None, disabled_because="")
                | models.Q(disabled_at__isnull=False) & ~models.Q(disabled_because=""),
                name="whoever_is_disabled_is_so_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(disabled_at__isnull=True), name="webhooks_due_at")
        ]

    def __str__(self) -> str:
        return self.url


class Delivery(TenantModel):
    """One event on its way to one endpoint, or a test. The newest few are kept (`deliveries.KEPT`).

    seq: its number in the trail, none for a test. by_hand: a person asked for it, so it is tried once, out of turn;
    others are tried until they are taken. status: HTTP status of the last answer, none where there was none.
    """

    PREFIX = "dlv"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    seq = models.BigIntegerField(null=True)
    event = models.CharField(max_length=80)
    by_hand = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    trouble = models.CharField(max_length=12, choices=Trouble, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "seq"], condition=models.Q(by_hand=False), name="one_delivery_in_turn_per_event"
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-created_at"], name="webhooks_deliveries_newest"),
            models.Index(
                fields=["created_at"], condition=models.Q(by_hand=True, attempts=0), name="webhooks_asked_for"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"
