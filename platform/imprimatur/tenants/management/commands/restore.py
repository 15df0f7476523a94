"""`manage.py restore --from FOLDER`: a backup into a fresh installation, then the proof that it is whole."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from imprimatur.backup.folder import BackupFolder, BackupUnusable
from imprimatur.backup.other_keys import CHOICES
from imprimatur.backup.put_back import put_back
from imprimatur.tenants.management.commands.back_up import PASSPHRASE


class Command(BaseCommand):
    """Refuses a database that holds anything."""

    help = "Restore a backup into a fresh installation, and check audit trails, files and manifests afterwards."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--from`, `--digest`, `--keys`, `--unproven`."""
        parser.add_argument("--from", required=True, type=Path, dest="source", metavar="FOLDER")
        parser.add_argument("--digest", default="", help="the SHA-256 that back_up said; a sealed backup needs none")
        parser.add_argument(
            "--keys",
            choices=CHOICES,
            default="",
            help="what becomes of other keys than the backup's that lie here: moved beside their folder, or used on",
        )
        parser.add_argument(
            "--unproven",
            action="store_true",
            help="restore a backup that is not sealed without its digest: whoever could write to it owns what you get",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Put back, then verify; exit status 1 when something does not hold."""
        if not options["source"].is_dir():
            raise CommandError(f"{options['source']} is no folder.")
        try:
            folder = BackupFolder(options["source"], os.environ.get(PASSPHRASE, ""))
            done = put_back(folder, options["digest"], unproven=options["unproven"], keys=options["keys"])
        except (BackupUnusable, OSError) as error:
            raise CommandError(str(error)) from error
        if options["unproven"]:
            self.stderr.write("NOT PROVEN: nothing says that this is the backup you took, its keys and data included.")
        self.stdout.write(f"{done.files} files and the database are back.")
        for place in done.set_aside:
            self.stdout.write(f"What lay here is in {place} now: keep it as long as anything relies on those keys.")
        call_command("audit_verify", stdout=self.stdout)
        call_command("check_objects", manifests=True, stdout=self.stdout, stderr=self.stderr)
