"""Print, or with --apply carry out, the SQL that makes the two roles and the database."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from imprimatur.tenants.roles import creation_statement, database_statements, make_database, role_statements

_PLACEHOLDER: Final = "CHANGE-ME"


class Command(BaseCommand):
    """Needs no running database unless --apply is given."""

    help = (
        "Print the SQL that a superuser runs once before the first `migrate`. Passwords are taken from "
        "IMPRIMATUR_OWNER_PASSWORD and IMPRIMATUR_APP_PASSWORD."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--name` and `--apply`."""
        parser.add_argument("--name", default="imprimatur", help="the database's name")
        parser.add_argument("--apply", metavar="URL", default="", help="a superuser's URL: carry it out there")

    def handle(self, *_: Any, **options: Any) -> None:
        """Print or apply."""
        owner = os.environ.get("IMPRIMATUR_OWNER_PASSWORD", _PLACEHOLDER)
        app = os.environ.get("IMPRIMATUR_APP_PASSWORD", _PLACEHOLDER)
        name = options["name"]
        if not options["apply"]:
            before = [*role_statements(owner, app), creation_statement(name)]
            self.stdout.write(_sql(before) + f'\\connect "{name}"\n' + _sql(database_statements(name)))
            return
        if _PLACEHOLDER in (owner, app):
            raise CommandError("Set IMPRIMATUR_OWNER_PASSWORD and IMPRIMATUR_APP_PASSWORD first.")
        make_database(options["apply"], name, owner, app)
        self.stdout.write(f"Roles and database {name} are ready.")


def _sql(statements: list[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements)
