"""Companies, members, keys and audit events as the API shows them."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.models import ApiKey, Invitation, Membership
from imprimatur.tenants.permissions import Permission, Role


class PersonSerializer(serializers.Serializer[Any]):
    """A person who signs in."""

    name = serializers.CharField(source="__str__")
    email = serializers.EmailField()
    language = serializers.CharField()


class TenantSerializer(serializers.Serializer[Any]):
    """A company."""

    slug = serializers.CharField()
    name = serializers.CharField()


class MeSerializer(serializers.Serializer[Any]):
    """Who is calling, where, and what they may do. `person` is null for a key, `key` for a person."""

    person = PersonSerializer(allow_null=True)
    key = serializers.CharField(allow_null=True)
    tenant = TenantSerializer()
    permissions = serializers.ListField(child=serializers.ChoiceField(choices=[p.value for p in Permission]))


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A member and their roles."""

    id = serializers.CharField(source="public_id", read_only=True)
    name = serializers.CharField(source="user.__str__", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=[r.value for r in Role]))

    class Meta:
        model = Membership
        fields = ["id", "name", "email", "roles", "created_at"]


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An open invitation. Whether its address has an account already is told to nobody."""

    id = serializers.CharField(source="public_id", read_only=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=[r.value for r in Role]), allow_empty=False)
    language = serializers.RegexField(r"^(en|ja)$", required=False, default="en", help_text="Of the mail: en or ja.")
    invited_by = serializers.CharField(source="invited_by.__str__", read_only=True)

    class Meta:
        model = Invitation
        fields = ["id", "email", "roles", "language", "invited_by", "created_at", "sent_at", "expires_at"]
        read_only_fields = ["created_at", "sent_at", "expires_at"]


class SentInvitationSerializer(InvitationSerializer):
    """An invitation that has just gone out. `address` is its link, shown this once and only where mails go nowhere."""

    address = serializers.CharField(read_only=True, allow_blank=True)

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "address"]


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key, without its secret."""

    id = serializers.CharField(source="public_id", read_only=True)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[p.value for p in Permission if p is not Permission.DECIDE])
    )

    class Meta:
        model = ApiKey
        fields = ["id", "name", "scopes", "created_at", "last_used_at", "revoked_at"]
        read_only_fields = ["created_at", "last_used_at", "revoked_at"]


class NewApiKeySerializer(ApiKeySerializer):
    """A key with its secret: the answer that is shown once."""

    secret = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "secret"]


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    """One fact of the trail."""

    payload = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = ["seq", "occurred_at", "actor", "event", "subject", "payload", "prev_hash", "hash"]

    def get_payload(self, event: AuditEvent) -> dict[str, Any]:
        """The canonical JSON, read."""
        return dict(json.loads(event.payload))


class ChainCheckSerializer(serializers.Serializer[Any]):
    """Whether the trail is unbroken."""

    intact = serializers.BooleanField()
    rows = serializers.IntegerField()
    head = serializers.CharField()
    problem = serializers.CharField()
    checkpoint_row = serializers.IntegerField(source="checkpoint.seq", default=None, allow_null=True)
    checkpoint_taken_at = serializers.DateTimeField(source="checkpoint.taken_at", default=None, allow_null=True)
