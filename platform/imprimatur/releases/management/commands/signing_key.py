"""`manage.py signing_key show | rotate | install`: the key that a company's pictures are signed with."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.errors import InvalidKey
from imprimatur import keys
from imprimatur.audit.services import record
from imprimatur.tenants.models import Tenant
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import tenant_id_of_slug


class Command(BaseCommand):
    """Nothing of a key is printed, only what names it."""

    help = "Show, rotate or install a company's signing key; what is signed already stays valid."

    def add_arguments(self, parser: CommandParser) -> None:
        """An action and what it needs."""
        actions = parser.add_subparsers(dest="action", required=True)
        for name in ("show", "rotate", "install"):
            action = actions.add_parser(name)
            action.add_argument("slug", help="the company's short name")
            if name == "install":
                action.add_argument(
                    "file", type=Path, help=".pem: key and chain, leaf first; .json: key, chain, region"
                )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Do it, in the company's scope, and record it."""
        tenant_id = tenant_id_of_slug(options["slug"])
        if tenant_id is None:
            raise CommandError(f"there is no company {options['slug']}")
        with tenant_scope(tenant_id):
            try:
                if options["action"] != "show":
                    self._replace(tenant_id, options.get("file"))
                self._show(Tenant.objects.get(pk=tenant_id))
            except (InvalidKey, OSError) as error:
                raise CommandError(str(error)) from error

    def _replace(self, tenant_id: uuid.UUID, file: Path | None) -> None:
        book = keys.key_book(tenant_id)
        new = book.rotate() if file is None else book.install(file.read_bytes(), file.suffix)
        record(tenant_id, "system", "signing_key.replaced", "", {"key": new})

    def _show(self, tenant: Tenant) -> None:
        found = keys.certificate_state(tenant.pk)
        if found is None:
            raise CommandError(f"{tenant.slug} has no signing key: install one")
        kind = "development, trusted by nobody outside" if found.development else "configured"
        self.stdout.write(f"{tenant.slug}: {found.key} ({kind}), {found.name}, ends {found.ends:%Y-%m-%d}")
