"""/consents and /trademark-licences: draft, verify, suspend, and what happened to a record.

Ending one is `withdrawal.api`'s: it tells first what that reaches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from imprimatur.audit.models import AuditEvent
from imprimatur.rights import selectors, services, signing
from imprimatur.rights.contact_api import ContactChanges
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.rights.sealing import Contact
from imprimatur.rights.serializers import (
    AddressSerializer,
    ConsentSerializer,
    ContactSerializer,
    EvidenceSerializer,
    LicenceSerializer,
    NarrowingSerializer,
    NewConsentSerializer,
    NewLicenceSerializer,
    RenewalSerializer,
    TermsVersionSerializer,
)
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.http import base_url
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.rest.pagination import NewestEventFirst
from imprimatur.tenants.rest.views import TenantRequest, TenantViewSet
from imprimatur.tenants.serializers import AuditEventSerializer

STATUS = OpenApiParameter("status", enum=list(RightStatus.values), description="Records that stand there.")
DIGEST = OpenApiParameter("reference_digest", str, description="Records that name this reference's `pixel_sha256`.")
DOCUMENT = {(200, "application/pdf"): OpenApiTypes.BINARY}


class Records(TenantViewSet):
    """What both kinds of record can do. Drafting needs no more than adding references; the rest a rights manager."""

    permissions: ClassVar[dict[str, Permission]] = {
        "create": Permission.VIEW,  # the service asks for what drafting needs
        "add_evidence": Permission.VIEW,
        "verify": Permission.MANAGE_RIGHTS,
        "sent": Permission.MANAGE_RIGHTS,
        "signed": Permission.MANAGE_RIGHTS,
        "suspend": Permission.MANAGE_RIGHTS,
        "resume": Permission.MANAGE_RIGHTS,
        "evidence": Permission.MANAGE_RIGHTS,
        "narrow": Permission.MANAGE_RIGHTS,
        "renew": Permission.VIEW,
        "contact": Permission.MANAGE_RIGHTS,
        "set_contact": Permission.VIEW,
        "send": Permission.MANAGE_RIGHTS,
        "portal": Permission.MANAGE_RIGHTS,
    }
    persons_only = frozenset({"verify", "send", "portal"})
    secret_answers = frozenset({"send", "portal"})  # a link opens what it is for, to whoever has it

    def record(self, public_id: str) -> Any:
        """The record of that id; NotFound."""
        raise NotImplementedError

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """As the query asks."""
        asked: Any = self.request.query_params
        if status := asked.get("status"):
            rows = rows.filter(status=status)
        digest = asked.get("reference_digest")
        return rows.filter(reference_digests__contains=[digest]) if digest else rows

    @extend_schema(parameters=[STATUS, DIGEST])
    def list(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Records, newest first."""
        return self.page()

    def retrieve(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002
        """One record with everything that was agreed."""
        return self.answer(self.record(public_id))

    @extend_schema(request={"multipart/form-data": EvidenceSerializer})
    def add_evidence(self, request: TenantRequest, public_id: str) -> Response:
        """Add the signed document to a draft, or replace it."""
        asked = EvidenceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        file = asked.validated_data["file"]
        return self.answer(services.attach_evidence(request.actor, self.record(public_id), file.read(), file.name))

    @extend_schema(responses=DOCUMENT)
    def evidence(self, request: TenantRequest, public_id: str) -> HttpResponse:  # noqa: ARG002
        """The signed document as it came. It may name people: rights managers only."""
        record = self.record(public_id)
        data, mime = selectors.evidence(record)
        name = f"{record.public_id}.{record.evidence_key.rpartition('.')[2]}"
        return HttpResponse(data, content_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @extend_schema(request=None)
    def verify(self, request: TenantRequest, public_id: str) -> Response:
        """A rights manager saw the evidence: the record becomes active. A key gets 403 `person_required`."""
        return self._step(request, public_id, services.verify_record)

    @extend_schema(request=None)
    def sent(self, request: TenantRequest, public_id: str) -> Response:
        """The document went out for signature."""
        return self._step(request, public_id, services.mark_sent)

    @extend_schema(request=None)
    def signed(self, request: TenantRequest, public_id: str) -> Response:
        """The signed document came back."""
        return self._step(request, public_id, services.mark_signed)

    @extend_schema(request=None)
    def suspend(self, request: TenantRequest, public_id: str) -> Response:
        """Stop every use for now."""
        return self._step(request, public_id, services.suspend)

    @extend_schema(request=None)
    def resume(self, request: TenantRequest, public_id: str) -> Response:
        """Allow use again."""
        return self._step(request, public_id, services.resume)

    @extend_schema(request=NarrowingSerializer)
    def narrow(self, request: TenantRequest, public_id: str) -> Response:
        """A smaller version of what was agreed, in force at once. 422 that names what would allow more."""
        asked = NarrowingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        record = self.record(public_id)
        reason = asked.validated_data["reason"]
        return self.answer(services.narrow(request.actor, record, asked.terms_for(record), reason))

    @extend_schema(request=RenewalSerializer)
    def renew(self, request: TenantRequest, public_id: str) -> Response:
        """Draft a record that goes on where this one ends; it needs a signature of its own."""
        asked = RenewalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        following = services.renew(request.actor, self.record(public_id), asked.validated_data["valid_until"])
        return self.answer(following, status=201)

    @extend_schema(responses=TermsVersionSerializer(many=True))
    def versions(self, request: TenantRequest, public_id: str) -> Response:  # noqa: ARG002
        """Every text that was agreed, newest first; receipts name them by digest."""
        rows = selectors.versions(self.record(public_id))
        return Response(TermsVersionSerializer(rows, many=True, context=self.get_serializer_context()).data)

    @extend_schema(responses=ContactSerializer)
    def contact(self, request: TenantRequest, public_id: str) -> Response:
        """Who stands behind the record: rights managers only."""
        return Response(ContactSerializer(selectors.contact(request.actor, self.record(public_id))).data)

    @extend_schema(request=ContactSerializer)
    def set_contact(self, request: TenantRequest, public_id: str) -> Response:
        """Say who stands behind a draft; kept encrypted. 409 `not_a_draft` later: propose a change instead."""
        asked = ContactSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        contact = Contact(**asked.validated_data)
        return self.answer(services.set_contact(request.actor, self.record(public_id), contact))

    @extend_schema(request=None, responses=AddressSerializer)
    def send(self, request: TenantRequest, public_id: str) -> Response:
        """Mail the person a link to read and sign. The address is shown this once, and only where mails go nowhere."""
        address = signing.send_to_sign(request.actor, self.record(public_id), base_url(request))
        return Response({"address": address})

    @extend_schema(request=None, responses=AddressSerializer)
    def portal(self, request: TenantRequest, public_id: str) -> Response:
        """Mail the person a link to what was made of them. The address is shown as by `send`."""
        address = signing.send_portal(request.actor, self.record(public_id), base_url(request))
        return Response({"address": address})

    def answer(self, record: RightRecord, **options: Any) -> Response:
        """The record as it stands now."""
        return Response(self.get_serializer(record).data, **options)

    def created(self, request: TenantRequest, record: RightRecord) -> Response:
        """201 with the record's address."""
        return self.answer(record, status=201, headers={"Location": f"{request.path}/{record.public_id}"})

    def _step(self, request: TenantRequest, public_id: str, service: Callable[[Actor, Any], Any]) -> Response:
        return self.answer(service(request.actor, self.record(public_id)))


class Consents(Records):
    """Permissions of people and owners."""

    model = ConsentRecord
    serializer_class = ConsentSerializer

    def rows(self) -> QuerySet[ConsentRecord]:
        """Those the query asks for."""
        return self.filtered(selectors.consents())

    def record(self, public_id: str) -> ConsentRecord:
        """The consent of that id."""
        return selectors.get_consent(public_id)

    @extend_schema(request=NewConsentSerializer, responses={201: ConsentSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Draft a consent. A draft grants nothing until a rights manager verifies it."""
        asked = NewConsentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = {"title": asked.validated_data["title"], "kind": asked.validated_data["kind"]}
        record = services.draft_consent(request.actor, **said, terms=asked.terms(), **asked.beside())
        return self.created(request, record)


class Licences(Records):
    """Permissions of trademark owners."""

    model = TrademarkLicence
    serializer_class = LicenceSerializer

    def rows(self) -> QuerySet[TrademarkLicence]:
        """Those the query asks for."""
        return self.filtered(selectors.licences())

    def record(self, public_id: str) -> TrademarkLicence:
        """The licence of that id."""
        return selectors.get_licence(public_id)

    @extend_schema(request=NewLicenceSerializer, responses={201: LicenceSerializer})
    def create(self, request: TenantRequest) -> Response:
        """Draft a licence. A draft grants nothing until a rights manager verifies it."""
        asked = NewLicenceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        title = asked.validated_data["title"]
        record = services.draft_licence(request.actor, title=title, terms=asked.terms(), **asked.beside())
        return self.created(request, record)


class Receipts(TenantViewSet):
    """The trail of one record."""

    model = AuditEvent
    serializer_class = AuditEventSerializer
    pagination_class = NewestEventFirst

    def rows(self) -> QuerySet[AuditEvent]:
        """Every change of the record, and every request that relied on it."""
        return selectors.receipts(selectors.get_record(self.kwargs["public_id"]))

    def list(self, request: Request, public_id: str) -> Response:  # noqa: ARG002 - DRF's signature
        """What happened to the record and what relied on it, newest first: each with its place in the audit chain."""
        return self.page()


def _addresses(word: str, records: type[Records]) -> list[URLPattern]:
    one = f"{word}/<str:public_id>"
    steps = ("verify", "sent", "signed", "suspend", "resume", "narrow", "renew", "send", "portal")
    return [
        path(word, records.as_view({"get": "list", "post": "create"})),
        path(one, records.as_view({"get": "retrieve"})),
        path(
            f"{one}/evidence",
            records.as_view({"get": "evidence", "post": "add_evidence"}, parser_classes=[MultiPartParser]),
        ),
        path(f"{one}/contact", records.as_view({"get": "contact", "put": "set_contact"})),
        path(f"{one}/contact-changes", ContactChanges.as_view({"get": "list", "post": "propose"})),
        *(
            path(f"{one}/contact-changes/<str:change>/{step}", ContactChanges.as_view({"post": step}))
            for step in ("confirm", "decline", "withdraw")
        ),
        path(f"{one}/versions", records.as_view({"get": "versions"})),
        path(f"{one}/receipts", Receipts.as_view({"get": "list"})),
        *(path(f"{one}/{step}", records.as_view({"post": step})) for step in steps),
    ]


urlpatterns = [*_addresses("consents", Consents), *_addresses("trademark-licences", Licences)]
