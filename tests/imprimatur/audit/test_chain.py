"""The audit trail: one chain a tenant, computed by the database, append-only, and an edit by anybody is found."""

import json
import uuid

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.selectors import events, verify
from imprimatur.audit.services import head, record
from imprimatur.embedded.database import Addresses
from imprimatur.tenants.scope import tenant_scope

from governance.ledger import GENESIS
from tests.factories import World


def some_events(tenant_id: uuid.UUID) -> None:
    with tenant_scope(tenant_id):
        record(tenant_id, "system", "consent.verified", "cns_1", {"title": "春の新作", "z": 1, "a": [1, 2.5, None]})
        record(tenant_id, "user:1", "generation.ready", "gen_1", {})
        record(tenant_id, "key:1", "generation.ready", "", {"quoted": 'a "|" and \\ and\n'})


@pytest.mark.django_db
def test_the_database_computes_what_the_ledger_documents(world: World) -> None:
    some_events(world.aozora.id)
    with tenant_scope(world.aozora.id):
        check = verify(world.aozora.id)
        assert check.intact, check.problem
        assert check.head == head(world.aozora.id)
        assert [e.seq for e in events(world.aozora.id)] == list(range(check.rows, 0, -1))


@pytest.mark.django_db
def test_each_tenant_has_its_own_chain(world: World) -> None:
    some_events(world.aozora.id)
    with tenant_scope(world.northwind.id):
        first = AuditEvent.objects.order_by("seq").first()
        assert first is not None
        assert (first.seq, first.prev_hash, first.tenant_id) == (1, GENESIS, world.northwind.id)
        assert verify(world.northwind.id).intact
        assert not events(world.aozora.id).exists()


@pytest.mark.django_db
def test_a_writer_cannot_choose_place_or_hash(world: World) -> None:
    with tenant_scope(world.aozora.id):
        before = verify(world.aozora.id).rows
        row = record(world.aozora.id, "system", "forged", "", {})
        AuditEvent.objects.create(
            tenant_id=world.aozora.id, occurred_at=row.occurred_at, actor="system", event="forged",
            seq=1, prev_hash="f" * 64, hash="f" * 64,
        )  # fmt: skip
        assert verify(world.aozora.id).rows == before + 2
        assert verify(world.aozora.id).intact


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_auditevent SET actor = 'user:2'", "DELETE FROM audit_auditevent", "TRUNCATE audit_auditevent"],
)
def test_the_app_cannot_change_the_trail(world: World, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(world.aozora.id):
        connection.cursor().execute(statement)


@pytest.mark.django_db
def test_a_row_cannot_be_written_into_another_tenants_trail(world: World) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(world.northwind.id):
        record(world.aozora.id, "system", "forged", "", {})


@pytest.mark.django_db
@pytest.mark.parametrize(("actor", "event"), [("a|b", "e"), ("a", "e|f"), ("a\n", "e")])
def test_separators_are_refused(world: World, actor: str, event: str) -> None:
    with pytest.raises(IntegrityError, match="audit_no_separator"), tenant_scope(world.aozora.id):
        record(world.aozora.id, actor, event, "", {})


@pytest.mark.django_db
def test_the_subject_is_part_of_what_is_hashed(world: World) -> None:
    with tenant_scope(world.aozora.id):
        row = record(world.aozora.id, "system", "generation.ready", "gen_9", {"b": 1})
        row.refresh_from_db()
        assert json.loads(row.payload) == {"b": 1, "subject": "gen_9"}


def test_the_owner_is_refused_too(committed_world: World, addresses: Addresses) -> None:
    with psycopg.connect(addresses.owner) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("TRUNCATE audit_auditevent")


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ("UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 2", "row 2 was changed"),
        ("UPDATE audit_auditevent SET subject = '', payload = '{\"a\":1}' WHERE seq = 2", "row 2 was changed"),
        ("DELETE FROM audit_auditevent WHERE seq = 2", "row 2 is missing"),
    ],
)
def test_an_edit_by_whoever_can_switch_triggers_off_is_found(
    committed_world: World, addresses: Addresses, edit: str, problem: str
) -> None:
    tenant_id = committed_world.aozora.id
    with tenant_scope(tenant_id):
        record(tenant_id, "system", "first", "", {})
        record(tenant_id, "system", "second", "", {})
    with psycopg.connect(addresses.owner) as owner:
        owner.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        owner.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id)])
        assert owner.execute(edit).rowcount == 1
        owner.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")
    with tenant_scope(tenant_id):
        check = verify(tenant_id)
    assert not check.intact
    assert problem in check.problem.lower()


def test_two_writers_wait_for_each_other(committed_world: World, addresses: Addresses) -> None:
    tenant_id = committed_world.aozora.id
    insert = (
        "INSERT INTO audit_auditevent (tenant_id, seq, occurred_at, actor, event, subject, payload, prev_hash, hash)"
        " VALUES (%s, 0, now(), 'system', 'raced', '', '{}', '', '')"
    )
    with psycopg.connect(addresses.app) as one, psycopg.connect(addresses.app) as two:
        for session in (one, two):
            session.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id)])
        one.execute(insert, [tenant_id])
        two.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            two.execute(insert, [tenant_id])
    with tenant_scope(tenant_id):
        assert verify(tenant_id).intact
