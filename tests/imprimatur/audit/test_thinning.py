"""Old checkpoints are thinned out to one a day, and what is left finds everything that all of them found."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imprimatur.audit import checkpoints
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.selectors import verify
from imprimatur.audit.services import record
from imprimatur.audit.thinning import EXPORTED, thin
from imprimatur.generations import retention
from imprimatur.generations.retention import Kept, clear_everywhere
from imprimatur.tenants.scope import tenant_scope

from governance.checkpoint import Checkpoint, sign_checkpoint
from tests.factories import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 3, 1, 1, tzinfo=UTC)
PLACES = ("checkpoints-0", "checkpoints-1")


@pytest.fixture(autouse=True)
def own_places(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Two that no other test writes to."""
    backend = "imprimatur.objects.FolderStorage"
    places = {a: {"BACKEND": backend, "OPTIONS": {"url": (tmp_path / a).as_uri()}} for a in PLACES}
    others = {k: v for k, v in settings.STORAGES.items() if not k.startswith("checkpoints-")}
    settings.STORAGES = others | places
    yield tmp_path


def taken(tenant_id: uuid.UUID, moment: datetime, event: str = "reference.added") -> Checkpoint:
    """A checkpoint of that moment, of a trail with one more row."""
    with tenant_scope(tenant_id):
        record(tenant_id, "user:1", event, "")
        found = checkpoints.take(tenant_id, moment)
    assert found is not None
    return found


def three_days(tenant_id: uuid.UUID) -> list[Checkpoint]:
    """Four each day; before the sixth an export."""
    moments = [BEGIN + day * DAY + hour * HOUR for day in range(3) for hour in (0, 1, 2, 3)]
    return [taken(tenant_id, moment, EXPORTED if n == 5 else "reference.added") for n, moment in enumerate(moments)]


def left(folder: Path, tenant_id: uuid.UUID) -> list[set[int]]:
    """The rows that the checkpoints in each place name."""
    return [{int(path.stem) for path in (folder / place / str(tenant_id)).glob("*.json")} for place in PLACES]


def test_first_newest_one_a_day_and_the_end_of_an_export_are_kept(committed_world: World, own_places: Path) -> None:
    tenant_id = committed_world.aozora.id
    seqs = [checkpoint.seq for checkpoint in three_days(tenant_id)]
    with tenant_scope(tenant_id):
        assert thin(tenant_id, BEGIN + 2 * DAY + HOUR) == 5
    kept = {seqs[n] for n in (0, 3, 4, 7, 9, 10, 11)}  # 4: the newest when the export was made
    assert left(own_places, tenant_id) == [kept, kept]
    with tenant_scope(tenant_id):
        assert thin(tenant_id, BEGIN + 2 * DAY + HOUR) == 0
        assert verify(tenant_id).intact


def test_the_hourly_clearing_does_it_and_the_trail_says_so(committed_world: World, own_places: Path) -> None:
    tenant_id = committed_world.aozora.id
    three_days(tenant_id)
    none = Kept(workers=None, messages=None, mail=None, checkpoints=None)
    assert "checkpoints" not in clear_everywhere(none)
    kept = Kept(workers=None, messages=None, mail=None, checkpoints=timedelta(0))
    assert [clear_everywhere(kept)["checkpoints"] for _ in range(2)] == [7, 0]
    with tenant_scope(tenant_id):
        (event,) = AuditEvent.objects.filter(event=retention.EVENT)
        assert event.payload == '{"checkpoints":7}'


def test_no_witness_of_a_touched_trail_goes_and_no_file_that_is_none(
    committed_world: World, own_places: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tenant_id = committed_world.aozora.id
    found = three_days(tenant_id)
    forged = own_places / PLACES[0] / str(tenant_id) / f"{found[1].seq:012d}.json"
    forged.write_bytes(b"{}")
    with tenant_scope(tenant_id):
        thin(tenant_id, BEGIN + 9 * DAY)
    assert forged.read_bytes() == b"{}"
    before = left(own_places, tenant_id)
    lying = sign_checkpoint(
        Checkpoint(tenant_id=tenant_id, seq=found[2].seq, head="0" * 64, taken_at=found[2].taken_at),
        checkpoints._private_key(),
    )
    for place in PLACES:
        (own_places / place / str(tenant_id) / f"{found[2].seq:012d}.json").write_bytes(lying)
    with tenant_scope(tenant_id):
        assert thin(tenant_id, BEGIN + 9 * DAY) == 0
    assert left(own_places, tenant_id) == [seqs | {found[2].seq} for seqs in before]
    assert "THE AUDIT TRAIL WAS TOUCHED" in caplog.text


def test_a_place_that_lets_nothing_be_deleted_keeps_all_and_no_other_from_its_turn(
    committed_world: World, own_places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id = committed_world.aozora.id
    all_of_them = {checkpoint.seq for checkpoint in three_days(tenant_id)}
    locked = checkpoints.places()[0]

    def refuse(_name: str) -> None:
        raise OSError("locked")

    monkeypatch.setattr(locked, "delete", refuse)
    with tenant_scope(tenant_id):
        assert thin(tenant_id, BEGIN + 9 * DAY) == 7
    first, second = left(own_places, tenant_id)
    assert first == all_of_them and len(second) == 5
