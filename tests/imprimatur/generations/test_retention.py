"""What helps for a while only is cleared away when it has had its time, and not before."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone
from imprimatur import objects
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.services import record
from imprimatur.generations import retention, services
from imprimatur.generations.clock import database_now
from imprimatur.generations.models import WorkerSeen
from imprimatur.generations.retention import Kept, clear_everywhere
from imprimatur.tenants.models import IdempotentAnswer
from imprimatur.tenants.scope import tenant_scope

from gpu_worker.messages import CONTROL_QUEUE, WorkerHello
from tests.factories import World
from tests.imprimatur.drawn import drawn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FOR_EVER = Kept(workers=None, messages=None, mail=None, checkpoints=None)


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> Iterator[None]:
    """No other test's messages and mails."""
    settings.BROKER_FOLDER = tmp_path / "broker"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    for folder in (tmp_path / "broker" / "messages", tmp_path / "mail"):
        folder.mkdir(parents=True)
    yield


def answered(world: World, key: str, age: timedelta) -> None:
    """An answer that was given to a machine so long ago."""
    with tenant_scope(world.aozora.id):
        answer = IdempotentAnswer.objects.create(
            tenant_id=world.aozora.id, actor="key:1", key=key, request_digest="0" * 64, status=201, body={}
        )
        IdempotentAnswer.objects.filter(pk=answer.pk).update(created_at=timezone.now() - age)


def laid(path: Path, age: timedelta) -> Path:
    """A file that was written so long ago."""
    path.write_text("{}")
    then = time.time() - age.total_seconds()
    os.utime(path, (then, then))
    return path


def test_answers_go_after_the_day_they_were_promised_for_and_the_trail_says_so(world: World) -> None:
    answered(world, "old", 25 * HOUR)
    answered(world, "young", 23 * HOUR)
    assert clear_everywhere(FOR_EVER)["idempotent_answers"] == 1
    with tenant_scope(world.aozora.id):
        assert [answer.key for answer in IdempotentAnswer.objects.all()] == ["young"]
        (event,) = AuditEvent.objects.filter(event=retention.EVENT)
        assert json.loads(event.payload) == {"idempotent_answers": 1}
    assert clear_everywhere(FOR_EVER)["idempotent_answers"] == 0
    with tenant_scope(world.aozora.id):
        assert AuditEvent.objects.filter(event=retention.EVENT).count() == 1


def test_the_trail_is_never_shortened(world: World) -> None:
    with tenant_scope(world.aozora.id):
        record(world.aozora.id, "user:1", "reference.added", "ref_1")
        before = AuditEvent.objects.count()
    clear_everywhere(Kept(workers=timedelta(0), messages=timedelta(0), mail=timedelta(0), checkpoints=timedelta(0)))
    with tenant_scope(world.aozora.id):
        assert AuditEvent.objects.count() == before


def test_sessions_go_when_they_have_run_out(world: World) -> None:
    for key, ends in (("over", -HOUR), ("lasts", HOUR)):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + ends)
    clear_everywhere(FOR_EVER)
    assert set(Session.objects.filter(session_key__in=["over", "lasts"]).values_list("session_key", flat=True)) == {
        "lasts"
    }


def test_workers_that_are_gone_for_long_are_forgotten(world: World) -> None:
    for name, age in (("gone", 8 * DAY), ("back soon", 6 * DAY)):
        services.record_hello(WorkerHello(worker=name, profiles=["studio"], slots=1))
        WorkerSeen.objects.filter(name=name).update(seen_at=database_now() - age)
    assert clear_everywhere(Kept(workers=7 * DAY, messages=None, mail=None, checkpoints=None))["workers"] == 1
    assert WorkerSeen.objects.get().name == "back soon"


