"""Write down what was agreed: drafts, their documents, who stands behind them. A draft grants nothing."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from governance.consent import ConsentTerms
from governance.errors import InvalidTerms
from governance.trademark import TrademarkTerms
from imprimatur.rights import evidence as documents
from imprimatur.rights import links
from imprimatur.rights.contact_states import overtake
from imprimatur.rights.models import ConsentRecord, RightRecord, RightStatus, TrademarkLicence
from imprimatur.rights.moving import locked, recorded, saved
from imprimatur.rights.places import require_known_places
from imprimatur.rights.sealing import Contact, contact_of, seal_contact
from imprimatur.rights.versions import Terms, keep_version, terms_in, write_terms
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, PersonRequired
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Permission

Record = TypeVar("Record", bound=RightRecord)
UNVERIFIED: Final = frozenset({RightStatus.DRAFT, RightStatus.SENT, RightStatus.SIGNED})
_CONSENT_KINDS: Final = ("likeness", "copyright", "property")


def draft_consent(
    actor: Actor,
    *,
    title: str,
    kind: str,
    terms: ConsentTerms,
    evidence: bytes | None = None,
    evidence_name: str = "",
    contact: Contact | None = None,
) -> ConsentRecord:
    """A new consent record. Its id, grantee, evidence digest and status replace whatever `terms` said about them."""
    author = _require_drafter(actor)
    if kind not in _CONSENT_KINDS or terms.kind != kind:
        raise _invalid("kind", _("Choose likeness, copyright or property; a mark needs a trademark licence."))
    record = ConsentRecord(id=uuid.uuid4(), tenant_id=actor.tenant_id, kind=kind, created_by=author)
    require_known_places(terms)
    _describe(record, title, evidence, evidence_name, contact)
    return _draft(actor, record, terms)


def draft_licence(
    actor: Actor,
    *,
    title: str,
    terms: TrademarkTerms,
    evidence: bytes | None = None,
    evidence_name: str = "",
    contact: Contact | None = None,
) -> TrademarkLicence:
    """A new trademark licence; as for consents."""
    author = _require_drafter(actor)
    record = TrademarkLicence(id=uuid.uuid4(), tenant_id=actor.tenant_id, created_by=author)
    record.mark, record.owner = terms.mark, terms.owner
    require_known_places(terms)
    _describe(record, title, evidence, evidence_name, contact)
    return _draft(actor, record, terms)


def redraft(actor: Actor, record: Record, terms: Terms) -> Record:
    """Write a draft anew, for example because the person asked for changes; whoever does so is its author now."""
    author = _require_drafter(actor)
    row = locked(record)
    if row.status != RightStatus.DRAFT:
        raise Conflict(_("Only a draft can be rewritten. Draft a new record."), code="not_a_draft")
    require_known_places(terms, terms_in(row))
    write_terms(row, owned(row, terms))
    row.created_by = author
    return saved(actor, row, "redrafted", {})


def renew(actor: Actor, record: Record, valid_until: datetime) -> Record:
    """A new draft of the same terms that goes on where this record ends. It needs a signature of its own."""
    author = _require_drafter(actor)
    terms = terms_in(record)
    if terms.valid_until is None:
        raise Conflict(_("This record never ends, so there is nothing to renew."), code="never_ends")
    if valid_until <= terms.valid_until:
        raise _invalid("valid_until", _("The new end must lie after the present one."))
    following = type(record)(id=uuid.uuid4(), tenant_id=actor.tenant_id, created_by=author, title=record.title)
    for name in ("kind", "mark", "owner"):
        if hasattr(record, name):
            setattr(following, name, getattr(record, name))
    following.renews, following.salt = record, secrets.token_hex(32)
    following.sealed_contact = seal_contact(following.pk, contact_of(record.pk, record.sealed_contact))
    try:
        longer = replace(terms, valid_from=terms.valid_until, valid_until=valid_until)
    except InvalidTerms as error:
        raise _invalid("valid_until", _("Choose a day between 1900 and 9900.")) from error
    return _draft(actor, following, longer)


def attach_evidence(actor: Actor, record: Record, data: bytes, name: str) -> Record:
    """Add the signed document, or replace it, as long as nobody verified it. Conflict afterwards, and in place of what
    the person signed by their link."""
    _require_drafter(actor)
    row = locked(record)
    if row.evidence_seal:
        raise Conflict(
            _("The person signed this by their link; nothing takes that document’s place."), "signed_by_link"
        )
    if row.status not in UNVERIFIED:
        raise Conflict(_("This record was verified with its document. Draft a new record."), code="not_a_draft")
    documents.attach(row, data, name)
    write_terms(row, owned(row, terms_in(row)))
    if row.status != RightStatus.DRAFT:
        keep_version(row, actor.label)
    return saved(actor, row, "evidence_attached", {"evidence_sha256": row.evidence_sha256})


def set_contact(actor: Actor, record: Record, contact: Contact) -> Record:
    """Who stands behind a draft: name and e-mail address, kept encrypted. Links to the former address end.

    Conflict once the draft is left: whoever is reached there speaks for the person, so two answer for a change
    (`contact_changes`).
    """
    _require_drafter(actor)
    row = locked(record)
    if row.status != RightStatus.DRAFT:
        actor.require(Permission.MANAGE_RIGHTS)
        message = _("This record left the draft. Propose the new address; another rights manager then confirms it.")
        raise Conflict(message, code="not_a_draft")
    overtake(actor, row, timezone.now())
    row.sealed_contact = seal_contact(row.pk, contact)
    return saved(actor, row, "contact_changed", {"links_ended": links.end_all(row, timezone.now())})


def _describe(
    record: RightRecord, title: str, evidence: bytes | None, evidence_name: str, contact: Contact | None
) -> None:
    if not title.strip():
        raise _invalid("title", _("Give the record a title."))
    record.title, record.salt = title.strip(), secrets.token_hex(32)
    if contact is not None:
        record.sealed_contact = seal_contact(record.pk, contact)
    if evidence is not None:
        documents.attach(record, evidence, evidence_name)


def _draft(actor: Actor, record: Record, terms: Terms) -> Record:
    write_terms(record, owned(record, terms))
    record.save(force_insert=True)
    return recorded(actor, record, "drafted", {"status": record.status})


def owned(record: RightRecord, terms: Terms) -> Terms:
    """The terms as this record's: its id, its tenant as the only grantee, its document."""
    grantee = str(record.tenant_id)
    if isinstance(terms, TrademarkTerms):
        return replace(terms, id=record.public_id, grantee=grantee, status="draft")
    digest = record.evidence_sha256
    return replace(terms, id=record.public_id, grantee=grantee, status="draft", evidence_digest=digest)


def _require_drafter(actor: Actor) -> User:
    """Whoever may add references or manages rights; a key drafts in the name of the person who made it."""
    if not actor.has(Permission.UPLOAD_REFERENCE):
        actor.require(Permission.MANAGE_RIGHTS)
    if actor.user is None:
        raise PersonRequired
    return actor.user


def _invalid(field: str, message: object) -> InvalidInput:
    return InvalidInput(errors=[{"field": field, "message": message}])
