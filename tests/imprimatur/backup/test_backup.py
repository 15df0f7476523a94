"""What a backup holds, refuses and finds; the whole way there and back is in test_restore."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from imprimatur import objects
from imprimatur.backup import promised
from imprimatur.backup.checking import losses
from imprimatur.backup.dump import PROGRAMS
from imprimatur.backup.folder import DATABASE, MANIFEST, BackupFolder, BackupUnusable
from imprimatur.backup.sealing import PIECE, NotOpened, Seal, salt_of
from imprimatur.backup.take import take
from imprimatur.embedded.database import Addresses
from imprimatur.embedded.postgres import Postgres
from imprimatur.environment import database
from imprimatur.tenants.models import TenantModel
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import drawn, uploaded


@pytest.mark.parametrize("size", [0, 1, 1000, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_a_sealed_file_is_opened_by_its_passphrase_only(tmp_path: Path, size: int) -> None:
    plain, sealed, again = tmp_path / "plain", tmp_path / "sealed", tmp_path / "again"
    plain.write_bytes(os.urandom(size))
    Seal("correct horse").seal(plain, sealed)
    Seal("correct horse", salt_of(sealed)).open(sealed, again)
    assert again.read_bytes() == plain.read_bytes()
    again.unlink()
    with pytest.raises(NotOpened):
        Seal("wrong horse", salt_of(sealed)).open(sealed, again)
    assert not again.exists()


@pytest.mark.parametrize("harm", ["flip", "cut a piece", "cut a byte", "append", "swap pieces"])
def test_a_sealed_file_that_was_touched_is_not_opened(tmp_path: Path, harm: str) -> None:
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(bytes(2 * PIECE + 5))
    seal = Seal("correct horse")
    seal.seal(plain, sealed)
    data, head, piece = sealed.read_bytes(), 12 + 16 + 8, PIECE + 16
    harmed = {
        "flip": data[:100] + bytes([data[100] ^ 1]) + data[101:],
        "cut a piece": data[: head + 2 * piece],
        "cut a byte": data[:-1],
        "append": data + b"x",
        "swap pieces": data[:head] + data[head + piece : head + 2 * piece] + data[head : head + piece],
    }[harm]
    sealed.write_bytes(harmed)
    with pytest.raises(NotOpened):
        seal.open(sealed, tmp_path / "again")


def test_every_column_that_names_a_file_is_known() -> None:
    """A new `<name>_key` without its digest, or a file in a JSON column nobody listed, would be forgotten."""
    from django.apps import apps

    known = {(c.model, c.key) for c in promised.columns()}
    named = {
        (model, field.name)
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        for field in model._meta.fields
        if field.name.endswith("_key") and field.get_internal_type() == "CharField"
    }
    assert named <= known
    assert {c.part for c in promised.columns()} >= {"output", "mask_strip", "evidence", "release", "thumbnails"}


@pytest.fixture
def superuser(committed_world: World, addresses: Addresses, postgres: Postgres, monkeypatch: Any) -> Iterator[World]:
    """Commands that need the superuser get it, as `./run manage` gives it to them."""
    monkeypatch.setenv(PROGRAMS, str(Path(postgres.binary("pg_dump")).parent))
    before = dict(connection.settings_dict)
    drawn(committed_world)
    connection.close()
    connection.settings_dict.update(database(addresses.superuser))
    yield committed_world
    connection.close()
    connection.settings_dict.update(before)


def back_up(folder: Path, **options: Any) -> str:
    out = io.StringIO()
    call_command("back_up", to=folder, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_a_backup_holds_every_promised_file_and_no_key(superuser: World, tmp_path: Path) -> None:
    said = back_up(tmp_path / "b")
    manifest = json.loads((tmp_path / "b" / MANIFEST).read_text())
    assert f"{manifest['objects']['count']} files" in said
    with tenant_scope(superuser.aozora.id):
        wanted = {p.key: p.sha256 for p in promised.promises(superuser.aozora.id)}
    assert len(wanted) >= 3
    folder = BackupFolder(tmp_path / "b")
    assert all(folder.holds(f"objects/{key}", sha256) for key, sha256 in wanted.items())
    assert (tmp_path / "b" / DATABASE).read_bytes()[:5] == b"PGDMP"
    everything = b"".join(p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file())
    assert b"PRIVATE KEY" not in everything
    assert django_settings.SECRET_KEY.encode() not in everything
    assert {p.stat().st_mode & 0o077 for p in (tmp_path / "b").rglob("*") if p.is_file()} == {0}


def test_taken_again_only_what_is_new_is_copied(superuser: World, tmp_path: Path) -> None:
    back_up(tmp_path / "b")
    assert "(0 new" in back_up(tmp_path / "b")
    with tenant_scope(superuser.aozora.id):
        uploaded(superuser, superuser.alice)
    assert "(0 new" not in back_up(tmp_path / "b")


def test_an_interrupted_backup_is_no_backup_and_goes_on(superuser: World, tmp_path: Path, monkeypatch: Any) -> None:
    real, calls = objects.get, []

    def dies(key: str, sha256: str) -> bytes:
        calls.append(key)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(key, sha256)

    monkeypatch.setattr(objects, "get", dies)
    with pytest.raises(KeyboardInterrupt):
        back_up(tmp_path / "b")
    with pytest.raises(BackupUnusable, match="no finished backup"):
        BackupFolder(tmp_path / "b").manifest()
    monkeypatch.setattr(objects, "get", real)
    taken = take(BackupFolder(tmp_path / "b"), timezone.now())
    assert taken.copied == taken.files - 1


def test_a_sealed_backup_tells_nothing(superuser: World, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("IMPRIMATUR_BACKUP_PASSPHRASE", "correct horse battery")
    back_up(tmp_path / "b", with_development_keys=True)
    kept = [p for p in (tmp_path / "b").rglob("*") if p.is_file() and p.name != MANIFEST]
    assert all(p.name.endswith(".sealed") for p in kept)
    everything = b"".join(p.read_bytes() for p in kept)
    assert b"PGDMP" not in everything
    assert b"PRIVATE KEY" not in everything
    folder = BackupFolder(tmp_path / "b", "correct horse battery")
    assert folder.read_bytes(DATABASE)[:5] == b"PGDMP"
    assert any(b"PRIVATE KEY" in folder.read_bytes(name) for name in folder.names("development-keys"))
    with pytest.raises(BackupUnusable, match="passphrase"):
        BackupFolder(tmp_path / "b")
    with pytest.raises(BackupUnusable, match="another passphrase"):
        BackupFolder(tmp_path / "b", "guess").read_bytes(DATABASE)


def test_a_role_that_sees_one_company_only_takes_no_backup(
    committed_world: World, postgres: Postgres, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv(PROGRAMS, str(Path(postgres.binary("pg_dump")).parent))
    with pytest.raises(CommandError, match="BYPASSRLS"):
        back_up(tmp_path / "b")
    assert not (tmp_path / "b" / MANIFEST).exists()


def test_files_that_are_gone_are_named(superuser: World, tmp_path: Path) -> None:
    with tenant_scope(superuser.aozora.id):
        lost = next(p for p in promised.promises(superuser.aozora.id) if p.part == "output")
    objects.delete(lost.key)
    with pytest.raises(CommandError, match="1 files are not in the store"):
        back_up(tmp_path / "b")
    assert json.loads((tmp_path / "b" / MANIFEST).read_text())["missing"][0]["key"] == lost.key


def test_nothing_is_restored_over_anything(superuser: World, tmp_path: Path) -> None:
    back_up(tmp_path / "b")
    with pytest.raises(CommandError, match="holds tables already"):
        call_command("restore", source=tmp_path / "b", unproven=True, stdout=io.StringIO())


def restore(folder: Path, **options: Any) -> str:
    """Into a database that holds tables: what stands before that is the question here."""
    with pytest.raises(CommandError) as refused:
        call_command("restore", source=folder, stdout=io.StringIO(), **options)
    return str(refused.value)


def said_digest(said: str) -> str:
    (digest,) = re.findall(r"[0-9a-f]{64}", said)
    return str(digest)


def test_an_unsealed_backup_is_proven_by_the_digest_that_was_said(superuser: World, tmp_path: Path) -> None:
    digest = said_digest(back_up(tmp_path / "b"))
    assert "back_up said" in restore(tmp_path / "b")
    assert "not the one that was written" in restore(tmp_path / "b", digest="0" * 64)
    assert "holds tables already" in restore(tmp_path / "b", digest=digest.upper())
    manifest = tmp_path / "b" / MANIFEST
    manifest.write_text(manifest.read_text().replace('"version"', '"version" '))
    assert "not the one that was written" in restore(tmp_path / "b", digest=digest)


@pytest.mark.parametrize("name", ["development-keys/pki/permit.key.pem", "keys.json", "public/anchors.pem"])
def test_a_foreign_key_in_a_proven_backup_is_refused(superuser: World, tmp_path: Path, name: str) -> None:
    digest = said_digest(back_up(tmp_path / "b", with_development_keys=True))
    (tmp_path / "b" / name).write_bytes(b"of somebody else")
    assert f"{name} is not what was backed up" in restore(tmp_path / "b", digest=digest)


def test_a_seal_vouches_for_what_is_not_sealed(superuser: World, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("IMPRIMATUR_BACKUP_PASSPHRASE", "correct horse battery")
    back_up(tmp_path / "b")
    assert "holds tables already" in restore(tmp_path / "b")
    manifest = tmp_path / "b" / MANIFEST
    older = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(older | {"taken_at": "2020-01-01"}))
    assert "not the one that was written" in restore(tmp_path / "b")


@pytest.mark.parametrize("name", ["../x", "development-keys/pki/../../x", "/etc/x", "checkpoints\\..\\x"])
def test_a_name_that_leads_elsewhere_is_refused(superuser: World, tmp_path: Path, name: str) -> None:
    back_up(tmp_path / "b")
    (tmp_path / "b" / "development-keys" / "pki").mkdir(parents=True)
    (tmp_path / "b" / "x").write_bytes(b"out")
    said = json.loads((tmp_path / "b" / MANIFEST).read_text())
    said["others"][name] = hashlib.sha256(b"out").hexdigest()
    (tmp_path / "b" / MANIFEST).write_text(json.dumps(said))
    assert "is no name of a file" in restore(tmp_path / "b", unproven=True)


def test_a_restore_of_an_unfinished_backup_is_refused(superuser: World, tmp_path: Path) -> None:
    back_up(tmp_path / "b")
    (tmp_path / "b" / MANIFEST).unlink()
    with pytest.raises(CommandError, match="no finished backup"):
        call_command("restore", source=tmp_path / "b", stdout=io.StringIO())


def checked(**options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("check_objects", json=True, stdout=out, **options)
    except CommandError:
        assert out.getvalue()
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.django_db
def test_what_is_missing_changed_or_unsigned_is_named(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        reference = uploaded(world, world.alice)
        assert all(loss is None for loss in losses(world.aozora.id, manifests=True))
    assert checked() == []
    kept = objects.read(output.object_key)
    objects.delete(output.object_key)
    objects.put(reference.object_key, b"something else")
    found = {(loss["owner"], loss["part"], loss["problem"]) for loss in checked()}
    assert found == {(output.public_id, "output", "missing"), (reference.public_id, "reference_image", "changed")}
    assert {loss["problem"] for loss in checked(quick=True)} == {"missing"}
    assert checked(tenant="northwind") == []
    objects.put(output.object_key, kept)


@pytest.mark.django_db
def test_an_unknown_company_is_said(world: World) -> None:
    with pytest.raises(CommandError, match="no company"):
        call_command("check_objects", tenant="nobody", stdout=io.StringIO())
