"""Back up, restore elsewhere, prove it: a filled company, its files in a bucket, other keys lying in the new place.

FILLED=300 in the environment fills it with so many pictures; what each step took is printed (`pytest -s`).
"""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from imprimatur import keys, objects
from imprimatur.audit import checkpoints
from imprimatur.backup import key_notes, other_keys, put_back
from imprimatur.backup.dump import PROGRAMS
from imprimatur.embedded.database import Addresses
from imprimatur.embedded.postgres import Postgres
from imprimatur.environment import database, object_storage
from imprimatur.generations.models import Output
from imprimatur.releases import services as releasing
from imprimatur.releases.models import Release
from imprimatur.releases.verification import Verdict, verify
from imprimatur.review import services as reviewing
from imprimatur.tenants.scope import tenant_scope

from governance.pki import development_signer
from tests.factories import World
from tests.imprimatur.drawn import USE, drawn
from tests.imprimatur.s3 import BUCKET, stand_in

FILLED = int(os.environ.get("FILLED", "3"))
EACH = 4  # pictures of one order


def in_bucket(settings: Any, folder: str) -> None:
    settings.STORAGES = {**settings.STORAGES, "objects": object_storage(f"s3://{BUCKET}/{folder}")}


@pytest.fixture
def filled(
    committed_world: World, postgres: Postgres, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[World, Release]]:
    """A released picture and others, drawn into the bucket; the trail ends at a checkpoint."""
    monkeypatch.setenv(PROGRAMS, str(Path(postgres.binary("pg_dump")).parent))
    with stand_in(monkeypatch):
        in_bucket(settings, "old")
        world = committed_world
        for first in range(0, FILLED, EACH):
            output, *_ = drawn(world, count=min(EACH, FILLED - first))
        with tenant_scope(world.aozora.id):
            for reviewer in (world.rita, world.ravi):
                reviewing.decide(world.actor(reviewer), output, "approve")
            release = releasing.release(world.actor(world.alice), output, USE)
            assert checkpoints.take(world.aozora.id, timezone.now()) is not None
        yield world, release


@pytest.fixture
def both(addresses: Addresses) -> Iterator[tuple[str, str]]:
    """The tests' own database and a fresh one beside it, for their superuser."""
    name, before = "imprimatur_restored", dict(connection.settings_dict)
    with psycopg.connect(addresses.superuser, autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name}")
        session.execute(f"CREATE DATABASE {name}")
        yield addresses.superuser, addresses.superuser.rpartition("/")[0] + f"/{name}"
        connection.close()
        connection.settings_dict.update(before)
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")


def at(url: str) -> None:
    connection.close()
    connection.settings_dict.update(database(url))


def told(command: str, **options: Any) -> str:
    out, started = io.StringIO(), time.perf_counter()
    call_command(command, stdout=out, stderr=out, **options)
    print(f"{command}: {time.perf_counter() - started:.1f} s, {FILLED} pictures")  # noqa: T201
    return out.getvalue()


def another_place(folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new machine: folders, secrets, bucket and checkpoints of its own."""
    for module in (key_notes, other_keys, put_back):
        monkeypatch.setattr(module, "SECRETS_FILE", folder / "secrets.json")
    settings.PKI_FOLDER, settings.WORKER_KEYS_FOLDER = folder / "pki", folder / "worker"
    first = f"{settings.CHECKPOINT_PLACE}0"
    settings.STORAGES = {**settings.STORAGES, first: object_storage((folder / "checkpoints").as_uri())}
    in_bucket(settings, "new")


@pytest.mark.timeout(1800)
def test_everything_comes_back_into_another_bucket_and_is_proven(
    filled: tuple[World, Release],
    both: tuple[str, str],
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, release = filled
    file, own_key = objects.get(release.object_key, release.sha256), keys.watermark_key()
    at(both[0])
    said = told("back_up", to=tmp_path / "backup", with_development_keys=True)
    (digest,) = re.findall(r"[0-9a-f]{64}", said)

    another_place(tmp_path / "new", settings, monkeypatch)
    at(both[1])
    development_signer(settings.PKI_FOLDER)  # keys that somebody made here
    stranger = (settings.PKI_FOLDER / "signer.pem").read_bytes()
    with pytest.raises(CommandError, match=r"signer\.pem.*--keys"):
        told("restore", source=tmp_path / "backup", digest=digest)
    assert (settings.PKI_FOLDER / "signer.pem").read_bytes() == stranger

    said = told("restore", source=tmp_path / "backup", digest=digest, keys="set-aside")
    assert "unbroken" in said
    assert " 0 not as promised" in said
    (aside,) = (tmp_path / "new").glob("pki.before-*")
    assert (aside / "signer.pem").read_bytes() == stranger
    assert keys.watermark_key() == own_key
    with tenant_scope(world.aozora.id):
        assert Output.objects.count() == FILLED
        assert checkpoints.newest(world.aozora.id) is not None
    assert objects.get(release.object_key, release.sha256) == file
    assert verify(file).verdict == Verdict.GENUINE
