"""Pictures that were asked for when one reference was all there could be get their row, and are drawn as before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.db import connections
from imprimatur.embedded.database import Addresses
from imprimatur.generations.models import DrawnFrom
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.generations.asked import ask, dispatched

ROOT = Path(__file__).resolve().parents[3]


def migrate(owner: str, *where: str) -> None:
    """By the owner, as an operator does it."""
    environment = os.environ | {"IMPRIMATUR_DATABASE_URL": owner, "DJANGO_SETTINGS_MODULE": "imprimatur.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", *where]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_migration_fills_the_rows_of_pictures_that_are_there(committed_world: World, addresses: Addresses) -> None:
    rows = ask(committed_world, count=2)
    connections.close_all()
    try:
        migrate(addresses.owner, "generations", "0011")
    finally:
        migrate(addresses.owner)
    with tenant_scope(committed_world.aozora.id):
        found = set(DrawnFrom.objects.values_list("generation", "reference", "subject", "view"))
    assert found == {(row.pk, row.subject_reference_id, 0, 0) for row in rows}
    assert dispatched(committed_world, rows[0]).attempt == 1
