"""The steps of a withdrawal that change pictures. Each takes a batch, locks it, and may be done twice."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from governance.policy import Refusal
from imprimatur.audit import services as audit
from imprimatur.generations import life, orders, quarantine
from imprimatur.generations.models import Generation, Output
from imprimatur.library.models import ReferenceImage
from imprimatur.releases.models import RIGHT_REVOKED, Release
from imprimatur.releases.services import withdraw_many
from imprimatur.rights.models import RightRecord
from imprimatur.withdrawal import reach
from imprimatur.withdrawal.judging import REVOKED, Judge, Rules
from imprimatur.withdrawal.models import Reached, Withdrawal
from imprimatur.withdrawal.standing import Standings

BATCH: Final = 500
LATE: Final = timedelta(minutes=10)  # how long a transaction may have been writing when the record fell


def stop(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    """Refuse what is queued or being drawn without a right. True when all of it has been looked at."""
    waiting = reach.being_made(record)
    if row.cursor:
        waiting = waiting.filter(pk__gt=row.cursor)
    rows = list(waiting.select_for_update(of=("self",))[:BATCH])
    for answer, generations in _refused(rows, Judge(now)):
        life.refuse_many(generations, answer, now)
        row.refused += len(generations)
    return _turned(row, [generation.pk for generation in rows])


def forget(row: Withdrawal, record: RightRecord) -> bool:
    """Have every worker drop what it computed from the record's references; False if the broker is away."""
    digests = sorted({reference.sha256 for reference in reach.references(record)})
    if not digests:
        return True
    if not orders.forget(row.tenant_id, digests):
        return False
    facts = {"references": len(digests), "record": record.public_id}
    audit.record(row.tenant_id, quarantine.SYSTEM, "withdrawal.forgotten", row.public_id, facts)
    return True


def judge(row: Withdrawal, candidates: QuerySet[Output], now: datetime) -> bool:
    """Take out of sight what no right covers, show again what one does. True when all have been looked at."""
    if row.cursor:
        candidates = candidates.filter(generation_id__gt=row.cursor)
    found = list(candidates.values_list("pk", "generation_id")[:BATCH])
    if found:
        _judge_batch(row, _locked(found), now)
    row.judged += len(found)
    return _turned(row, [generation_id for _, generation_id in found])


def judge_references(row: Withdrawal, record: RightRecord, now: datetime) -> None:
    """The same for outputs of ours that became references: they are pictures, too. And for the photographs themselves
    whose person has taken their word back, in whatever guise they are here."""
    judge_now = Judge(now)
    known = [*reach.references(record), *reach.photographs(record)]
    fallen = [r for r in known if judge_now.fallen_reference(r, record)]
    back = [r for r in known if r not in fallen and r.quarantined_at is not None]
    gone = [r for r in fallen if r.quarantined_at is None]
    ReferenceImage.objects.filter(pk__in=[r.pk for r in gone]).update(quarantined_at=now)
    ReferenceImage.objects.filter(pk__in=[r.pk for r in back]).update(quarantined_at=None)
    row.photographs_at = now
    row.references += sum(bool(r.derived_from_id) for r in gone)
    facts = {"withdrawal": row.public_id}
    for event, rows in (("reference.quarantined", gone), ("reference.reinstated", back)):
        audit.record_many(row.tenant_id, quarantine.SYSTEM, event, ((r.public_id, facts) for r in rows))


def slipped_through(row: Withdrawal, record: RightRecord, now: datetime) -> bool:
    """Whether something without a right was written by a transaction that had begun before the record fell."""
    judge_now = Judge(now)
    if any(judge_now.refusal(generation) is not None for generation in reach.being_made(record)[:BATCH]):
        return True
    since, known = row.created_at - LATE, [*reach.references(record), *reach.photographs(record)]
    new = [r for r in known if r.quarantined_at is None and r.created_at >= since]
    if any(judge_now.fallen_reference(reference, record) for reference in new):
        return True
    late = {"created_at__gte": since, "quarantined_at__isnull": True}
    return any(
        judge_now.fallen(output)
        for candidates in (reach.relying(record), reach.referencing(record))
        for output in candidates.filter(**late)
    )


def _refused(rows: list[Generation], judge_now: Judge) -> list[tuple[Refusal, list[Generation]]]:
    """Those without a right, by the refusal they share; the judge gives the same object for the same question."""
    shared: dict[int, tuple[Refusal, list[Generation]]] = {}
    for generation in rows:
        answer = judge_now.refusal(generation)
        if answer is not None:
            shared.setdefault(id(answer), (answer, []))[1].append(generation)
    return list(shared.values())


def _turned(row: Withdrawal, seen: Sequence[uuid.UUID]) -> bool:
    """Remember how far it came; True when this was the last batch."""
    if seen:
        row.cursor = seen[-1]
    return len(seen) < BATCH


def _locked(found: list[tuple[uuid.UUID, uuid.UUID]]) -> list[Output]:
    """The batch, locked in one order so that two of them never wait for each other, with what review knows."""
    ids = [pk for pk, _generation in found]
    list(Output.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    return list(reach.light().filter(pk__in=ids))


def _judge_batch(row: Withdrawal, outputs: list[Output], now: datetime) -> None:
    judge_now = Judge(now)
    rules = {output: judge_now.fallen(output) for output in outputs}
    fallen = {output: found for output, found in rules.items() if found}
    standing = [output for output in outputs if output not in fallen and output.quarantined_at is not None]
    _note(row, fallen)
    revoked = [output for output, found in fallen.items() if REVOKED in found]
    row.withdrawn += _withdraw(row, revoked, now)
    reasons = {output: quarantine.reason_of(found) for output, found in fallen.items()}
    row.quarantined += quarantine.impose(row.tenant_id, reasons, now)
    row.lifted += quarantine.lift(row.tenant_id, standing)
    Reached.objects.filter(output__in=standing, lifted_at__isnull=True).update(lifted_at=now)


def _note(row: Withdrawal, fallen: dict[Output, Rules]) -> None:
    """Where each picture stood when this withdrawal reached it; the first time counts."""
    standings = Standings(list(fallen))
    Reached.objects.bulk_create(
        [
            Reached(
                tenant_id=row.tenant_id,
                withdrawal=row,
                output=output,
                release=getattr(output, "release", None),
                was=str(standings.of(output, but_quarantine=True)),
                rules=",".join(rules)[:200],
            )
            for output, rules in fallen.items()
        ],
        ignore_conflicts=True,
    )


def _withdraw(row: Withdrawal, outputs: list[Output], now: datetime) -> int:
    """The releases of pictures under a revoked record end for good."""
    released = [output.pk for output in outputs if getattr(output, "release", None) is not None]
    if not released:
        return 0
    releases = Release.objects.select_for_update(of=("self",)).select_related("output").filter(output__in=released)
    return withdraw_many(row.tenant_id, list(releases.order_by("pk")), RIGHT_REVOKED, now)
