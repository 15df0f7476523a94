"""`manage.py redraw_lost`: put lost files back where a copy is left, draw the other pictures again, and prove them."""

from __future__ import annotations

import os
import uuid
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imprimatur.backup.checking import losses
from imprimatur.backup.copies import put_back_copy
from imprimatur.backup.folder import BackupFolder, BackupUnusable
from imprimatur.generations.models import Output
from imprimatur.generations.redrawing import proofs, redraw
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.management.commands.back_up import PASSPHRASE
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import find, tenant_id_of_slug

WORDS = {
    "same": "is drawn again, and its pixels are proven the same",
    "differs": "is drawn again, and its pixels differ",
    "waiting": "is not drawn yet",
}


class Command(BaseCommand):
    """Each lost picture is asked for once."""

    help = "Put back what a copy is left of, and queue every other picture again whose file is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--tenant`, `--backup`, `--prove`."""
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument(
            "--backup",
            action="append",
            default=[],
            type=Path,
            metavar="FOLDER",
            help=f"a backup to look in for the very file first (its passphrase in {PASSPHRASE}); may be said again",
        )
        parser.add_argument("--prove", action="store_true", help="queue nothing, compare pixel digests")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line a picture."""
        tenant_id = tenant_id_of_slug(options["tenant"])
        if tenant_id is None:
            raise CommandError(f"There is no company {options['tenant']!r}.")
        backups = _opened(options["backup"])
        with tenant_scope(tenant_id):
            if not options["prove"]:
                self._bring_back(tenant_id, backups)
            for proof in proofs(tenant_id):
                self.stdout.write(f"{proof.lost} {WORDS[proof.verdict]}: {proof.generation}")

    def _bring_back(self, tenant_id: uuid.UUID, backups: Sequence[BackupFolder]) -> None:
        known = {proof.lost for proof in proofs(tenant_id)}
        for loss in [loss for loss in losses(tenant_id, digests=False) if loss is not None]:
            place = put_back_copy(loss.promise, backups)
            if place:
                self.stdout.write(f"{loss.promise.owner} {loss.promise.part} is put back from {place}")
            elif loss.promise.part == "output" and loss.promise.owner not in known:
                self._redraw(loss.promise.owner)

    def _redraw(self, lost: str) -> None:
        try:
            redraw(find(Output, lost))
        except DomainError as error:
            self.stderr.write(f"{lost} cannot be drawn again: {error}")


def _opened(places: Sequence[Path]) -> list[BackupFolder]:
    missing = next((place for place in places if not place.is_dir()), None)
    if missing is not None:
        raise CommandError(f"{missing} is no folder.")
    try:
        return [BackupFolder(place, os.environ.get(PASSPHRASE, "")) for place in places]
    except BackupUnusable as error:
        raise CommandError(str(error)) from error
