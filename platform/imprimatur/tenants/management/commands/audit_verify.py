"""`manage.py audit_verify`: hold every company's audit trail to its checkpoints, and to files given by hand."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.checkpoint import read_checkpoint
from governance.errors import CheckpointRefused, LedgerBroken, ManifestRejected
from governance.trail import Fault, TrailReport, Witness, of_checkpoint
from governance.trail_package import of_picture, plain
from imprimatur import keys
from imprimatur.audit import checkpoints, selectors
from imprimatur.tenants.management.companies import companies
from imprimatur.tenants.scope import tenant_scope


class Command(BaseCommand):
    """Exit status 1 when a trail was touched."""

    help = "Compute the audit trails again and hold them to checkpoints and delivered pictures. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--tenant`, `--checkpoint`, `--picture`, `--json`."""
        parser.add_argument("--tenant", default="", metavar="SLUG", help="one company (default: all)")
        parser.add_argument("--checkpoint", action="append", default=[], type=Path, metavar="FILE")
        parser.add_argument("--picture", action="append", default=[], type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="one JSON object a company")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line a company, then what was found."""
        witnesses = [_checkpoint(p) for p in options["checkpoint"]] + [_picture(p) for p in options["picture"]]
        if witnesses and not options["tenant"]:
            raise CommandError("Name the company with --tenant: a checkpoint or picture belongs to one.")
        reports = {tenant: _report(tenant, witnesses) for tenant in companies(options["tenant"])}
        for tenant, report in reports.items():
            self._say(tenant, report, as_json=options["json"])
        if not all(report.intact for report in reports.values()):
            raise CommandError("An audit trail was touched.", returncode=1)

    def _say(self, tenant: uuid.UUID, report: TrailReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"tenant": str(tenant)} | plain(report), ensure_ascii=False))
            return
        self.stdout.write(f"{tenant}  {report.rows} rows, {'unbroken' if report.intact else 'TOUCHED'}, {report.head}")
        for fault in report.faults:
            self.stdout.write(f"  {fault.sentence()}")


def _report(tenant_id: uuid.UUID, witnesses: list[Witness]) -> TrailReport:
    with tenant_scope(tenant_id):
        newest = checkpoints.newest(tenant_id)
        heard = [of_checkpoint(newest), *witnesses] if newest else witnesses
        try:
            return selectors.examined(tenant_id, heard)
        except LedgerBroken:
            return TrailReport(rows=0, head="", faults=(Fault(code="edited"),))


def _checkpoint(path: Path) -> Witness:
    try:
        return of_checkpoint(read_checkpoint(path.read_bytes(), checkpoints.public_keys()))
    except (OSError, CheckpointRefused) as error:
        raise CommandError(f"{path}: {error}") from error


def _picture(path: Path) -> Witness:
    try:
        return of_picture(path.name, path.read_bytes(), keys.trust_anchors())
    except (OSError, ManifestRejected) as error:
        raise CommandError(f"{path}: {error}") from error
