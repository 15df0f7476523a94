"""The product runs with no right that could lift, or get round, what the database guards."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from imprimatur.embedded.database import Addresses
from imprimatur.tenants.roles import UnsafeDatabaseRole, excessive_rights, require_safe_role

pytestmark = pytest.mark.django_db

TOO_MUCH = {
    "ALTER ROLE probe SUPERUSER": "superuser",
    "GRANT postgres TO probe": "superuser",
    "ALTER ROLE probe BYPASSRLS": "bypasses row-level security",
    "CREATE ROLE sly BYPASSRLS; GRANT sly TO probe": "bypasses row-level security",
    "ALTER ROLE probe CREATEROLE": "make roles",
    "ALTER ROLE probe CREATEDB": "make databases",
    "ALTER ROLE probe REPLICATION": "write-ahead log",
    "GRANT pg_read_all_data TO probe": "Postgres' own roles",
    "GRANT pg_read_server_files TO probe": "Postgres' own roles",
    "GRANT pg_execute_server_program TO probe": "Postgres' own roles",
    "GRANT imprimatur_owner TO probe": "owns tables",
    "GRANT TRUNCATE ON tenants_user TO probe": "empty tables",
    "GRANT TRIGGER ON review_decision TO PUBLIC": "triggers",
    "GRANT UPDATE ON audit_auditevent TO probe": "audit trail",
    "GRANT UPDATE (payload) ON audit_auditevent TO probe": "audit trail",
    "GRANT DELETE ON audit_auditevent TO PUBLIC": "audit trail",
    "GRANT TEMPORARY ON DATABASE imprimatur TO probe": "temporary tables",
    "GRANT TEMPORARY ON DATABASE imprimatur TO PUBLIC": "temporary tables",
    "GRANT CREATE ON DATABASE imprimatur TO probe": "make schemas",
    "GRANT CREATE ON SCHEMA public TO PUBLIC": "make tables",
    "CREATE SCHEMA elsewhere; GRANT CREATE ON SCHEMA elsewhere TO probe": "make tables",
    "GRANT SET ON PARAMETER session_replication_role TO probe": "triggers off",
    "ALTER DATABASE imprimatur OWNER TO probe": "owns the database",
}


@pytest.fixture
def superuser(django_db_setup: None, addresses: Addresses) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A session with a role `probe` that has what the product's has; nothing of it is ever committed."""
    with psycopg.connect(addresses.superuser) as session:
        session.execute("CREATE ROLE probe; GRANT imprimatur_app TO probe")
        yield session
        session.rollback()


def found_by_probe(session: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    session.execute("SET LOCAL ROLE probe")
    return excessive_rights(session.cursor())


def test_the_roles_that_we_make_pass(superuser: psycopg.Connection[tuple[object, ...]]) -> None:
    require_safe_role()
    assert found_by_probe(superuser) == []


@pytest.mark.parametrize(("grant", "named"), TOO_MUCH.items())
def test_every_right_that_goes_too_far_is_named(
    superuser: psycopg.Connection[tuple[object, ...]], grant: str, named: str
) -> None:
    superuser.execute(grant.encode())
    found = found_by_probe(superuser)
    assert any(named in right for right in found), found


def test_the_refusal_names_the_role_the_right_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imprimatur.tenants.roles.excessive_rights", lambda _: ["may make roles", "may make schemas"])
    with pytest.raises(UnsafeDatabaseRole) as refused:
        require_safe_role()
    assert "imprimatur_app goes too far" in str(refused.value)
    assert "it may make roles; it may make schemas" in str(refused.value)
    assert "manage.py database_roles" in str(refused.value)


def test_the_product_cannot_make_a_temporary_table() -> None:
    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE tenants_user (id int)")
