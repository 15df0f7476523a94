"""What relies on a record is found by an index, under row-level security too, and written by the database itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from imprimatur.audit.models import AuditEvent, Mention
from imprimatur.generations.models import Reliance
from imprimatur.rights import selectors as rights
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import reach

from tests.factories import World
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import Shelf


def plan(rows: Any) -> str:
    """How Postgres would answer if it had to use an index where it may."""
    statement, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_pictures_of_a_record_are_looked_up(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id):
        found = plan(reach.relying(made.record))
    assert "one_reliance_per_record" in found
    condition = found[found.index("one_reliance_per_record") :]
    assert "record" in condition.split("Index Cond:", 1)[1].splitlines()[0]


def test_events_about_a_record_are_looked_up(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id):
        found = plan(rights.receipts(made.record))
        events = {event.event for event in rights.receipts(made.record)}
    looked_up = [line for line in found.splitlines() if "Index Cond" in line]
    assert any("digest" in line for line in looked_up), found  # which index, is the planner's choice
    assert "payload" not in found
    assert {"consent.drafted", "consent.active", "generation.requested"} <= events


def test_each_receipt_is_noted_once_by_the_database(world: World) -> None:
    reference, record = likeness(world)
    rows = ask(world, reference=reference, count=2)
    (own,) = ask(world)
    with tenant_scope(world.aozora.id):
        noted = set(Reliance.objects.values_list("generation_id", "record"))
    assert noted == {(row.pk, record.public_id) for row in rows}
    assert own.pk not in {generation for generation, _record in noted}


def test_mentions_are_never_changed(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id):
        asked = AuditEvent.objects.filter(event="generation.requested").count()
        assert Mention.objects.filter(digest=made.record.terms_digest).count() >= asked
        with pytest.raises(DatabaseError), transaction.atomic():
            Mention.objects.update(digest="0" * 64)
        with pytest.raises(DatabaseError), transaction.atomic():
            Mention.objects.all().delete()
    with tenant_scope(world.northwind.id):
        assert not Mention.objects.exists()
