"""What an audit trail cannot hide from a checkpoint, a picture, or an auditor without the product."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from governance.errors import CheckpointRefused
from governance.ledger import GENESIS, LedgerRow, row_hash
from governance.trail import SENTENCES, Fault, Witness, examine, of_checkpoint
from tests.governance.test_ledger import TENANT, chain

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()


def checkpoint_of(rows: list[LedgerRow]) -> Checkpoint:
    return Checkpoint(tenant_id=TENANT, seq=rows[-1].seq, head=rows[-1].hash, taken_at=NOON)


def rechained(rows: list[LedgerRow]) -> list[LedgerRow]:
    """What somebody who knows the format and owns the database makes of their edits."""
    done: list[LedgerRow] = []
    for seq, row in enumerate(rows, 1):
        fresh = replace(row, seq=seq, prev_hash=done[-1].hash if done else GENESIS)
        done.append(replace(fresh, hash=row_hash(fresh)))
    return done


def codes(rows: list[LedgerRow], *witnesses: Witness) -> list[str]:
    return [fault.code for fault in examine(rows, witnesses).faults]


def test_an_untouched_trail_agrees_with_every_witness() -> None:
    rows = chain(6)
    heard = [of_checkpoint(checkpoint_of(rows[:4])), Witness(source="picture", hash=rows[2].hash)]
    report = examine(rows, [*heard, Witness(source="picture of the first day", hash=GENESIS)])
    assert report.intact
    assert (report.rows, report.head, report.witnesses) == (6, rows[-1].hash, 3)


def test_each_way_of_touching_the_chain_has_its_name() -> None:
    rows = chain(6)
    edited = [*rows[:2], replace(rows[2], actor="user:2"), *rows[3:]]
    swapped = [*rows[:2], replace(rows[3], seq=3), replace(rows[2], seq=4), *rows[4:]]
    rehashed = replace(rows[2], actor="user:2")
    rewritten = [*rows[:2], replace(rehashed, hash=row_hash(rehashed)), *rows[3:]]
    assert codes(edited) == ["edited"]
    assert codes(rows[:2] + rows[3:]) == ["missing"]
    assert codes(swapped) == ["reordered"]
    assert codes([*rows[:2], rows[3], rows[2], *rows[4:]]) == ["missing"]
    assert codes(rewritten) == ["unlinked"]
    assert codes([*rows[:3], replace(rows[3], tenant_id=type(TENANT)(int=7))]) == ["mixed"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_sentence_names_the_row(language: str) -> None:
    report = examine([*chain(6)[:2], *chain(6)[3:]])
    assert "3" in report.faults[0].sentence(language)
    assert "4" in report.faults[0].sentence(language)


def test_every_fault_speaks_both_languages() -> None:
    for code in SENTENCES:
        fault = Fault(code=code, seq=11, other=12, source="checkpoint X", hash="ab" * 32)
        assert fault.sentence("en") != fault.sentence("ja")
        assert "{" not in fault.sentence("en") + fault.sentence("ja")


def test_a_cut_end_leaves_a_whole_chain_and_a_checkpoint_finds_it() -> None:
    rows = chain(6)
    assert codes(rows[:4]) == []
    report = examine(rows[:4], [of_checkpoint(checkpoint_of(rows))])
    assert [(f.code, f.seq, f.other) for f in report.faults] == [("cut", 6, 4)]


def test_one_picture_alone_finds_a_cut_end_and_a_trail_written_anew() -> None:
    rows = chain(6)
    picture = Witness(source="picture out.png", hash=rows[4].hash)
    assert codes(rows, picture) == []
    assert codes(rows[:4], picture) == ["unknown"]
    forged = rechained([*rows[:2], replace(rows[2], actor="user:2"), *rows[3:]])
    assert codes(forged) == []
    assert codes(forged, picture) == ["unknown"]


def test_a_trail_written_anew_is_found_by_a_checkpoint() -> None:
    rows = chain(6)
    without = rechained([*rows[:2], *rows[3:], rows[2]])
    assert codes(without) == []
    assert codes(without, of_checkpoint(checkpoint_of(rows[:5]))) == ["rewritten"]


def test_an_emptied_trail_is_found() -> None:
    assert codes([], of_checkpoint(checkpoint_of(chain(3)))) == ["cut"]


def test_another_companys_checkpoint_is_named() -> None:
    other = replace(checkpoint_of(chain(3)), tenant_id=type(TENANT)(int=7))
    assert codes(chain(3), of_checkpoint(other)) == ["foreign"]


def test_a_checkpoint_is_read_back_and_only_unchanged() -> None:
    signed = sign_checkpoint(checkpoint_of(chain(3)), KEY)
    assert read_checkpoint(signed, (KEY.public_key(),)) == checkpoint_of(chain(3))
    for old, new in ((b'"seq":3', b'"seq":2'), (b"2026-11-24", b"2026-11-25"), (b'"seq":3', b'"seq":"x"')):
        with pytest.raises(CheckpointRefused):
            read_checkpoint(signed.replace(old, new), (KEY.public_key(),))


@pytest.mark.parametrize("junk", [b"", b"null", b"[]", b"{}", b'{"signature":"*","key":"a","checkpoint":{}}', b"\xff"])
def test_junk_is_no_checkpoint(junk: bytes) -> None:
    with pytest.raises(CheckpointRefused):
        read_checkpoint(junk, (KEY.public_key(),))


def test_an_older_key_still_vouches_and_a_strangers_does_not() -> None:
    signed = sign_checkpoint(checkpoint_of(chain(3)), KEY)
    fresh = Ed25519PrivateKey.generate().public_key()
    assert read_checkpoint(signed, (fresh, KEY.public_key())).seq == 3
    with pytest.raises(CheckpointRefused, match="none of ours"):
        read_checkpoint(signed, (fresh,))
