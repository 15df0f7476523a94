"""What left the house: the approved picture, re-stamped with its approval; its rights are asked again when served."""

from __future__ import annotations

from typing import Final

from django.db import models

from imprimatur.generations.models import Output
from imprimatur.tenants.models import TenantModel, User

RIGHT_REVOKED: Final = "right_revoked"  # why a release was withdrawn, where no person chose the words


class Release(TenantModel):
    """A released picture: a new manifest with the reviewed file as its parent."""

    PREFIX = "rel"

    output = models.OneToOneField(Output, on_delete=models.PROTECT, related_name="release")
    object_key = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    first_sha256 = models.CharField(max_length=64, blank=True, default="", db_index=True)  # before the time stamp
    time_stamped_at = models.DateTimeField(null=True, blank=True)  # as the time authority says
    mime = models.CharField(max_length=20)
    manifest_state = models.CharField(max_length=10)
    use = models.JSONField(default=dict)  # channel, territory, purpose the rights were asked about
    labels = models.JSONField(default=dict)  # what it carries and by which rules: `governance.labels.Labels.to_json`
    released_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.public_id
