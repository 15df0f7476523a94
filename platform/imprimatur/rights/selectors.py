"""Read records and licences, and find those that might cover a reference."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import QuerySet

from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from imprimatur.audit import selectors as audit
from imprimatur.audit.models import AuditEvent
from imprimatur.rights import evidence as documents
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TermsVersion, TrademarkLicence
from imprimatur.rights.sealing import Contact, contact_of
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import NotFound
from imprimatur.tenants.ids import MalformedId, decode
from imprimatur.tenants.permissions import Permission

Record = TypeVar("Record", bound=RightRecord)
EXPIRING_WITHIN = timedelta(days=30)


def consents() -> QuerySet[ConsentRecord]:
    """The tenant's consent records, newest first."""
    return ConsentRecord.objects.select_related("created_by", "verified_by")


def licences() -> QuerySet[TrademarkLicence]:
    """The tenant's trademark licences, newest first."""
    return TrademarkLicence.objects.select_related("created_by", "verified_by")


def get_consent(public_id: str) -> ConsentRecord:
    """`cns_...`; NotFound."""
    return _get(consents(), public_id)


def get_licence(public_id: str) -> TrademarkLicence:
    """`tml_...`; NotFound."""
    return _get(licences(), public_id)


def get_record(public_id: str) -> ConsentRecord | TrademarkLicence:
    """Either kind, told by the id's prefix; NotFound."""
    return get_licence(public_id) if public_id.startswith(TrademarkLicence.PREFIX) else get_consent(public_id)


def covering(reference_digests: Iterable[str]) -> tuple[list[ConsentRecord], list[TrademarkLicence]]:
    """Every record that names one of these pixel digests, whatever its status: the policy judges and words the refusal.

    `reference_digests` are ReferenceImage.pixel_sha256.
    """
    named = {"reference_digests__overlap": list(reference_digests)}
    return list(consents().filter(**named)), list(licences().filter(**named))


def terms_of(record: RightRecord) -> ConsentTerms | TrademarkTerms:
    """What was agreed, with the status as it is now."""
    kind = ConsentTerms if isinstance(record, ConsentRecord) else TrademarkTerms
    return kind.from_json(record.terms | {"status": record.status})


def standing(record: RightRecord, now: datetime) -> RightStatus:
    """The status as people should read it: what ran out counts as expired before anybody marks it."""
    running = record.status in (RightStatus.ACTIVE, RightStatus.SUSPENDED)
    over = record.valid_until is not None and record.valid_until <= now
    return RightStatus.EXPIRED if running and over else RightStatus(record.status)


def expiring(now: datetime) -> list[ConsentRecord | TrademarkLicence]:
    """Active records whose term ends within 30 days, soonest first."""
    soon = {"status": RightStatus.ACTIVE, "valid_until__gt": now, "valid_until__lte": now + EXPIRING_WITHIN}
    found: list[ConsentRecord | TrademarkLicence] = [*consents().filter(**soon), *licences().filter(**soon)]
    return sorted(found, key=lambda record: record.valid_until or now)


def receipts(record: RightRecord) -> QuerySet[AuditEvent]:
    """What happened to the record and what relied on it, newest first: each event with its place in the chain.

    Whatever relies on a record writes the digest of its terms into its own event.
    """
    digests = {record.terms_digest, *versions(record).values_list("terms_digest", flat=True)}
    return audit.about(record.tenant_id, record.public_id, digests)


def versions(record: RightRecord) -> QuerySet[TermsVersion]:
    """Every text that was agreed, newest first; none as long as the record is a draft."""
    return TermsVersion.objects.filter(record=record.pk)


def contact(actor: Actor, record: RightRecord) -> Contact:
    """Who stands behind the record: for rights managers only. CannotUnseal without the key."""
    actor.require(Permission.MANAGE_RIGHTS)
    return contact_of(record.pk, record.sealed_contact)


def may_read_reasons(actor: Actor) -> bool:
    """Whether the actor may read why something was taken back, in the person's own words: rights managers and owners.
    Everybody else learns that it was, and when."""
    return actor.has(Permission.MANAGE_RIGHTS) or actor.has(Permission.MANAGE_TENANT)


def evidence(record: RightRecord) -> tuple[bytes, str]:
    """The signed document and its type; NotFound where none was added."""
    if not record.evidence_key:
        raise NotFound
    return documents.content(record)


def _get(rows: QuerySet[Record], public_id: str) -> Record:
    try:
        found = rows.filter(pk=decode(rows.model.PREFIX, public_id)).first()
    except MalformedId:
        found = None
    if found is None:
        raise NotFound
    return found
