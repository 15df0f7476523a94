"""Migrations that fill tables from rows that are there already, on a database that holds some: two companies, as the
role that migrates, which row-level security binds like any other."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import psycopg
import pytest
from imprimatur.embedded.database import Addresses, create_database
from imprimatur.embedded.home import Home
from imprimatur.embedded.postgres import Postgres
from imprimatur.embedded.stack import manage

AOZORA, NORTHWIND = uuid.UUID(int=1), uuid.UUID(int=2)
RECORDS = {AOZORA: ["cns_a", "tml_a"], NORTHWIND: ["cns_n"]}
DIGEST = {AOZORA: "a" * 64, NORTHWIND: "b" * 64}
# Where the first filling migrations begin; whatever depends on them comes later.
BEFORE = (("generations", "0006"), ("audit", "0003"))
BEFORE_PHOTOGRAPHS = ("withdrawal", "0004")
BEFORE_REASONS = ("webhooks", "0002")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Addresses:
    """A database of its own, migrated to BEFORE, filled, then migrated to the end; later tables in a second turn."""
    addresses = create_database(postgres, "imprimatur_filled", "owner-for-tests", "app-for-tests")
    home = Home(tmp_path_factory.mktemp("home"))
    for app, name in BEFORE:
        migrate(home, addresses, app, name)
    with psycopg.connect(addresses.superuser) as session:
        session.execute("SET session_replication_role = replica")  # what nothing refers to may be left out
        for tenant in (AOZORA, NORTHWIND):
            fill(session, tenant)
    migrate(home, addresses, *BEFORE_PHOTOGRAPHS)
    migrate(home, addresses, *BEFORE_REASONS)
    with psycopg.connect(addresses.superuser) as session:
        session.execute("SET session_replication_role = replica")
        for tenant in (AOZORA, NORTHWIND):
            done = {"tenant_id": tenant, "step": "done", "cause": "revoked", "created_at": f"2026-01-0{tenant.int}"}
            put(session, "withdrawal_withdrawal", done | {"id": withdrawal_of(tenant)})
            put_addresses(session, tenant)
    migrate(home, addresses)
    return addresses


def migrate(home: Home, addresses: Addresses, *target: str) -> None:
    done = manage(home, addresses.owner, "migrate", "--no-input", *target)
    assert done.returncode == 0, done.stderr


def fill(session: psycopg.Connection[tuple[object, ...]], tenant: uuid.UUID) -> None:
    """A picture under the company's records (the same one named twice), one under none, and what the trail said."""
    reference = reference_of(tenant)
    put(session, "tenants_tenant", {"id": tenant, "slug": f"tenant-{tenant.int}"})
    digests = {"sha256": "c" * 64, "pixel_sha256": "d" * 64}
    put(session, "library_referenceimage", {"id": reference, "tenant_id": tenant} | digests)
    named = [*RECORDS[tenant], RECORDS[tenant][0]]
    receipts: list[dict[str, object]] = [{"records": [{"record": r} for r in named]}, {"records": []}, {}]
    for receipt in receipts:
        row = {"id": uuid.uuid4(), "tenant_id": tenant, "subject_reference_id": reference}
        put(session, "generations_generation", row | {"consent_receipt": json.dumps(receipt)})
    payloads: list[dict[str, object]] = [
        {"terms_digest": DIGEST[tenant]},
        {"terms": [DIGEST[tenant], "0" * 64], "former_digest": DIGEST[tenant]},
        {"terms": "no list"},
        {"title": '"terms'},
    ]
    for seq, payload in enumerate(payloads, 1):
        event = {"tenant_id": tenant, "seq": seq, "payload": json.dumps(payload), "event": "x"}
        put(session, "audit_auditevent", event)


def put_addresses(session: psycopg.Connection[tuple[object, ...]], tenant: uuid.UUID) -> None:
    """Three that events go to; two of them have stopped."""
    for url, trouble, disabled_at in (
        ("https://a/", "", None), ("https://b/", "answered 410", "now"), ("https://c/", "answered 500", "now")
    ):  # fmt: skip
        row = {"id": uuid.uuid4(), "tenant_id": tenant, "url": url, "trouble": trouble, "disabled_at": disabled_at}
        put(session, "webhooks_endpoint", row)


