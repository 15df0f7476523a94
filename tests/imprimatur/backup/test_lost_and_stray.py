"""Rows without files and files without rows: found, and the very file put back before anything is drawn again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from imprimatur import objects
from imprimatur.audit.selectors import events
from imprimatur.backup.checking import losses
from imprimatur.backup.copies import EVENT, put_back_copy
from imprimatur.backup.folder import BackupFolder
from imprimatur.backup.promised import promises
from imprimatur.backup.strays import SETTLED, strays
from imprimatur.generations.models import Generation, Output
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.management.commands.back_up import PASSPHRASE
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import drawn


@pytest.fixture
def pair(world: World) -> Iterator[list[Output]]:
    with tenant_scope(world.aozora.id):
        yield drawn(world, count=2)


def kept(output: Output, place: Path, passphrase: str = "") -> BackupFolder:
    """A backup that holds the picture, as `back_up` lays it down."""
    backup = BackupFolder(place, passphrase)
    backup.write_bytes(f"objects/{output.object_key}", objects.read(output.object_key))
    return backup


def said(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, "--tenant", "aozora", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_very_file_comes_back_from_a_backup_and_nothing_is_drawn(
    world: World, pair: list[Output], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, other = pair
    kept(lost, tmp_path / "monday", "correct horse")
    for output in pair:
        objects.delete(output.object_key)
    before = Generation.objects.count()
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    told = said("redraw_lost", "--backup", str(tmp_path / "monday"))
    assert f"{lost.public_id} output is put back from {tmp_path / 'monday'}" in told
    assert objects.get(lost.object_key, lost.sha256)
    assert Generation.objects.count() == before + 1  # the one that no backup holds
    assert f"{other.public_id} is not drawn yet" in told
    assert events(world.aozora.id, event=EVENT).get().subject == lost.public_id


def test_other_bytes_under_the_right_name_are_not_put_back(pair: list[Output], tmp_path: Path) -> None:
    lost, other = pair
    promise = next(p for p in promises(lost.tenant_id) if p.owner == lost.public_id and p.part == "output")
    backup = BackupFolder(tmp_path / "old")
    backup.write_bytes(f"objects/{lost.object_key}", objects.read(other.object_key))
    objects.delete(lost.object_key)
    assert put_back_copy(promise, [backup]) == ""
    assert not objects.exists(lost.object_key)


def test_a_copy_under_another_key_serves(pair: list[Output]) -> None:
    lost, _other = pair
    copy = {"copy": {"key": "tenants/copy.png", "sha256": lost.sha256, "mime": lost.mime}}
    ReferenceImage.objects.filter(pk=lost.generation.subject_reference_id).update(thumbnails=copy)
    objects.put("tenants/copy.png", objects.read(lost.object_key))
    promise = next(p for p in promises(lost.tenant_id) if p.owner == lost.public_id and p.part == "output")
    objects.delete(lost.object_key)
    assert put_back_copy(promise) == "tenants/copy.png"
    assert objects.get(lost.object_key, lost.sha256)


def test_a_folder_that_is_no_backup_is_named(pair: list[Output], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        said("redraw_lost", "--backup", str(tmp_path / "none"))


def test_a_file_that_nobody_names_is_a_stray_once_it_has_settled(pair: list[Output]) -> None:
    tenant_id = pair[0].tenant_id
    later = timezone.now() + SETTLED + timedelta(minutes=1)
    assert list(strays(tenant_id, later)) == []
    stray = f"tenants/{tenant_id}/outputs/nobody/1/output.png"
    objects.put(stray, b"left behind")
    objects.put(f"tenants/{tenant_id}/outputs/nobody/1/report.json", b"{}")
    assert list(strays(tenant_id)) == []  # it may be named yet
    assert list(strays(tenant_id, later)) == [stray, stray.replace("output.png", "report.json")]
    beside = f"{pair[0].object_key.rpartition('/')[0]}/report.json"
    objects.put(beside, b"{}")
    assert beside not in list(strays(tenant_id, later))


def test_another_companys_files_are_no_strays(world: World, pair: list[Output]) -> None:
    objects.put(f"tenants/{world.northwind.id}/outputs/theirs/1/output.png", b"theirs")
    later = timezone.now() + 2 * SETTLED
    assert list(strays(world.aozora.id, later)) == []


def test_a_sample_looks_at_so_many_and_finds_a_loss_sooner_or_later(pair: list[Output]) -> None:
    tenant_id = pair[0].tenant_id
    everything = sum(1 for _ in losses(tenant_id, digests=False))
    assert sum(1 for _ in losses(tenant_id, digests=False, sample=3)) == 3
    assert sum(1 for _ in losses(tenant_id, digests=False, sample=10_000)) == everything
    objects.delete(pair[0].object_key)
    rounds = (losses(tenant_id, digests=False, sample=3) for _ in range(200))
    assert any(loss is not None for looked in rounds for loss in looked)
    with pytest.raises(CommandError, match="--sample"):
        said("check_objects", "--sample", "-1")


def test_the_command_names_strays_without_failing(pair: list[Output], monkeypatch: pytest.MonkeyPatch) -> None:
    tenant_id = pair[0].tenant_id
    objects.put(f"tenants/{tenant_id}/evidence/nobody/document.pdf", b"left behind")
    monkeypatch.setattr("imprimatur.backup.strays.SETTLED", timedelta(0))
    lines = said("check_objects", "--strays", "--json").splitlines()
    assert {
        "tenant": str(tenant_id),
        "key": f"tenants/{tenant_id}/evidence/nobody/document.pdf",
        "problem": "stray",
    } in [json.loads(line) for line in lines]
