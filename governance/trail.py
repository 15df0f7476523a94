"""Was this audit trail touched? The chain itself, then what is known about it from outside: checkpoints and pictures.

The chain shows an edit, a deletion and a reordering. Whoever owns the database can compute a whole chain anew, or cut
its end: then a checkpoint, or one delivered picture, names a hash that the trail no longer has.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from governance.canonical import sha256_hex
from governance.checkpoint import Checkpoint
from governance.ledger import GENESIS, LedgerRow, row_hash, row_text

FaultCode = Literal["edited", "missing", "reordered", "unlinked", "mixed", "foreign", "rewritten", "cut", "unknown"]
SEARCHED_ROWS: Final = 100_000  # how far a moved row's first place is looked for

SENTENCES: Final[dict[FaultCode, tuple[str, str]]] = {
    "edited": (
        "Row {seq} was changed after it was written: its hash does not match its content.",
        "{seq}行目は記録後に変更されています。ハッシュが内容と一致しません。",
    ),
    "missing": (
        "Row {seq} is missing: row {other} stands in its place.",
        "{seq}行目がありません。その位置に{other}行目があります。",
    ),
    "reordered": (
        "Rows were put in another order: row {seq} was written as row {other}.",
        "行の順序が入れ替えられています。{seq}行目は、もとは{other}行目として記録されました。",
    ),
    "unlinked": (
        "Row {seq} does not continue the row before it: one of the two was changed.",
        "{seq}行目が直前の行につながっていません。どちらかが変更されています。",
    ),
    "mixed": (
        "Row {seq} belongs to another company's trail.",
        "{seq}行目は別の会社の記録です。",
    ),
    "foreign": (
        "{source} belongs to another company's trail.",
        "{source} は別の会社の記録に属しています。",
    ),
    "rewritten": (
        "Row {seq} is not the row that {source} vouches for: the trail was written anew.",
        "{seq}行目は {source} が証明する行ではありません。記録が書き換えられています。",
    ),
    "cut": (
        "{source} vouches for row {seq}, but the trail ends with row {other}: its end was cut off.",
        "{source} は{seq}行目を証明していますが、記録は{other}行目で終わっています。末尾が削除されています。",
    ),
    "unknown": (
        "{source} was stamped when the trail ended with {hash}…, which no row has: the trail was cut or written anew.",
        "{source} の作成時の記録末尾 {hash}… に一致する行がありません。末尾が削除されたか、書き換えられています。",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Something outside the database that names a row's hash.

    source: how a report calls it. seq: the row's place, 0 where only the hash is known (a picture carries no more).
    tenant: the tenant's UUID as text, "" where it is not said.
    """

    source: str
    hash: str
    seq: int = 0
    tenant: str = ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong. `seq` is the row in question, 0 for none; `other` a second one."""

    code: FaultCode
    seq: int = 0
    other: int = 0
    source: str = ""
    hash: str = ""

    def sentence(self, language: str = "en") -> str:
        """What was found, in English, or in Japanese for "ja" and "ja-JP"."""
        column = 1 if language.lower().startswith("ja") else 0
        return SENTENCES[self.code][column].format(
            seq=self.seq, other=self.other, source=self.source, hash=self.hash[:12]
        )


@dataclass(frozen=True, kw_only=True)
class TrailReport:
    """rows: how many were read. head: the last row's hash as it is stored. witnesses: how many were heard."""

    rows: int
    head: str
    witnesses: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def intact(self) -> bool:
        """Nothing was changed, left out, moved or cut, as far as chain and witnesses can tell."""
        return not self.faults


def of_checkpoint(checkpoint: Checkpoint) -> Witness:
    """What a (verified) checkpoint vouches for."""
    source = f"checkpoint {checkpoint.taken_at:%Y-%m-%dT%H:%M:%SZ}"
    return Witness(source=source, hash=checkpoint.head, seq=checkpoint.seq, tenant=str(checkpoint.tenant_id))


