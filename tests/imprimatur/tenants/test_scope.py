"""One tenant never sees another's rows: tried through the ORM, and by raw SQL as the role that runs the product."""

import uuid

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from imprimatur.tenants.models import Membership, Tenant
from imprimatur.tenants.scope import ScopeMismatch, UnscopedQuery, tenant_scope

from tests.factories import World

pytestmark = pytest.mark.django_db


def sql(statement: str, *arguments: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


def test_an_unscoped_query_raises() -> None:
    with pytest.raises(UnscopedQuery):
        Membership.objects.all()


def test_the_app_runs_as_a_role_that_row_level_security_holds() -> None:
    assert sql("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [
        ("imprimatur_app", False, False)
    ]


def test_raw_sql_outside_a_scope_sees_no_rows(world: World) -> None:
    assert sql("SELECT count(*) FROM tenants_membership") == [(0,)]
    assert sql("SELECT count(*) FROM tenants_tenant") == [(0,)]


def test_raw_sql_inside_a_scope_sees_its_own_rows_only(world: World) -> None:
    with tenant_scope(world.northwind.id):
        assert sql("SELECT DISTINCT tenant_id FROM tenants_membership") == [(world.northwind.id,)]
        assert list(Tenant.objects.all()) == [world.northwind]


def test_a_row_cannot_be_inserted_for_another_tenant(world: World) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(world.northwind.id):
        Membership.objects.create(tenant=world.aozora, user=world.charlie, roles=["owner"])


def test_another_tenants_rows_cannot_be_updated_or_deleted(world: World) -> None:
    with tenant_scope(world.northwind.id):
        assert sql("UPDATE tenants_membership SET roles = '{owner}' WHERE user_id = %s", world.alice.id) == [(0,)]
        assert sql("DELETE FROM tenants_membership WHERE user_id = %s", world.alice.id) == [(0,)]


def test_an_own_row_cannot_be_moved_to_another_tenant(world: World) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(world.northwind.id):
        sql("UPDATE tenants_membership SET tenant_id = %s", world.aozora.id)


def test_the_setting_ends_with_the_scope_even_inside_a_transaction(world: World) -> None:
    with tenant_scope(world.aozora.id):
        pass
    assert sql("SELECT count(*) FROM tenants_membership") == [(0,)]


def test_a_second_tenant_cannot_be_entered_inside_the_first(world: World) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(ScopeMismatch), tenant_scope(world.northwind.id):
        pass


def test_a_tenant_that_does_not_exist_shows_nothing(world: World) -> None:
    with tenant_scope(uuid.uuid4()):
        assert not Membership.objects.exists()


@pytest.mark.parametrize(
    "statement", ["TRUNCATE tenants_membership", "DROP TABLE tenants_membership", "CREATE TABLE x (y int)"]
)
def test_the_app_cannot_change_the_tables(world: World, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        sql(statement)


def test_the_same_person_is_a_member_once(world: World) -> None:
    with pytest.raises(IntegrityError), tenant_scope(world.aozora.id):
        Membership.objects.create(tenant=world.aozora, user=world.alice, roles=["owner"])
