"""The two database roles. `imprimatur_owner` owns the tables and migrates; `imprimatur_app` runs the product.

Neither is a superuser and neither bypasses row-level security. The statements need a superuser once; operators get
them from `manage.py database_roles`.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from django.db import connection

OWNER: Final = "imprimatur_owner"
APP: Final = "imprimatur_app"

_ATTRIBUTES: Final = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"


def _may_become(attribute: str) -> str:
    return f"EXISTS (SELECT FROM pg_roles r WHERE r.{attribute} AND pg_has_role(r.oid, 'MEMBER'))"


_HERE: Final = "n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
_RELATIONS: Final = f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE}"
# A right as the end of a sentence -> whether the session's role has it, itself or by a role that it may become.
_TOO_MUCH: Final = {
    "is, or may become, a superuser": _may_become("rolsuper"),
    "is, or may become, a role that bypasses row-level security": _may_become("rolbypassrls"),
    "may make roles": _may_become("rolcreaterole"),
    "may make databases": _may_become("rolcreatedb"),
    "may read the write-ahead log of every database": _may_become("rolreplication"),
    "is a member of one of Postgres' own roles, which read files, run programs or touch every table": (
        "EXISTS (SELECT FROM pg_roles r WHERE r.rolname ~ '^pg_' AND r.rolname <> 'pg_database_owner'"
        " AND pg_has_role(r.oid, 'MEMBER'))"
    ),
    "owns tables, and could lift row-level security from them": (
        f"EXISTS (SELECT {_RELATIONS} AND pg_has_role(c.relowner, 'MEMBER'))"
    ),
    "owns the database": (
        "EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'MEMBER'))"
    ),
    "may empty tables, or hang triggers on them": (
        f"EXISTS (SELECT {_RELATIONS} AND has_table_privilege(c.oid, 'TRUNCATE, TRIGGER'))"
    ),
    "may rewrite the audit trail": (
        f"EXISTS (SELECT {_RELATIONS} AND c.relname = 'audit_auditevent'"
        " AND (has_any_column_privilege(c.oid, 'UPDATE') OR has_table_privilege(c.oid, 'DELETE')))"
    ),
    "may make temporary tables, which could stand in for real ones": (
        "has_database_privilege(current_database(), 'TEMPORARY')"
    ),
    "may make schemas": "has_database_privilege(current_database(), 'CREATE')",
    "may make tables and functions": (
        "EXISTS (SELECT FROM pg_namespace n WHERE n.nspname !~ '^pg_(toast|temp)'"
        " AND has_schema_privilege(n.oid, 'CREATE'))"
    ),
    "may switch triggers off": "has_parameter_privilege('session_replication_role', 'SET')",
}


class UnsafeDatabaseRole(RuntimeError):
    """The product would run as a role that row-level security does not hold, or that could undermine it."""


def role_statements(owner_password: str, app_password: str) -> list[str]:
    """Create both roles, or bring existing ones to this state."""
    return [_create(OWNER), _create(APP), _set(OWNER, owner_password), _set(APP, app_password)]


def database_statements(name: str) -> list[str]:
    """For the new database itself: nobody else may connect, and nobody creates in `public` but the owner."""
    return [
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
        f'REVOKE ALL ON DATABASE "{name}" FROM {APP}',
        f'GRANT CONNECT ON DATABASE "{name}" TO {APP}',
        f"ALTER SCHEMA public OWNER TO {OWNER}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA public FROM {APP}",
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
    """Raise UnsafeDatabaseRole, which names every right that goes too far; `role_statements` make roles with none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (name,) = cursor.fetchone()
        found = excessive_rights(cursor)
    if found:
        raise UnsafeDatabaseRole(
            f"The database role {name} goes too far for the product: it {'; it '.join(found)}. Give "
            f"IMPRIMATUR_DATABASE_URL the role {APP} as `manage.py database_roles` makes it; {OWNER} is for "
            "migrations only."
        )


def excessive_rights(cursor: Any) -> list[str]:
    """What the session's role may do beyond the product's needs, each as the end of a sentence. Any DB-API cursor."""
    cursor.execute(f"SELECT {', '.join(_TOO_MUCH.values())}")
    return [right for right, held in zip(_TOO_MUCH, cursor.fetchone(), strict=True) if held]


def _create(role: str) -> str:
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
        f"THEN CREATE ROLE {role}; END IF; END $$"
    )


def _set(role: str, password: str) -> str:
    quoted = password.replace("'", "''")
    return f"ALTER ROLE {role} {_ATTRIBUTES} PASSWORD '{quoted}'"
