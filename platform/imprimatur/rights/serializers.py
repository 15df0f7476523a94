"""Consents and licences as the API shows and takes them. The salt of commitments is never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance.agreement import RENEWALS
from governance.consent import ConsentTerms
from governance.errors import InvalidTerms
from governance.scope import TERMS_ACTIONS
from governance.trademark import TREATMENTS, TrademarkTerms
from imprimatur.rights import selectors
from imprimatur.rights.models import (
    ConsentRecord,
    ContactChange,
    ContactChangeStatus,
    RightRecord,
    RightStatus,
    TermsVersion,
    TrademarkLicence,
)
from imprimatur.rights.places import require_known_places
from imprimatur.rights.sealing import Contact, contact_of
from imprimatur.rights.services import MAX_REASON
from imprimatur.rights.versions import terms_in
from imprimatur.tenants.errors import InvalidInput

Terms = TypeVar("Terms", ConsentTerms, TrademarkTerms)
PENDING = "pending"  # id and grantee are the service's to fill in
_NOT_TERMS = frozenset({"title", "file", "contact_name", "contact_email", "contact_language"})


class Words(serializers.ListField):
    """A list of short words. `*` is everything; empty is nothing."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("default", list)
        super().__init__(child=serializers.CharField(max_length=60), max_length=250, **options)


class Reason(serializers.CharField):
    """Why something was taken back, in the words of whoever did; null for those who may not read it."""

    def __init__(self) -> None:
        told = "Only rights managers and owners read it; null for everybody else."
        super().__init__(read_only=True, allow_null=True, help_text=told)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]  # null for some
        """By who asks; without somebody, for nobody."""
        actor = getattr(self.context.get("request"), "actor", None)
        return value if actor is not None and selectors.may_read_reasons(actor) else None


class Digests(serializers.ListField):
    """`pixel_sha256` of references."""

    def __init__(self) -> None:
        super().__init__(child=serializers.RegexField(r"^[0-9a-f]{64}$"), min_length=1, max_length=200)


class NewRightSerializer(serializers.Serializer[Any]):
    """What both kinds of record ask for. `file`: the signed document (PDF, PNG, JPEG or text), now or later."""

    title = serializers.CharField(max_length=160)
    reference_digests = Digests()
    purposes = Words()
    channels = Words()
    territories = Words()
    excluded_territories = Words()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(required=False, allow_null=True, default=None)
    sell_off_days = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=3650, help_text="What is out may stay so long after the end."
    )
    renewal = serializers.ChoiceField(choices=list(RENEWALS), required=False, default="none")
    contact_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    contact_email = serializers.EmailField(required=False, allow_blank=True, default="")
    contact_language = serializers.RegexField(r"^(en|ja)$", required=False, default="en", help_text="en or ja.")
    file = serializers.FileField(required=False)

    def built(self, terms: Callable[..., Terms]) -> Terms:
        """The governance terms; InvalidInput where they contradict themselves."""
        said = {key: value for key, value in self.validated_data.items() if key not in _NOT_TERMS}
        require_known_places(said)
        sets = {key: frozenset(value) if isinstance(value, list) else value for key, value in said.items()}
        try:
            return terms(id=PENDING, grantee=PENDING, **sets)
        except InvalidTerms as error:
            raise InvalidInput(errors=[{"field": "terms", "message": str(error)}], code=error.code) from error

    def beside(self) -> dict[str, Any]:
        """Evidence and contact as the services take them."""
        said = self.validated_data
        file = said.get("file")
        contact = Contact(name=said["contact_name"], email=said["contact_email"], language=said["contact_language"])
        return {"contact": contact} | ({"evidence": file.read(), "evidence_name": file.name} if file else {})


class NewConsentSerializer(NewRightSerializer):
    """A person's or an owner's permission. What is not said is not permitted."""

    kind = serializers.ChoiceField(choices=["likeness", "copyright", "property"])
    subject = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=80, help_text="A pseudonym, never a name."
    )
    capacity = serializers.ChoiceField(
        choices=["self", "guardian", "estate", "agency", "rights_holder"], required=False, default="self"
    )
    actions = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TERMS_ACTIONS)), required=False, default=lambda: ["generate"]
    )
    languages = Words(default=lambda: ["*"])
    prohibited_contexts = Words()
    paid_media = serializers.BooleanField(required=False, default=False)
    synthetic_media_permitted = serializers.BooleanField(required=False, default=False)
    synthetic_description = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    minor = serializers.BooleanField(required=False, default=False)
    majority_date = serializers.DateField(required=False, allow_null=True, default=None)
    output_cap = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1)
    approval_right = serializers.ChoiceField(
        choices=["none", "per_campaign", "per_output"], required=False, default="none"
    )

    response_days = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=1, max_value=365)
    disclosure_duty = serializers.BooleanField(required=False, default=False)

    def terms(self) -> ConsentTerms:
        """As `governance` checks them."""
        return self.built(ConsentTerms)


class NewLicenceSerializer(NewRightSerializer):
    """A mark's owner's permission."""

    mark = serializers.CharField(max_length=120)
    owner = serializers.CharField(max_length=160)
    registration = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    office = serializers.CharField(required=False, allow_blank=True, default="", max_length=20)
    nice_classes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=45), required=False, default=list
    )
    permitted_treatments = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TREATMENTS)),
        required=False,
        default=lambda: ["unaltered", "in_scene"],
    )

    def terms(self) -> TrademarkTerms:
        """As `governance` checks them."""
        return self.built(TrademarkTerms)