def reference_of(tenant: uuid.UUID) -> uuid.UUID:
    """What the company's pictures were drawn from."""
    return uuid.UUID(int=100 + tenant.int)


def withdrawal_of(tenant: uuid.UUID) -> uuid.UUID:
    """One that was done before photographs were hidden."""
    return uuid.UUID(int=200 + tenant.int)


def put(session: psycopg.Connection[tuple[object, ...]], table: str, row: dict[str, object]) -> None:
    """The row, and something of its type in every other column that must not be empty."""
    found = session.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
        " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
        [table],
    ).fetchall()
    plain = {"uuid": uuid.UUID(int=9), "integer": 0, "bigint": 0, "smallint": 0, "boolean": False, "jsonb": "{}"}
    others = {str(name): plain.get(str(kind), "now" if "time" in str(kind) else "{}" if kind == "ARRAY" else "")
              for name, kind in found}  # fmt: skip
    values = others | row
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(["%s"] * len(values))
    session.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})".encode(), list(values.values()))  # noqa: S608


def seen(addresses: Addresses, tenant: uuid.UUID, question: str) -> list[tuple[object, ...]]:
    """As the app sees it, inside a company."""
    with psycopg.connect(addresses.app) as session:
        session.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant)])
        return session.execute(question.encode()).fetchall()


@pytest.mark.parametrize("tenant", [AOZORA, NORTHWIND])
def test_old_pictures_rely_on_what_their_receipts_name_once_each(filled: Addresses, tenant: uuid.UUID) -> None:
    rows = seen(filled, tenant, "SELECT tenant_id, record FROM generations_reliance ORDER BY record")
    assert rows == [(tenant, record) for record in RECORDS[tenant]]


@pytest.mark.parametrize("tenant", [AOZORA, NORTHWIND])
def test_old_pictures_are_drawn_from_their_one_reference(filled: Addresses, tenant: uuid.UUID) -> None:
    question = (
        "SELECT d.tenant_id, d.reference_id, d.subject, d.view FROM generations_drawnfrom d"
        " JOIN generations_generation g ON g.id = d.generation_id"
    )
    assert seen(filled, tenant, question) == [(tenant, reference_of(tenant), 0, 0)] * 3


@pytest.mark.parametrize("tenant", [AOZORA, NORTHWIND])
def test_old_events_are_found_by_the_terms_they_name(filled: Addresses, tenant: uuid.UUID) -> None:
    question = "SELECT m.digest, e.seq FROM audit_mention m JOIN audit_auditevent e ON e.id = m.event_id ORDER BY 2, 1"
    assert seen(filled, tenant, question) == sorted(
        [(DIGEST[tenant], 1), (DIGEST[tenant], 2), ("0" * 64, 2)], key=lambda row: (row[1], row[0])
    )


def test_old_withdrawals_are_found_to_judge_their_photographs(filled: Addresses) -> None:
    found = seen(filled, AOZORA, "SELECT tenant_id, withdrawal_id FROM withdrawals_without_photographs()")
    assert found == [(tenant, withdrawal_of(tenant)) for tenant in (AOZORA, NORTHWIND)]


@pytest.mark.parametrize("tenant", [AOZORA, NORTHWIND])
def test_old_addresses_that_have_stopped_say_why(filled: Addresses, tenant: uuid.UUID) -> None:
    rows = seen(filled, tenant, "SELECT disabled_because FROM webhooks_endpoint ORDER BY url")
    assert rows == [("",), ("gone",), ("failures",)]


@pytest.mark.parametrize("tenant", [AOZORA, NORTHWIND])
def test_no_old_row_was_lost_or_shown_to_another(filled: Addresses, tenant: uuid.UUID) -> None:
    assert seen(filled, tenant, "SELECT count(*), count(DISTINCT tenant_id) FROM generations_generation") == [(3, 1)]
    assert seen(filled, tenant, "SELECT count(*), count(DISTINCT tenant_id) FROM audit_auditevent") == [(4, 1)]


def test_nothing_is_left_to_migrate(filled: Addresses, tmp_path: Path) -> None:
    assert manage(Home(tmp_path), filled.owner, "migrate", "--check", "--no-input").returncode == 0
