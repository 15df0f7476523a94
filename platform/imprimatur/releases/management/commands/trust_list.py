"""`manage.py trust_list`: whose signatures the verify desk recognises beside our own."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import InvalidKey
from governance.trust_list import FOLDER_VARIABLE, install, public_list
from imprimatur.environment import HOME


class Command(BaseCommand):
    """Without arguments it shows the list that is used."""

    help = "Show the public C2PA trust list in use, or install one that was fetched from its publisher."

    def add_arguments(self, parser: CommandParser) -> None:
        """A file, and what it is."""
        parser.add_argument("file", type=Path, nargs="?", help="the publisher's PEM file")
        parser.add_argument("--as-of", type=date.fromisoformat, help="the day it was fetched, 2026-11-24")
        parser.add_argument("--source", help="where it was fetched from")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Install and show."""
        path = Path(os.environ.get(FOLDER_VARIABLE) or HOME / "c2pa-trust-list.json")
        try:
            if options["file"]:
                if not (options["as_of"] and options["source"]):
                    raise CommandError("say --as-of and --source, so that people see what they rely on")
                install(options["file"].read_text(), options["as_of"], options["source"], path)
            found = public_list(path if path.exists() else None)
        except (InvalidKey, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{found.count} certificates as of {found.as_of}, from {found.source}")
