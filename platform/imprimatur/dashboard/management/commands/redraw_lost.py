"""`manage.py redraw_lost`: draw pictures again whose files are gone, and say which are proven the same."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imprimatur.backup.checking import losses
from imprimatur.generations.models import Output
from imprimatur.generations.redrawing import proofs, redraw
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import find, tenant_id_of_slug

WORDS = {
    "same": "is drawn again, and its pixels are proven the same",
    "differs": "is drawn again, and its pixels differ",
    "waiting": "is not drawn yet",
}


class Command(BaseCommand):
    """Each lost picture is asked for once."""

    help = "Queue every picture of a company again whose file is gone; --prove compares what was drawn since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--tenant`, `--prove`."""
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--prove", action="store_true", help="queue nothing, compare pixel digests")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line a picture."""
        tenant_id = tenant_id_of_slug(options["tenant"])
        if tenant_id is None:
            raise CommandError(f"There is no company {options['tenant']!r}.")
        with tenant_scope(tenant_id):
            if not options["prove"]:
                self._queue(tenant_id)
            for proof in proofs(tenant_id):
                self.stdout.write(f"{proof.lost} {WORDS[proof.verdict]}: {proof.generation}")

    def _queue(self, tenant_id: uuid.UUID) -> None:
        known = {proof.lost for proof in proofs(tenant_id)}
        for loss in losses(tenant_id, digests=False):
            if loss is None or loss.promise.part != "output" or loss.promise.owner in known:
                continue
            try:
                redraw(find(Output, loss.promise.owner))
            except DomainError as error:
                self.stderr.write(f"{loss.promise.owner} cannot be drawn again: {error}")
