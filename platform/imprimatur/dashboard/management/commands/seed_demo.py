"""`manage.py seed_demo [--reset]`: two invented companies to try the product with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imprimatur.dashboard.demo.companies import COMPANIES
from imprimatur.dashboard.demo.seeding import retire, seed


class Command(BaseCommand):
    """Makes what is missing; run again, it changes nothing."""

    help = "Make the two demo companies with people, references, rights and templates. Run again, it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """--reset starts over."""
        parser.add_argument(
            "--reset",
            action="store_true",
            help="set the present demo companies aside (nothing is deleted) and make fresh ones",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Seed both companies with the installation's demo password."""
        password = settings.DEMO_PASSWORD
        if not password:
            raise CommandError(
                "There is no demo password. Start the product once with ./run, or set IMPRIMATUR_DEMO_PASSWORD."
            )
        for company in COMPANIES:
            if options["reset"] and retire(company):
                self.stdout.write(f"{company.slug}: set aside")
            made = seed(company, password)
            self.stdout.write(f"{company.slug}: {'made' if made else 'there already'}")
