"""Two people look at every picture, never the one who asked for it. A decision is a fact, never edited."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.generations.models import Output
from imprimatur.tenants.models import TenantModel, User


class Verdict(models.TextChoices):
    """What a reviewer says."""

    APPROVE = "approve", _("Approve")
    REQUEST_CHANGES = "request_changes", _("Request changes")
    REJECT = "reject", _("Reject")


class Claim(TenantModel):
    """A reviewer is looking at this output; for 15 minutes nobody else is offered it."""

    PREFIX = "clm"

    output = models.OneToOneField(Output, on_delete=models.CASCADE, related_name="claim")
    reviewer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.output} by {self.reviewer}"


class Decision(TenantModel):
    """One person's verdict on one output. Undone decisions stay, with `undone_at`."""

    PREFIX = "rev"

    output = models.ForeignKey(Output, on_delete=models.PROTECT, related_name="decisions")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=16, choices=Verdict)
    reason = models.CharField(max_length=40, blank=True)  # a code of `review.reasons`
    note = models.TextField(blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["output", "reviewer"],
                condition=models.Q(undone_at__isnull=True),
                name="one_standing_decision_per_reviewer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.reviewer}"


class Comment(TenantModel):
    """Said about an output, to everybody who works on it."""

    PREFIX = "cmt"

    output = models.ForeignKey(Output, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=2000)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.text[:40]
