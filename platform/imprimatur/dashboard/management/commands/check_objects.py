"""`manage.py check_objects`: which files do the rows promise, and which of them are gone or changed?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from imprimatur.backup.checking import Loss, losses
from imprimatur.backup.strays import strays
from imprimatur.tenants.management.companies import companies
from imprimatur.tenants.scope import tenant_scope


class Command(BaseCommand):
    """Changes nothing. Exit status 1 when something is not as promised."""

    help = "Look for every file that the rows name: is it there, unchanged, and does its manifest hold?"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--tenant`, `--quick`, `--sample`, `--manifests`, `--strays`, `--json`."""
        parser.add_argument("--tenant", default="", metavar="SLUG", help="one company (default: all)")
        parser.add_argument("--quick", action="store_true", help="only ask whether the files are there")
        parser.add_argument("--sample", type=int, default=0, metavar="N", help="look at N files a company, by chance")
        parser.add_argument("--strays", action="store_true", help="name files too that no row names; they stay")
        parser.add_argument("--manifests", action="store_true", help="read every picture's manifest too")
        parser.add_argument("--json", action="store_true", help="one JSON object for each file that is not as promised")

    def handle(self, *_: Any, **options: Any) -> None:
        """One line a loss, then how many files were looked for. A stray is no loss, and no reason to fail."""
        if options["sample"] < 0:
            raise CommandError("--sample: say how many files, from 1 on.")
        asked = {"digests": not options["quick"], "manifests": options["manifests"], "sample": options["sample"]}
        looked = lost = 0
        for tenant_id in companies(options["tenant"]):
            with tenant_scope(tenant_id):
                for loss in losses(tenant_id, **asked):
                    looked += 1
                    if loss is not None:
                        lost += 1
                        self.stdout.write(_line(loss, as_json=options["json"]))
                for key in strays(tenant_id) if options["strays"] else ():
                    said = {"tenant": str(tenant_id), "key": key, "problem": "stray"}
                    self.stdout.write(json.dumps(said) if options["json"] else f"stray: {key}")
        if not options["json"]:
            self.stdout.write(f"{looked} files looked for, {lost} not as promised.")
        if lost:
            raise CommandError(f"{lost} of {looked} files are not as promised.", returncode=1)


def _line(loss: Loss, *, as_json: bool) -> str:
    promise = loss.promise
    if as_json:
        said = {"tenant": str(promise.tenant_id), "owner": promise.owner, "part": promise.part, "key": promise.key}
        return json.dumps(said | {"problem": loss.problem, "said": loss.said})
    return f"{loss.problem}: {promise.owner} {promise.part} {promise.key} {loss.said}".rstrip()
