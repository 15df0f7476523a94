"""No table or function slips through: whatever a later migration adds is held to the same rules."""

import re

import pytest
from django.apps import apps
from django.db import connection
from imprimatur.tenants.models import TenantModel

pytestmark = pytest.mark.django_db


def rows(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_every_table_with_a_tenant_forces_row_level_security() -> None:
    unguarded = rows(
        """
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id'
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
        """
    )
    assert unguarded == []


def test_every_model_of_a_tenant_is_isolated_in_reading_and_writing() -> None:
    policies = dict(
        rows("SELECT tablename, qual || ' / ' || with_check FROM pg_policies WHERE policyname = 'tenant_isolation'")
    )
    tables = {m._meta.db_table for m in apps.get_models() if issubclass(m, TenantModel)} | {"audit_auditevent"}
    assert tables - policies.keys() == set()
    assert all(policies[t].count("app.tenant") == 2 for t in tables)


def test_other_policies_let_the_owner_read_and_nothing_else() -> None:
    others = rows(
        "SELECT tablename, cmd, roles::text FROM pg_policies WHERE policyname <> 'tenant_isolation' ORDER BY 1"
    )
    assert {(cmd, roles) for _, cmd, roles in others} == {("SELECT", "{imprimatur_owner}")}


def test_functions_that_run_as_the_owner_fix_their_search_path_and_are_not_for_everybody() -> None:
    functions = rows(
        """
        SELECT p.proname, COALESCE(array_to_string(p.proconfig, ','), ''),
               EXISTS (SELECT 1 FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g
                        WHERE g.grantee = 0 AND g.privilege_type = 'EXECUTE')
          FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
        """
    )
    assert functions
    safe = "search_path=pg_catalog, public, pg_temp"
    assert [name for name, settings, _ in functions if settings != safe] == []
    assert [name for name, _, for_everybody in functions if for_everybody] == []


def test_they_return_ids_numbers_and_flags_but_no_content() -> None:
    """A model profile's name is the one text: queues are named by it."""
    results = rows(
        """
        SELECT p.proname, pg_get_function_result(p.oid) FROM pg_proc p
         WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
        """
    )
    told = {name: result.replace("profile text", "") for name, result in results}
    assert [name for name, result in told.items() if re.search("text|json|character", result)] == []


def test_the_app_owns_nothing_and_truncates_nothing() -> None:
    assert rows("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user") == []
    tables = "SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    assert rows(f"{tables} AND has_table_privilege(oid, 'TRUNCATE')") == []
