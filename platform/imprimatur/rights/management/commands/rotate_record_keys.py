"""Seal names and addresses anew with the newest record key, so that older keys can be dropped: operators' work."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from imprimatur.audit.services import record as record_event
from imprimatur.rights.sealing import reseal_all
from imprimatur.tenants.scope import tenant_scope


class Command(BaseCommand):
    """May be run again at any time: what the newest key sealed already stays as it is."""

    help = "Seal every record's name and address with the first of IMPRIMATUR_RECORD_KEYS."

    def handle(self, *_: Any, **_options: Any) -> None:
        """One company at a time, each in a transaction of its own."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM rights_sealed()")
            tenants = [row[0] for row in cursor.fetchall()]
        for tenant_id in tenants:
            with tenant_scope(tenant_id):
                count = reseal_all()
                if count:
                    record_event(tenant_id, "system", "record_keys.rotated", "", {"count": count})
            self.stdout.write(f"{tenant_id}\t{count}")
