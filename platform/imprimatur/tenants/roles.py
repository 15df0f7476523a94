"""The two database roles. `imprimatur_owner` owns the tables and migrates; `imprimatur_app` runs the product.

Neither is a superuser and neither bypasses row-level security. The statements need a superuser once; operators get
them from `manage.py database_roles`.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import psycopg
from django.db import connection

OWNER: Final = "imprimatur_owner"
APP: Final = "imprimatur_app"

_ATTRIBUTES: Final = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"


class UnsafeDatabaseRole(RuntimeError):
    """The product would run as a role that row-level security does not hold."""


def role_statements(owner_password: str, app_password: str) -> list[str]:
    """Create both roles, or bring existing ones to this state."""
    return [_create(OWNER), _create(APP), _set(OWNER, owner_password), _set(APP, app_password)]


def database_statements(name: str) -> list[str]:
    """For the new database itself: nobody else may connect, and nobody creates in `public` but the owner."""
    return [
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{name}" TO {APP}',
        f"ALTER SCHEMA public OWNER TO {OWNER}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP}",
    ]


def creation_statement(name: str) -> str:
    """The database itself."""
    return f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE template0'


def make_database(superuser_url: str, name: str, owner_password: str, app_password: str) -> None:
    """Carry all statements out: roles and database are made where missing, passwords and privileges are set."""
    with psycopg.connect(superuser_url, autocommit=True) as session:
        for statement in role_statements(owner_password, app_password):
            session.execute(statement.encode())
        if session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            session.execute(creation_statement(name).encode())
    inside = urlsplit(superuser_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(inside, autocommit=True) as session:
        for statement in database_statements(name):
            session.execute(statement.encode())


def require_safe_role() -> None:
    """Raise UnsafeDatabaseRole when connected as a superuser, with BYPASSRLS, or as the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        name, is_super, bypasses = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_has_role(c.relowner, 'MEMBER')"
        )
        owned = cursor.fetchone()[0]
    if is_super or bypasses or owned:
        raise UnsafeDatabaseRole(
            f"The database role {name} could see every tenant's rows. Give IMPRIMATUR_DATABASE_URL the role {APP}; "
            f"{OWNER} is for migrations only."
        )


def _create(role: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role}; END IF; END $$"
    )


def _set(role: str, password: str) -> str:
    quoted = password.replace("'", "''")
    return f"ALTER ROLE {role} {_ATTRIBUTES} PASSWORD '{quoted}'"
