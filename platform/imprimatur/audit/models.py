"""Who did what, when: append-only, one hash chain a tenant. The chain itself is computed by a Postgres trigger."""

from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """One fact. Rows are inserted and read, never changed: the database refuses anything else.

    `tenant_id` is a bare UUID, so that this app stands below all others. `seq`, `prev_hash` and `hash` are filled by
    the trigger; `governance.ledger` documents the hashed text.
    """

    tenant_id = models.UUIDField()
    seq = models.BigIntegerField(editable=False)
    occurred_at = models.DateTimeField()
    actor = models.CharField(max_length=120)  # "user:<uuid>", "key:<uuid>", "system"
    event = models.CharField(max_length=80)  # "consent.verified", "generation.ready", ...
    subject = models.CharField(max_length=80, blank=True)  # public id: "gen_...", "cns_..."
    payload = models.TextField(default="{}")  # canonical JSON (RFC 8785), nothing personal
    prev_hash = models.CharField(max_length=64, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["tenant_id", "seq"], name="audit_one_seq_per_tenant")]
        indexes = [models.Index(fields=["tenant_id", "subject"])]

    def __str__(self) -> str:
        return f"{self.seq} {self.event} {self.subject}"


class Mention(models.Model):
    """An event names the terms of an agreement, by digest. Written by the database with the event (migration 0004), so
    that what relied on an agreement is found by an index and not by reading every payload."""

    tenant_id = models.UUIDField()
    digest = models.CharField(max_length=64)
    # No constraint: whoever tampers with the trail as the database's owner is found by the chain, not stopped by this.
    event = models.ForeignKey(AuditEvent, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "digest", "event"], name="audit_one_mention")]

    def __str__(self) -> str:
        return f"{self.digest} in {self.event_id}"