class RightSerializer(serializers.ModelSerializer[Any]):
    """What both kinds of record show. `standing`: the status today, a term that ran out included."""

    id = serializers.CharField(source="public_id", read_only=True)
    status = serializers.ChoiceField(choices=RightStatus.choices, read_only=True)
    standing = serializers.SerializerMethodField()
    terms = serializers.JSONField(read_only=True)
    created_by = serializers.UUIDField(source="created_by_id", read_only=True)
    verified_by = serializers.UUIDField(source="verified_by_id", read_only=True, allow_null=True)
    renews = serializers.SerializerMethodField(help_text="The record that this one goes on from.")
    revocation_reason = Reason()

    class Meta:
        fields = [
            "id",
            "title",
            "status",
            "standing",
            "reference_digests",
            "valid_from",
            "valid_until",
            "terms",
            "terms_digest",
            "evidence_sha256",
            "evidence_name",
            "version",
            "terms_version",
            "suspension_reason",
            "renews",
            "created_by",
            "verified_by",
            "created_at",
            "revoked_at",
            "revocation_reason",
        ]

    def get_renews(self, record: RightRecord) -> str | None:
        """`cns_...` or `tml_...`."""
        return record.renews.public_id if record.renews else None

    def get_standing(self, record: RightRecord) -> str:
        """The status today."""
        return str(selectors.standing(record, timezone.now()))


class ConsentSerializer(RightSerializer):
    """A person's or an owner's permission."""

    class Meta(RightSerializer.Meta):
        model = ConsentRecord
        fields = [*RightSerializer.Meta.fields, "kind"]
        read_only_fields = fields


class LicenceSerializer(RightSerializer):
    """A mark's owner's permission."""

    class Meta(RightSerializer.Meta):
        model = TrademarkLicence
        fields = [*RightSerializer.Meta.fields, "mark", "owner"]
        read_only_fields = fields


class EvidenceSerializer(serializers.Serializer[Any]):
    """The signed document."""

    file = serializers.FileField()


class RevocationSerializer(serializers.Serializer[Any]):
    """Why, for the record; kept in the tenant, not in the audit trail."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON)


class NarrowingSerializer(serializers.Serializer[Any]):
    """The terms that are left, as `terms` shows them; what is not named stays. Only less than before is taken."""

    terms = serializers.DictField()
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_REASON)

    def terms_for(self, record: RightRecord) -> ConsentTerms | TrademarkTerms:
        """The record's terms with what was said put in their place; InvalidInput for unknown or unreadable fields."""
        said: dict[str, Any] = self.validated_data["terms"]
        unknown = sorted(said.keys() - record.terms.keys())
        if unknown:
            message = _("There is no such term.")
            raise InvalidInput(errors=[{"field": f"terms.{name}", "message": message} for name in unknown])
        try:
            return type(terms_in(record)).from_json(record.terms | said)
        except InvalidTerms as error:
            raise InvalidInput(errors=[{"field": "terms", "message": str(error)}], code=error.code) from error


class RenewalSerializer(serializers.Serializer[Any]):
    """The end of the record that goes on from this one."""

    valid_until = serializers.DateTimeField()


class ContactSerializer(serializers.Serializer[Any]):
    """Who stands behind a record; kept encrypted, shown to rights managers only."""

    name = serializers.CharField(allow_blank=True, max_length=120)
    email = serializers.EmailField(allow_blank=True)
    language = serializers.RegexField(r"^(en|ja)$", required=False, default="en", help_text="en or ja.")


class ContactChangeSerializer(serializers.ModelSerializer[ContactChange]):
    """Another address that was proposed. `contact` is shown as long as it waits, and kept no longer."""

    id = serializers.CharField(source="public_id", read_only=True)
    status = serializers.ChoiceField(choices=ContactChangeStatus.choices, read_only=True)
    contact = serializers.SerializerMethodField()
    by_person = serializers.SerializerMethodField(help_text="Whether the person asked for it themselves.")
    proposed_by = serializers.UUIDField(source="proposed_by_id", read_only=True, allow_null=True)
    decided_by = serializers.UUIDField(source="decided_by_id", read_only=True, allow_null=True)

    class Meta:
        model = ContactChange
        fields = [
            "id",
            "status",
            "contact",
            "by_person",
            "proposed_by",
            "created_at",
            "expires_at",
            "decided_by",
            "decided_at",
        ]
        read_only_fields = fields

    @extend_schema_field(ContactSerializer(allow_null=True))
    def get_contact(self, change: ContactChange) -> Any:
        """Name, address and language."""
        return asdict(contact_of(change.record, change.sealed_contact)) if change.sealed_contact else None

    def get_by_person(self, change: ContactChange) -> bool:
        """By their link."""
        return change.by_link_id is not None


class TermsVersionSerializer(serializers.ModelSerializer[TermsVersion]):
    """One text that was agreed."""

    terms = serializers.JSONField(read_only=True)
    reason = Reason()

    class Meta:
        model = TermsVersion
        fields = ["number", "terms", "terms_digest", "made_by", "reason", "created_at"]
        read_only_fields = fields


class AddressSerializer(serializers.Serializer[Any]):
    """A link that went out by mail. It is shown this once, and only where mails go nowhere."""

    address = serializers.CharField(allow_blank=True)
