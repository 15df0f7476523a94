"""Terms and uses the governance tests share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from governance.consent import ConsentTerms
from governance.scope import Use
from governance.trademark import TrademarkTerms

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DIGEST = "a" * 64
OTHER = "b" * 64
TENANT = "3f2b8c1e-0000-4000-8000-000000000001"
RELEASE = Use(channel="social", territory="JP", purpose="advertising")


def consent(**changes: Any) -> ConsentTerms:
    """An active likeness consent that covers RELEASE at NOW."""
    terms: dict[str, Any] = {
        "id": "cns_1",
        "kind": "likeness",
        "grantee": TENANT,
        "reference_digests": frozenset({DIGEST}),
        "valid_from": NOW - timedelta(days=100),
        "valid_until": NOW + timedelta(days=300),
        "purposes": frozenset({"advertising"}),
        "channels": frozenset({"social"}),
        "territories": frozenset({"JP"}),
        "synthetic_media_permitted": True,
        "status": "active",
    }
    return ConsentTerms(**terms | changes)


def licence(**changes: Any) -> TrademarkTerms:
    """An active licence for the mark ACME that covers RELEASE at NOW."""
    terms: dict[str, Any] = {
        "id": "tml_1",
        "grantee": TENANT,
        "mark": "ACME",
        "owner": "party_7",
        "reference_digests": frozenset({DIGEST}),
        "valid_from": NOW - timedelta(days=100),
        "valid_until": NOW + timedelta(days=300),
        "purposes": frozenset({"advertising"}),
        "channels": frozenset({"social"}),
        "territories": frozenset({"JP"}),
        "status": "active",
    }
    return TrademarkTerms(**terms | changes)


def rules(reasons: Any) -> list[str]:
    """The rule ids of some reasons, in order."""
    return [reason.rule_id for reason in reasons]


def flip(data: bytes, position: int) -> bytes:
    """`data` with one bit of one byte changed."""
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)
