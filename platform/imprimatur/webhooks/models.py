"""Where a company wants to be told what happened, and how far it has been told."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from imprimatur.tenants.models import TenantModel, User


class Endpoint(TenantModel):
    """An address that events are posted to, one after the other.

    events: kinds that are told (`release.published`, `output.*`); none is all of them. cursor: the trail's number up to
    which everything was told or passed over, so that nothing is told out of order and nothing is kept twice.
    secret_version: see `secrets`; the former one signs too until `former_until`. failures: tries in a row that failed;
    next_at: when the next one is due.
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

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["tenant", "url"], name="one_endpoint_per_address")]
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(disabled_at__isnull=True), name="webhooks_due_at")
        ]

    def __str__(self) -> str:
        return self.url
