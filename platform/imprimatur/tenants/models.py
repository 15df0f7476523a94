"""Tenants, their people and their keys; and what every tenant's row has in common."""

from __future__ import annotations

import uuid
from typing import ClassVar, TypeVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.ids import encode
from imprimatur.tenants.scope import current_tenant_id


class Tenant(models.Model):
    """A company. Its id is set as `app.tenant` while its rows are worked on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True, max_length=40)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in, by e-mail. Belongs to tenants through Membership."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(max_length=5, default="en", choices=[("en", "English"), ("ja", "日本語")])

    def __str__(self) -> str:
        return self.get_full_name() or self.email


_Row = TypeVar("_Row", bound="TenantModel")


class TenantManager(models.Manager[_Row]):
    """Sees the entered tenant's rows only; raises UnscopedQuery outside a scope."""

    def get_queryset(self) -> models.QuerySet[_Row]:
        return super().get_queryset().filter(tenant_id=current_tenant_id())

    def none(self) -> models.QuerySet[_Row]:
        """No rows at all: the one query that needs no scope."""
        return super().get_queryset().none()


class TenantModel(models.Model):
    """A row that belongs to one tenant. Row-level security guards the same rule in the database."""

    PREFIX: ClassVar[str]  # of the public id

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantManager()

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        """`gen_...`, `ref_...`: what users, URLs and the API see."""
        return encode(self.PREFIX, self.id)


class Membership(TenantModel):
    """A person's roles in a tenant."""

    PREFIX = "mbr"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=20))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_per_user")]

    def __str__(self) -> str:
        return f"{self.user} ({', '.join(self.roles)})"


class Invitation(TenantModel):
    """A way into the company for whoever reads one mailbox. The link is signed, so the row opens nothing by itself."""

    PREFIX = "inv"

    email = models.EmailField()  # in small letters
    roles = ArrayField(models.CharField(max_length=20))
    language = models.CharField(max_length=5)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(default=1)  # of its newest link: an earlier one opens nothing
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, taken_back_at=None),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, taken_back_at=None),
                name="accepted_by_somebody_or_not_at_all",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class ApiKey(TenantModel):
    """A machine's key. Only a hash of the secret is kept; `lookup` is its public first part."""

    PREFIX = "key"

    name = models.CharField(max_length=80)
    lookup = models.CharField(max_length=16, unique=True)
    secret_hash = models.CharField(max_length=64)  # SHA-256 hex: the secret has 256 bits of its own
    scopes = ArrayField(models.CharField(max_length=30))  # values of Permission
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(TenantModel):
    """The answer to a POST that named an Idempotency-Key; kept for a day. `body` is null where it held a secret."""

    PREFIX = "idm"

    actor = models.CharField(max_length=120)  # Actor.label
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "actor", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"{self.status} for {self.key}"
