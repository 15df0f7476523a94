"""The audit chain: the format the database computes, and every way of breaking it."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from governance.errors import LedgerBroken
from governance.ledger import GENESIS, LedgerRow, payload_text, row_hash, row_text, verify_chain

TENANT = UUID("3F2B8C1E-0000-4000-8000-000000000001")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def chain(length: int) -> list[LedgerRow]:
    rows: list[LedgerRow] = []
    for seq in range(1, length + 1):
        row = LedgerRow(
            seq=seq,
            tenant_id=TENANT,
            occurred_at=START + timedelta(microseconds=seq),
            actor="user:1",
            event="reference.added",
            payload=payload_text({"b": seq, "a": "赤いボトル"}),
            prev_hash=rows[-1].hash if rows else GENESIS,
            hash="",
        )
        rows.append(replace(row, hash=row_hash(row)))
    return rows


def test_the_text_is_the_published_one() -> None:
    row = chain(1)[0]
    expected = (
        f"{'0' * 64}|1|3f2b8c1e-0000-4000-8000-000000000001|2026-11-23T09:00:00.000001Z|user:1|reference.added|"
        '{"a":"赤いボトル","b":1}'
    )
    assert row_text(row) == expected
    assert row.hash == hashlib.sha256(expected.encode()).hexdigest()


def test_a_time_is_hashed_in_utc_whatever_its_zone() -> None:
    row = chain(1)[0]
    tokyo = replace(row, occurred_at=row.occurred_at.astimezone(timezone(timedelta(hours=9))))
    assert row_hash(tokyo) == row.hash


def test_a_whole_chain_gives_its_head() -> None:
    rows = chain(5)
    assert verify_chain(rows) == rows[-1].hash
    assert verify_chain([]) == GENESIS


def test_a_part_is_checked_from_where_it_starts() -> None:
    rows = chain(5)
    assert verify_chain(rows[2:], prev_hash=rows[1].hash, first_seq=3) == rows[-1].hash


@pytest.mark.parametrize(
    "change",
    [
        {"payload": payload_text({"b": 9})},
        {"actor": "user:2"},
        {"event": "reference.removed"},
        {"occurred_at": START},
        {"tenant_id": UUID(int=1)},
        {"hash": "f" * 64},
    ],
)
def test_a_changed_row_is_named(change: dict[str, Any]) -> None:
    rows = chain(5)
    rows[2] = replace(rows[2], **change)
    with pytest.raises(LedgerBroken, match="row 3 was changed"):
        verify_chain(rows)


def test_a_row_rewritten_with_its_hash_breaks_the_next() -> None:
    rows = chain(5)
    forged = replace(rows[2], actor="user:2")
    rows[2] = replace(forged, hash=row_hash(forged))
    with pytest.raises(LedgerBroken, match="row 4 does not continue"):
        verify_chain(rows)


def test_a_missing_row_is_named() -> None:
    rows = chain(5)
    with pytest.raises(LedgerBroken, match="row 2 is missing: row 3"):
        verify_chain([rows[0], *rows[2:]])
    with pytest.raises(LedgerBroken, match="row 1 is missing"):
        verify_chain(rows[1:])


@pytest.mark.parametrize("field", ["actor", "event"])
@pytest.mark.parametrize("word", ["a|b", "a\nb", "a\rb"])
def test_a_separator_cannot_hide_in_a_word(field: str, word: str) -> None:
    with pytest.raises(LedgerBroken, match=field):
        row_text(replace(chain(1)[0], **{field: word}))
