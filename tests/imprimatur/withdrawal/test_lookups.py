"""What relies on a record is found by an index, under row-level security too, and written by the database itself."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from imprimatur.audit.models import AuditEvent, Mention
from imprimatur.audit.services import record_many
from imprimatur.embedded.database import Addresses
from imprimatur.generations.models import Reliance
from imprimatur.rights import selectors as rights
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import reach

from tests.factories import World
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import Shelf, shelf

OTHERS = 3000
READ = ("generations_reliance", "generations_generation", "generations_output", "audit_auditevent", "audit_mention")


@pytest.fixture
def among_others(committed_world: World, addresses: Addresses) -> Shelf:
    """Four pictures under a record, and thousands of rows about other records, of which the planner knows.

    In small tables every plan costs the same. Here one alone is cheap: each other way reads what the others left, and
    the statistics are those of these very rows, whenever the database takes them again by itself.
    """
    world = committed_world
    made = shelf(world)
    with tenant_scope(world.aozora.id) as tenant:
        one = {"tenant_id": tenant, "generation": made.pending.generation}
        Reliance.objects.bulk_create(Reliance(record=f"cns_{n}", **one) for n in range(OTHERS))
        record_many(tenant, "system", "x.asked", ((f"gen_{n}", {"terms": [f"{n:064x}"]}) for n in range(OTHERS)))
    with psycopg.connect(addresses.superuser, autocommit=True) as session:
        session.execute(f"ANALYZE {', '.join(READ)}".encode())
    return made


def plan(rows: Any) -> str:
    """How Postgres answers."""
    statement, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def looked_up(found: str, index: str) -> str:
    """By what: the condition of the index."""
    assert index in found, found
    return found[found.index(index) :].split("Index Cond:", 1)[1].splitlines()[0]


def test_pictures_of_a_record_are_looked_up(committed_world: World, among_others: Shelf) -> None:
    with tenant_scope(committed_world.aozora.id):
        found = plan(reach.relying(among_others.record))
        assert {output.pk for output in reach.relying(among_others.record)} >= {among_others.pending.pk}
    assert "record" in looked_up(found, "one_reliance_per_record")


def test_events_about_a_record_are_looked_up(committed_world: World, among_others: Shelf) -> None:
    with tenant_scope(committed_world.aozora.id):
        found = plan(rights.receipts(among_others.record))
        events = {event.event for event in rights.receipts(among_others.record)}
    assert "digest" in looked_up(found, "audit_one_mention")
    assert "payload" not in found
    assert "x.asked" not in events
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
