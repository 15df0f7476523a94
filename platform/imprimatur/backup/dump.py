"""The database as one file, by Postgres' own programs, and the list of files that this very state names."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from django.db import connection
from psycopg import sql

from imprimatur.backup.folder import BackupUnusable
from imprimatur.backup.promised import Promise, columns, nested

PROGRAMS: Final = "IMPRIMATUR_POSTGRES_PROGRAMS"  # the folder of pg_dump and pg_restore, if they are not on the path


@dataclass(frozen=True)
class Snapshot:
    """One state of the database, as long as its transaction is open."""

    session: psycopg.Connection[Any]
    name: str

    def dump(self, target: Path) -> None:
        """pg_dump's custom format of this state. BackupUnusable with pg_dump's words when it fails."""
        _run("pg_dump", "--format=custom", f"--snapshot={self.name}", f"--file={target}")

    def promises(self) -> Iterator[Promise]:
        """Every file that the rows of this state name, of all tenants."""
        for column in columns():
            table, key = column.model._meta.db_table, column.key
            digest = sql.Identifier(column.sha256) if column.sha256 else sql.SQL("''")
            query = sql.SQL("SELECT tenant_id, id, {}, {} FROM {}").format(
                sql.Identifier(key), digest, sql.Identifier(table)
            )
            for tenant_id, row_id, value, sha256 in self.session.execute(query):
                owner = f"{column.model.PREFIX}:{row_id}"
                for found in [(value, sha256)] if column.sha256 else nested(value):
                    if found[0]:
                        yield Promise(tenant_id=tenant_id, owner=owner, part=column.part, key=found[0], sha256=found[1])


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Hold one state of the database. BackupUnusable for a role that would see no tenant's rows."""
    with psycopg.connect(**_parameters()) as session:
        session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        session.read_only = True
        row = session.execute(
            "SELECT rolsuper OR rolbypassrls, current_user FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if row is None or not row[0]:
            raise BackupUnusable(
                "The database role must see every tenant's rows: give IMPRIMATUR_DATABASE_URL a role with BYPASSRLS "
                "for this one command."
            )
        exported = session.execute("SELECT pg_export_snapshot()").fetchone()
        assert exported is not None  # noqa: S101 - the function always answers
        yield Snapshot(session, exported[0])


def is_empty() -> bool:
    """Has the database no table yet?"""
    with psycopg.connect(**_parameters()) as session:
        row = session.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return row is not None and row[0] == 0


def restore(source: Path) -> None:
    """Everything in the dump, with owners and grants, or nothing. The two roles must exist."""
    options = ["--single-transaction", "--exit-on-error", f"--dbname={connection.settings_dict['NAME']}"]
    _run("pg_restore", *options, str(source))


def _parameters() -> dict[str, Any]:
    params = dict(connection.get_connection_params())
    for django_only in ("cursor_factory", "context", "pool"):
        params.pop(django_only, None)
    return params


def _run(program: str, *arguments: str) -> None:
    command = [_program(program), "--no-password", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=_surroundings())  # noqa: S603
    if done.returncode:
        raise BackupUnusable(f"{program} failed: {done.stderr.strip()[-800:]}")


def _surroundings() -> Mapping[str, str]:
    """The address as libpq reads it; the password never stands in a command line."""
    named = connection.settings_dict
    pairs = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    said = {k: str(named[v]) for k, v in pairs.items()} | {"PGSSLMODE": str(named["OPTIONS"].get("sslmode", ""))}
    return os.environ | {k: v for k, v in said.items() if v}


def _program(name: str) -> str:
    folder = os.environ.get(PROGRAMS, "")
    found = shutil.which(name, path=folder or None)
    if found is None:
        raise BackupUnusable(
            f"{name} is not on the path: install Postgres' client programs, or name them by {PROGRAMS}."
        )
    return found
