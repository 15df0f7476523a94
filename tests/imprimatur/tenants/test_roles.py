"""What operators run once on their own Postgres."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from imprimatur.embedded.postgres import Postgres


def test_the_sql_is_printed_for_operators() -> None:
    out = StringIO()
    call_command("database_roles", stdout=out)
    assert "ALTER ROLE imprimatur_app LOGIN NOSUPERUSER NOBYPASSRLS" in out.getvalue()
    assert out.getvalue().index("CREATE DATABASE") < out.getvalue().index("\\connect")


def test_it_is_applied_twice_without_harm(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRIMATUR_OWNER_PASSWORD", "owner-for-tests")
    monkeypatch.setenv("IMPRIMATUR_APP_PASSWORD", "app-for-tests")
    url = postgres.url("postgres", postgres.password, "postgres")
    for _ in range(2):
        call_command("database_roles", name="second", apply=url, stdout=StringIO())
    with psycopg.connect(postgres.url("imprimatur_app", "app-for-tests", "second")) as session:
        allowed = session.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
    assert allowed == (False,)


def test_placeholders_are_not_applied(postgres: Postgres) -> None:
    with pytest.raises(CommandError, match="IMPRIMATUR_OWNER_PASSWORD"):
        call_command("database_roles", apply=postgres.url("postgres", postgres.password, "postgres"))