def examine(
    rows: Iterable[LedgerRow], witnesses: Sequence[Witness] = (), *, after: Witness | None = None
) -> TrailReport:
    """Read one tenant's rows in the order of `seq` and hear the witnesses.

    after: read on from the row that it names, which is taken as it is; witnesses of rows up to it must not be given.
    The chain's first fault is reported, and every witness that is contradicted. Raises LedgerBroken for a row whose
    text cannot be what was hashed.
    """
    reader = _Reader(witnesses, after)
    for row in rows:
        reader.take(row)
    return reader.report()


class _Reader:
    """Reads row by row and keeps nothing but the last one and what the witnesses said."""

    def __init__(self, witnesses: Sequence[Witness], after: Witness | None = None) -> None:
        self.witnesses = witnesses
        self.count, self.head = (after.seq, after.hash) if after else (0, GENESIS)
        self.placed: dict[int, list[Witness]] = {}
        for witness in witnesses:
            self.placed.setdefault(witness.seq, []).append(witness)
        self.placeless = {w.hash for w in self.placed.pop(0, ())}
        self.known = {GENESIS}
        self.last: LedgerRow | None = None
        self.faults: list[Fault] = []
        self.is_chain_broken = False

    def take(self, row: LedgerRow) -> None:
        """One more row."""
        if self.last is None:
            others = [w for w in self.witnesses if w.tenant not in ("", str(row.tenant_id))]
            self.faults += [Fault(code="foreign", source=w.source) for w in others]
        if not self.is_chain_broken and (fault := self._chain_fault(row)):
            self.is_chain_broken = True
            self.faults.append(fault)
        for witness in self.placed.pop(row.seq, ()):
            if not hmac.compare_digest(witness.hash, row.hash):
                self.faults.append(Fault(code="rewritten", seq=row.seq, source=witness.source))
        if row.hash in self.placeless:
            self.known.add(row.hash)
        self.count, self.last, self.head = self.count + 1, row, row.hash

    def report(self) -> TrailReport:
        """After the last row."""
        silent = [w for place in self.placed.values() for w in place]
        silent += [w for w in self.witnesses if not w.seq and w.hash not in self.known]
        faults = (*self.faults, *(self._silence(w) for w in silent))
        return TrailReport(rows=self.count, head=self.head, witnesses=len(self.witnesses), faults=faults)

    def _chain_fault(self, row: LedgerRow) -> Fault | None:
        due, before = self.count + 1, self.head
        if self.last is not None and row.tenant_id != self.last.tenant_id:
            return Fault(code="mixed", seq=row.seq)
        is_whole = hmac.compare_digest(row.hash, row_hash(row))
        if is_whole and row.seq == due and hmac.compare_digest(row.prev_hash, before):
            return None
        if not is_whole and (first := _first_place(row)):
            return Fault(code="reordered", seq=row.seq, other=first)
        if row.seq < due:
            return Fault(code="reordered", seq=due, other=row.seq)
        if row.seq > due:
            return Fault(code="missing", seq=due, other=row.seq)
        return Fault(code="unlinked" if is_whole else "edited", seq=row.seq)

    def _silence(self, witness: Witness) -> Fault:
        end = self.last.seq if self.last else 0
        if witness.seq > end:
            return Fault(code="cut", seq=witness.seq, other=end, source=witness.source)
        if witness.seq:
            return Fault(code="missing", seq=witness.seq, other=end, source=witness.source)
        return Fault(code="unknown", source=witness.source, hash=witness.hash)


def _first_place(row: LedgerRow) -> int:
    """The place under which the row's content has its hash; 0 if under none: then the content was changed."""
    before, after = row_text(row).split(f"|{row.seq}|", 1)
    head, tail = f"{before}|".encode(), f"|{after}".encode()
    near = range(max(1, row.seq - SEARCHED_ROWS), row.seq + SEARCHED_ROWS)
    return next((seq for seq in near if sha256_hex(head + str(seq).encode() + tail) == row.hash), 0)