def test_messages_that_nobody_fetched_go_and_those_for_us_stay(world: World, tmp_path: Path) -> None:
    messages = tmp_path / "broker" / "messages"
    old = laid(messages / "1_a.render.gone.msg", 2 * HOUR)
    taken = laid(messages / ".1_b.render.studio.msg.4711", 2 * HOUR)  # its process was killed before it read it
    half = laid(messages / ".c.part", 2 * HOUR)
    young = laid(messages / "2_d.render.studio.msg", HOUR / 2)
    report = laid(messages / f"1_e.{CONTROL_QUEUE}.msg", 2 * HOUR)
    assert clear_everywhere(Kept(workers=None, messages=HOUR, mail=None, checkpoints=None))["messages"] == 3
    assert not old.exists() and not taken.exists() and not half.exists()
    assert young.exists() and report.exists()


def test_mails_that_went_nowhere_go(world: World, tmp_path: Path) -> None:
    old, young = (laid(tmp_path / "mail" / f"{age.days}.log", age) for age in (31 * DAY, 29 * DAY))
    assert clear_everywhere(Kept(workers=None, messages=None, mail=30 * DAY, checkpoints=None))["mails"] == 1
    assert young.exists() and not old.exists()


def test_a_folder_that_is_not_there_holds_nothing(world: World, settings: Any, tmp_path: Path) -> None:
    settings.BROKER_FOLDER, settings.EMAIL_FILE_PATH = tmp_path / "never", tmp_path / "neither"
    cleared = clear_everywhere(Kept(workers=None, messages=HOUR, mail=DAY, checkpoints=None))
    assert (cleared["messages"], cleared["mails"]) == (0, 0)


@pytest.mark.parametrize("text", ["soon", "-1", "nan", "inf"])
def test_nonsense_clears_nothing_and_says_which_variable(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    answered(world, "old", 25 * HOUR)
    monkeypatch.setenv("IMPRIMATUR_KEEP_MAIL_DAYS", text)
    assert clear_everywhere() == {}
    assert "IMPRIMATUR_KEEP_MAIL_DAYS" in caplog.text
    with pytest.raises(CommandError, match="IMPRIMATUR_KEEP_MAIL_DAYS"):
        call_command("clean_up", stdout=io.StringIO())
    with tenant_scope(world.aozora.id):
        assert IdempotentAnswer.objects.count() == 1


def test_nothing_said_is_the_documented_times_and_0_is_for_ever() -> None:
    assert Kept.from_environment({}) == Kept(workers=7 * DAY, messages=HOUR, mail=30 * DAY, checkpoints=30 * DAY)
    nothing = dict.fromkeys(retention._DEFAULTS, "0")
    assert Kept.from_environment(nothing) == FOR_EVER


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("clean_up", *arguments, stdout=out)
    return out.getvalue()


def age(key: str, by: timedelta) -> None:
    path = Path(objects._store().path(key))
    then = time.time() - by.total_seconds()
    os.utime(path, (then, then))


def test_stray_files_go_on_request_alone_and_the_trail_knows_how_many(world: World) -> None:
    with tenant_scope(world.aozora.id):
        (output,) = drawn(world)
    folder = f"tenants/{world.aozora.id}/outputs/{output.generation_id}/9"
    for name, days in (("old.png", 10), ("young.png", 2)):
        objects.put(f"{folder}/{name}", b"left behind")
        age(f"{folder}/{name}", days * DAY)
    assert "stray" not in said()
    assert f"stray: {folder}/old.png" in said("--strays", "7", "--tenant", "aozora", "--dry-run")
    assert objects.exists(f"{folder}/old.png")
    said("--strays", "7", "--tenant", "aozora")
    assert not objects.exists(f"{folder}/old.png")
    assert objects.exists(f"{folder}/young.png")
    assert objects.get(output.object_key, output.sha256)
    with tenant_scope(world.aozora.id):
        (event,) = AuditEvent.objects.filter(event="retention.strays_deleted")
        assert json.loads(event.payload)["files"] == 1


@pytest.mark.parametrize("arguments", [("--strays", "0"), ("--dry-run",), ("--strays", "-3", "--dry-run")])
def test_a_request_that_makes_no_sense_is_refused(world: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        said(*arguments)
