"""`manage.py back_up --to FOLDER`: database, files, checkpoints, and notes of the keys."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from imprimatur.backup.folder import BackupFolder, BackupUnusable
from imprimatur.backup.take import take

PASSPHRASE: Final = "IMPRIMATUR_BACKUP_PASSPHRASE"  # noqa: S105 - the variable's name
DIGEST: Final = "SHA-256 of backup.json: %s  Note it down apart from the backup: restore asks for it (--digest)."
UNKEPT: Final = "The keys are not in it: keep them where you keep secrets (keys.json says which)."


class Command(BaseCommand):
    """Taken again into the same folder, it copies what is new."""

    help = f"Back everything up, sealed when {PASSPHRASE} is set. Interrupted, or run again, it goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--to`, `--with-development-keys`."""
        parser.add_argument("--to", required=True, type=Path, metavar="FOLDER")
        parser.add_argument(
            "--with-development-keys",
            action="store_true",
            help="the keys and secrets that this one machine made for itself too; whoever has them can sign as you",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Say what was taken; exit status 1 when files are missing that rows name."""
        try:
            folder = BackupFolder(options["to"], os.environ.get(PASSPHRASE, ""))
            taken = take(folder, timezone.now(), with_development_keys=options["with_development_keys"])
        except (BackupUnusable, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{taken.files} files ({taken.copied} new, {taken.bytes} bytes) in {options['to']}")
        self.stdout.write(DIGEST % taken.digest)
        if not options["with_development_keys"]:
            self.stdout.write(UNKEPT)
        for promise in taken.missing:
            self.stderr.write(f"missing: {promise.part} {promise.key}")
        if taken.missing:
            raise CommandError(f"{len(taken.missing)} files are not in the store any more: see check_objects.")
