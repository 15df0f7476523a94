"""`manage.py clean_up`: clear away what has had its time, and on request the files that no row names."""

from __future__ import annotations

import hashlib
import uuid
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from imprimatur import objects
from imprimatur.audit import services as audit
from imprimatur.backup.strays import SETTLED, strays
from imprimatur.generations.retention import Kept, clear_everywhere
from imprimatur.tenants.management.companies import companies
from imprimatur.tenants.scope import tenant_scope

EVENT: Final = "retention.strays_deleted"


class Command(BaseCommand):
    """What the control worker does every hour; and stray files, which nobody deletes unasked."""

    help = "Clear away what has had its time. With --strays also files that no row names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--strays`, `--tenant`, `--dry-run`."""
        parser.add_argument(
            "--strays", type=float, metavar="DAYS", help="delete files that no row names, so old or older"
        )
        parser.add_argument("--tenant", default="", metavar="SLUG", help="strays of one company (default: of all)")
        parser.add_argument("--dry-run", action="store_true", help="only name the stray files")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line a stray, then a line a company."""
        days = options["strays"]
        if days is not None and days < 1:
            raise CommandError("--strays: give a number of days, from 1 on.")
        if options["dry_run"] and days is None:
            raise CommandError("--dry-run is for --strays: what else is cleared away has had its time.")
        for tenant_id in companies(options["tenant"]) if days is not None else ():
            self._clear_strays(tenant_id, timedelta(days=days), dry=options["dry_run"])
        if not options["dry_run"]:
            self._clear_the_rest()

    def _clear_the_rest(self) -> None:
        try:
            cleared = clear_everywhere(Kept.from_environment())
        except ValueError as error:
            raise CommandError(f"{error}.") from error
        for what, count in cleared.items():
            self.stdout.write(f"{count} {what} cleared away.")

    def _clear_strays(self, tenant_id: uuid.UUID, age: timedelta, *, dry: bool) -> None:
        """The trail names how many, and the digest of their names; written before the first is gone."""
        with tenant_scope(tenant_id):
            keys = sorted(strays(tenant_id, timezone.now() - age + SETTLED))
            if keys and not dry:
                names = hashlib.sha256("\n".join(keys).encode()).hexdigest()
                audit.record(tenant_id, "system", EVENT, "", {"files": len(keys), "names": names})
        for key in keys:
            if not dry:
                objects.delete(key)
            self.stdout.write(f"stray: {key}")
        self.stdout.write(f"{tenant_id}: {len(keys)} stray files{' would be' if dry else ''} deleted.")
