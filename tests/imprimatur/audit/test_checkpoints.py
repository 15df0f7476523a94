"""The database's owner touches the trail, and checkpoints, one delivered picture or an exported package tell it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import translation
from imprimatur import keys, objects
from imprimatur.audit import checkpoints, exports
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.selectors import alarm, examined, verify
from imprimatur.audit.services import head, record, verify_whole
from imprimatur.embedded.database import Addresses
from imprimatur.generations.checkpointing import checkpoint_everywhere
from imprimatur.rights import mails
from imprimatur.tenants.scope import tenant_scope

from governance.checkpoint import read_checkpoint
from governance.errors import LedgerBroken
from governance.ledger import GENESIS
from governance.trail import of_checkpoint
from governance.trail_package import check_package, of_picture
from tests.factories import World
from tests.imprimatur.drawn import drawn

# Every hash computed anew, in the format that `governance.ledger` publishes.
REHASH = """
DO $$ DECLARE r record; before text := repeat('0', 64); n bigint := 0; BEGIN
    FOR r IN SELECT * FROM audit_auditevent WHERE tenant_id = '{tenant}' ORDER BY seq LOOP
        n := n + 1;
        UPDATE audit_auditevent SET seq = n, prev_hash = before, hash = encode(sha256(convert_to(
            before || '|' || n || '|' || tenant_id || '|'
            || to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '|'
            || actor || '|' || event || '|' || payload, 'UTF8')), 'hex')
        WHERE id = r.id RETURNING hash INTO before;
    END LOOP;
END $$
"""


@pytest.fixture(autouse=True)
def own_place(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Two places for checkpoints that no other test writes to."""
    places = {f"checkpoints-{n}": tmp_path / f"place{n}" for n in (0, 1)}
    backend = "imprimatur.objects.FolderStorage"
    options = {alias: {"BACKEND": backend, "OPTIONS": {"url": p.as_uri()}} for alias, p in places.items()}
    kept = {k: v for k, v in settings.STORAGES.items() if not k.startswith("checkpoints-")}
    settings.STORAGES = kept | options
    yield tmp_path
    assert storages


def some_rows(world: World, count: int = 4) -> uuid.UUID:
    with tenant_scope(world.aozora.id):
        for number in range(count):
            record(world.aozora.id, "user:1", "reference.added", f"ref_{number}", {"n": number})
    return world.aozora.id


def touch(addresses: Addresses, tenant_id: uuid.UUID, *statements: str) -> None:
    """As the owner of the tables, who may switch triggers off."""
    with psycopg.connect(addresses.owner) as owner:
        owner.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        owner.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant_id)])
        for statement in statements:
            owner.execute(statement.format(tenant=tenant_id).encode())
        owner.execute("ALTER TABLE audit_auditevent ENABLE TRIGGER USER")


def taken(tenant_id: uuid.UUID) -> checkpoints.Checkpoint | None:
    with tenant_scope(tenant_id):
        return checkpoints.take(tenant_id)


def faults(tenant_id: uuid.UUID, *witnesses: Any) -> list[str]:
    with tenant_scope(tenant_id):
        newest = checkpoints.newest(tenant_id)
        heard = [of_checkpoint(newest)] if newest else []
        return [fault.code for fault in examined(tenant_id, [*heard, *witnesses]).faults]


def test_a_checkpoint_is_taken_when_the_trail_has_grown_and_kept_in_every_place(
    committed_world: World, own_place: Path
) -> None:
    tenant_id = some_rows(committed_world)
    first = taken(tenant_id)
    assert first is not None
    assert taken(tenant_id) is None
    some_rows(committed_world, 1)
    second = taken(tenant_id)
    assert second is not None
    assert (second.seq, second.previous) == (first.seq + 1, first.digest())
    for place in ("place0", "place1"):
        kept = sorted((own_place / place / str(tenant_id)).iterdir())
        assert [read_checkpoint(p.read_bytes(), checkpoints.public_keys()) for p in kept] == [first, second]
        assert [p.stat().st_mode & 0o077 for p in kept] == [0, 0]


