"""`manage.py trust_list`: whose signatures the verify desk recognises beside our own."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from governance.errors import InvalidKey
from governance.trust_list import OLD_AFTER, install, place_of, public_list
from imprimatur.environment import HOME


class Command(BaseCommand):
    """Without arguments it shows the list that is used."""

    help = "Show the public C2PA trust list in use, or install one that was fetched from its publisher."

    def add_arguments(self, parser: CommandParser) -> None:
        """A file, and what it is."""
        parser.add_argument("file", type=Path, nargs="?", help="the publisher's PEM file")
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day it was fetched, 2026-11-24")
        parser.add_argument("--source", help="where it was fetched from")
        parser.add_argument("--time-stamps", type=Path, help="the publisher's PEM file of time authorities")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Install and show."""
        try:
            if options["file"]:
                self._install(**options)
            found = public_list(HOME)
        except (InvalidKey, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{found.count} certificates as of {found.as_of}, from {found.source}")
        if found.time_count:
            self.stdout.write(f"{found.time_count} certificates of time authorities")
        if found.is_old(self._today()):
            self.stdout.write(f"THIS LIST IS MORE THAN {OLD_AFTER.days} DAYS OLD: fetch the newest from its publisher")

    def _install(self, **options: Any) -> None:
        if not (options["as_of"] and options["source"]):
            raise CommandError("say --as-of and --source, so that people see what they rely on")
        if options["as_of"] > self._today():
            raise CommandError(f"--as-of {options['as_of']} is yet to come: say the day on which it was fetched")
        of_time = options["time_stamps"].read_text() if options["time_stamps"] else ""
        install(options["file"].read_text(), options["as_of"], options["source"], place_of(HOME), time_pem=of_time)

    def _today(self) -> date:
        """Anywhere on earth: whoever fetched it ahead of our clock did so today."""
        return (timezone.now() + timedelta(hours=14)).date()
