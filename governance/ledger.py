"""The audit chain: every row holds the hash of the row before it, so that no row changes unseen.

Format, the same here and in the database trigger (`sha256` over UTF-8, result in lower-case hexadecimal):

    prev_hash_hex || '|' || seq || '|' || tenant_uuid || '|' || occurred_at || '|' || actor || '|' || event
        || '|' || payload

- `prev_hash_hex`: 64 digits; GENESIS (64 zeros) before a tenant's first row. `seq`: decimal, 1, 2, 3, ... per tenant.
- `tenant_uuid`: lower case with hyphens. `occurred_at`: UTC with microseconds, `2026-11-23T09:00:00.000000Z`; in SQL
  `to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.
- `actor`, `event`: may not contain `|` or a line break, so that no two rows share one text.
- `payload`: RFC 8785 JSON text, written by `canonical_json` and stored as text (jsonb would reorder it).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from governance.canonical import canonical_json, sha256_hex, utc_text
from governance.errors import LedgerBroken

GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One row as it is stored. `payload` is canonical JSON text; `hash` is what the trigger computed."""

    seq: int
    tenant_id: UUID
    occurred_at: datetime
    actor: str
    event: str
    payload: str
    prev_hash: str
    hash: str


def payload_text(payload: Mapping[str, Any]) -> str:
    """The text to store: RFC 8785 JSON. Raises rfc8785.CanonicalizationError for what JSON cannot hold."""
    return canonical_json(payload).decode()


def row_text(row: LedgerRow) -> str:
    """What is hashed. Raises LedgerBroken for an actor or event with a separator in it."""
    for name, word in (("actor", row.actor), ("event", row.event)):
        if any(c in word for c in "|\n\r"):
            raise LedgerBroken(f"row {row.seq}: {name} {word!r} must not contain '|' or a line break")
    moment = utc_text(row.occurred_at)
    return "|".join([row.prev_hash, str(row.seq), str(row.tenant_id), moment, row.actor, row.event, row.payload])


def row_hash(row: LedgerRow) -> str:
    """The hash the row should hold; its own `hash` field plays no part."""
    return sha256_hex(row_text(row).encode())


def verify_chain(rows: Iterable[LedgerRow], *, prev_hash: str = GENESIS, first_seq: int = 1) -> str:
    """Check one tenant's rows in order and return the head's hash (`prev_hash` if there are none).

    To check only a part, pass the hash and seq it starts from. Raises LedgerBroken naming the first bad row.
    """
    seq = first_seq
    for row in rows:
        if row.seq != seq:
            raise LedgerBroken(f"row {seq} is missing: row {row.seq} stands in its place")
        if not hmac.compare_digest(row.prev_hash, prev_hash):
            raise LedgerBroken(f"row {row.seq} does not continue the row before it: one of the two was changed")
        if not hmac.compare_digest(row.hash, row_hash(row)):
            raise LedgerBroken(f"row {row.seq} was changed after it was written: its hash does not match its content")
        prev_hash, seq = row.hash, seq + 1
    return prev_hash