def test_every_company_is_noted_and_one_that_was_touched_gets_none(
    committed_world: World, addresses: Addresses, caplog: pytest.LogCaptureFixture
) -> None:
    tenant_id = some_rows(committed_world)
    with tenant_scope(committed_world.northwind.id):
        record(committed_world.northwind.id, "system", "reference.added", "", {})
    assert checkpoint_everywhere() == 2
    touch(addresses, tenant_id, "DELETE FROM audit_auditevent WHERE seq = (SELECT max(seq) FROM audit_auditevent)")
    some_rows(committed_world, 2)
    with tenant_scope(committed_world.northwind.id):
        record(committed_world.northwind.id, "system", "reference.added", "", {})
    assert checkpoint_everywhere() == 1
    assert "THE AUDIT TRAIL WAS TOUCHED" in caplog.text
    with pytest.raises(LedgerBroken):
        taken(tenant_id)


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 2"], "edited"),
        (["DELETE FROM audit_auditevent WHERE seq = 2"], "missing"),
        (
            [
                "UPDATE audit_auditevent SET seq = -2 WHERE seq = 2",
                "UPDATE audit_auditevent SET seq = 2 WHERE seq = 3",
                "UPDATE audit_auditevent SET seq = 3 WHERE seq = -2",
            ],
            "reordered",
        ),
        (["DELETE FROM audit_auditevent WHERE seq > 3"], "cut"),
        (["UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 2", REHASH], "rewritten"),
        (["DELETE FROM audit_auditevent WHERE seq = 2", REHASH], "cut"),
    ],
    ids=["edit", "deletion", "reordering", "cut tail", "edit and rehash", "deletion and rehash"],
)
def test_what_the_owner_does_is_found(
    committed_world: World, addresses: Addresses, statements: list[str], found: str
) -> None:
    tenant_id = some_rows(committed_world)
    assert taken(tenant_id) is not None
    assert faults(tenant_id) == []
    touch(addresses, tenant_id, *statements)
    assert found in faults(tenant_id)
    with tenant_scope(tenant_id):
        assert not verify(tenant_id).intact
    with pytest.raises(CommandError, match="touched"):
        call_command("audit_verify", stdout=io.StringIO())


def test_one_delivered_picture_finds_a_cut_tail_without_any_checkpoint(
    committed_world: World, addresses: Addresses
) -> None:
    tenant_id = committed_world.aozora.id
    (output,) = drawn(committed_world)
    with tenant_scope(tenant_id):
        picture = objects.get(output.object_key, output.sha256)
    witness = of_picture("delivered.png", picture, keys.trust_anchors())
    assert witness.hash != GENESIS
    some_rows(committed_world, 1)
    assert faults(tenant_id, witness) == []
    with tenant_scope(tenant_id):
        seen = AuditEvent.objects.get(hash=witness.hash).seq
    touch(addresses, tenant_id, f"DELETE FROM audit_auditevent WHERE seq >= {seen}")  # noqa: S608 - a number
    with tenant_scope(tenant_id):
        assert verify(tenant_id).intact  # the chain alone sees nothing
    assert faults(tenant_id, witness) == ["unknown"]


def test_the_command_takes_a_checkpoint_and_a_picture_by_hand(
    committed_world: World, addresses: Addresses, own_place: Path, tmp_path: Path
) -> None:
    tenant_id = committed_world.aozora.id
    (output,) = drawn(committed_world)
    with tenant_scope(tenant_id):
        (tmp_path / "out.png").write_bytes(objects.get(output.object_key, output.sha256))
    assert taken(tenant_id) is not None
    (kept,) = (own_place / "place0" / str(tenant_id)).iterdir()
    (tmp_path / "kept.json").write_bytes(kept.read_bytes())
    given = ["--tenant", "aozora", "--json"]
    given += ["--checkpoint", str(tmp_path / "kept.json"), "--picture", str(tmp_path / "out.png")]
    out = io.StringIO()
    call_command("audit_verify", *given, stdout=out)
    said = json.loads(out.getvalue())
    assert (said["intact"], said["witnesses"], said["tenant"]) == (True, 3, str(tenant_id))
    for place in ("place0", "place1"):  # whoever cuts the trail takes the checkpoints along
        for file in (own_place / place / str(tenant_id)).iterdir():
            file.unlink()
    touch(addresses, tenant_id, "DELETE FROM audit_auditevent WHERE seq > 3")
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("audit_verify", *given, stdout=out)
    assert {f["code"] for f in json.loads(out.getvalue())["faults"]} == {"cut", "unknown"}


