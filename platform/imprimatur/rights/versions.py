"""Every text that was agreed is kept: the row has the newest, `TermsVersion` each one, found by its digest."""

from __future__ import annotations

from governance.consent import ConsentTerms
from governance.trademark import TrademarkTerms
from imprimatur.rights.models import ConsentRecord, RightRecord, TermsVersion

Terms = ConsentTerms | TrademarkTerms


def terms_in(record: RightRecord) -> Terms:
    """What was agreed, with the status that was current when it was written."""
    kind = ConsentTerms if isinstance(record, ConsentRecord) else TrademarkTerms
    return kind.from_json(record.terms)


def write_terms(record: RightRecord, terms: Terms) -> None:
    """Put the terms and the columns that lists read beside them into the row; the caller saves."""
    record.terms, record.terms_digest = terms.to_json(), terms.digest()
    record.reference_digests = sorted(terms.reference_digests)
    record.valid_from, record.valid_until = terms.valid_from, terms.valid_until
    if isinstance(record, ConsentRecord) and isinstance(terms, ConsentTerms):
        record.suspends_at = terms.majority


def keep_version(record: RightRecord, made_by: str, reason: str = "") -> None:
    """Add the row's text to those kept, unless it is the newest there; the caller saves the row."""
    newest = TermsVersion.objects.filter(record=record.pk).first()
    if newest is not None and newest.terms_digest == record.terms_digest:
        record.terms_version = newest.number
        return
    record.terms_version = newest.number + 1 if newest else 1
    TermsVersion.objects.create(
        tenant_id=record.tenant_id,
        record=record.pk,
        number=record.terms_version,
        terms={key: value for key, value in record.terms.items() if key != "status"},
        terms_digest=record.terms_digest,
        made_by=made_by,
        reason=reason,
    )