def test_a_forged_checkpoint_is_passed_over(committed_world: World, own_place: Path) -> None:
    tenant_id = some_rows(committed_world)
    first = taken(tenant_id)
    assert first is not None
    forged = own_place / "place0" / str(tenant_id) / f"{first.seq + 100:012d}.json"
    forged.write_text('{"checkpoint": {}, "key": "x", "signature": ""}')
    with tenant_scope(tenant_id):
        assert checkpoints.newest(tenant_id) == first


@pytest.mark.parametrize("whose", ["an older one", "another company's"])
def test_a_copy_in_another_place_hides_no_newer_one(committed_world: World, own_place: Path, whose: str) -> None:
    tenant_id, other = some_rows(committed_world), committed_world.northwind.id
    older = taken(tenant_id)
    some_rows(committed_world)
    newest = taken(tenant_id)
    with tenant_scope(other):
        record(other, "system", "reference.added", "", {})
    foreign = taken(other)
    assert older and newest and foreign
    for place in ("place0", "place1"):  # whoever may add to a place, and not delete
        owner, seq = (tenant_id, older.seq) if whose == "an older one" else (other, foreign.seq)
        copy = (own_place / place / str(owner) / f"{seq:012d}.json").read_bytes()
        (own_place / place / str(tenant_id) / f"{10**11:012d}.json").write_bytes(copy)
    with tenant_scope(tenant_id):
        assert checkpoints.newest(tenant_id) == newest
    some_rows(committed_world, 1)
    assert taken(tenant_id) is not None


def test_a_strange_name_in_a_place_does_not_reach_the_package(committed_world: World, own_place: Path) -> None:
    tenant_id = some_rows(committed_world)
    assert taken(tenant_id) is not None
    for name in ("..\\..\\000000000009.json", "evil.json", "1.json"):
        (own_place / "place0" / str(tenant_id) / name).write_text("{}")
    with zipfile.ZipFile(io.BytesIO(package(tenant_id))) as archive:
        kept = [n for n in archive.namelist() if n.startswith("checkpoints")]
    assert len(kept) == 1
    assert not any("\\" in name or ".." in name for name in kept)


def test_a_place_that_cannot_be_written_keeps_no_other_from_its_copy(committed_world: World, own_place: Path) -> None:
    tenant_id = some_rows(committed_world)
    (own_place / "place0").write_text("a file where the folder should be")
    assert taken(tenant_id) is not None
    assert len(list((own_place / "place1" / str(tenant_id)).iterdir())) == 1


def package(tenant_id: uuid.UUID) -> bytes:
    out = io.BytesIO()
    with tenant_scope(tenant_id):
        exports.package_of(tenant_id, out)
    return out.getvalue()


def test_a_package_is_checked_with_nothing_but_python(
    committed_world: World, addresses: Addresses, tmp_path: Path
) -> None:
    tenant_id = some_rows(committed_world)
    assert taken(tenant_id) is not None
    good = checked(package(tenant_id), tmp_path / "good")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "1 checkpoints agree; the signatures of 1 were checked" in good.stdout
    touch(addresses, tenant_id, "UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 2", REHASH)
    bad = checked(package(tenant_id), tmp_path / "bad")
    assert bad.returncode == 1
    assert "cut or written anew" in bad.stdout


def checked(data: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    """As an auditor does it: unpacked elsewhere, a bare Python."""
    zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_package_is_read_by_the_library_too(committed_world: World, addresses: Addresses) -> None:
    tenant_id = some_rows(committed_world)
    assert taken(tenant_id) is not None
    with tenant_scope(tenant_id):
        end = head(tenant_id)
    report = check_package(io.BytesIO(package(tenant_id)), keys=checkpoints.public_keys())
    assert (report.intact, report.head, report.witnesses) == (True, end, 1)
    touch(addresses, tenant_id, "DELETE FROM audit_auditevent WHERE seq > 3")
    report = check_package(io.BytesIO(package(tenant_id)), keys=checkpoints.public_keys())
    assert [f.code for f in report.faults] == ["cut"]
    with pytest.raises(LedgerBroken):
        check_package(io.BytesIO(b"no zip"))


@pytest.mark.django_db
def test_the_table_opens_in_japanese_excel(world: World) -> None:
    tenant_id = some_rows(world)
    out = io.BytesIO()
    with tenant_scope(tenant_id), translation.override("ja"):
        exports.csv_of(tenant_id, out)
    data = out.getvalue()
    assert data.startswith("\ufeff".encode())
    heading, *rows = data.decode("utf-8-sig").splitlines()
    assert len(heading.split(",")) == len(exports.COLUMNS)
    assert len(rows) >= 4


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "jsonl", "zip"])
def test_auditors_download_and_the_trail_says_so(world: World, kind: str) -> None:
    some_rows(world)
    for address in (f"/audit/export.{kind}", f"/api/v1/audit-events.{kind}"):
        answer = world.client(world.ada).get(address)
        assert answer.status_code == 200
        assert answer["Content-Disposition"].endswith(f'.{kind}"')
        assert len(b"".join(answer.streaming_content)) > 100
        assert world.client(world.alice).get(address).status_code == 403
    with tenant_scope(world.aozora.id):
        exported = AuditEvent.objects.filter(event="audit.exported")
        assert [json.loads(e.payload)["format"] for e in exported] == [kind, kind]


@pytest.mark.django_db
def test_another_kind_is_not_found(world: World) -> None:
    assert world.client(world.ada).get("/audit/export.exe").status_code == 404


def told_owners(world: World) -> list[str]:
    mails.send_due()
    return [message.to[0] for message in mail.outbox if "trail was touched" in message.subject]


def test_owners_and_whoever_runs_the_server_hear_of_a_touched_trail_once(
    committed_world: World, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mails.OPERATORS, "ops@example.org")
    world, tenant_id = committed_world, some_rows(committed_world)
    checkpoint_everywhere()
    assert told_owners(world) == []
    touch(addresses, tenant_id, "DELETE FROM audit_auditevent WHERE seq = (SELECT max(seq) FROM audit_auditevent)")
    some_rows(world, 2)
    for _ in range(3):
        checkpoint_everywhere()
    assert told_owners(world) == [world.olive.email, "ops@example.org"]
    for reader, sees in ((world.olive, True), (world.ada, True), (world.alice, False), (world.charlie, False)):
        assert ("The audit trail was touched" in world.client(reader).get("/").content.decode()) is sees


def test_what_a_whole_check_finds_is_told_too_until_one_finds_nothing(
    committed_world: World, addresses: Addresses
) -> None:
    """An edit before the newest checkpoint is not seen when the next one is taken."""
    world, tenant_id = committed_world, some_rows(committed_world)
    checkpoint_everywhere()
    with tenant_scope(tenant_id):
        before = AuditEvent.objects.get(tenant_id=tenant_id, seq=2).actor
    touch(addresses, tenant_id, "UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 2")
    some_rows(world, 1)
    checkpoint_everywhere()
    assert told_owners(world) == []
    assert not check_whole(tenant_id)
    for _ in range(2):
        checkpoint_everywhere()
    assert told_owners(world) == [world.olive.email]
    with tenant_scope(tenant_id):
        assert alarm(tenant_id) is not None
    touch(addresses, tenant_id, f"UPDATE audit_auditevent SET actor = '{before}' WHERE seq = 2")  # noqa: S608 - ours
    assert check_whole(tenant_id)
    checkpoint_everywhere()
    with tenant_scope(tenant_id):
        assert alarm(tenant_id) is None
    assert len(told_owners(world)) == 1


def check_whole(tenant_id: uuid.UUID) -> bool:
    with tenant_scope(tenant_id):
        return verify_whole(tenant_id, "user:1").intact
