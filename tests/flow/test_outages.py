"""Database, broker and workers are away for a while and come back: every picture is drawn once, or says why not."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from imprimatur.audit.models import AuditEvent
from imprimatur.generations.models import Generation, Output
from imprimatur.tenants.scope import tenant_scope
from imprimatur_cli.client import ApiProblem, Client

from tests.factories import World
from tests.flow.line import Line, line_to
from tests.flow.stack import PATIENCE, Stack, left_report, state, until, until_state
from tests.imprimatur.generations.asked import ask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SLOW = {"TINY_STEP_SECONDS": "0.2"}
LEADS = "leading: this process dispatches and reaps"


@pytest.fixture
def line(committed_world: World) -> Iterator[Line]:
    with line_to(os.environ["IMPRIMATUR_DATABASE_URL"]) as line:
        yield line


@pytest.fixture
def broker(stack: Stack) -> Iterator[Path]:
    """Of the stack; a file in its place is taken away afterwards."""
    place = Path(settings.BROKER_FOLDER)
    yield place
    if place.is_file():
        place.unlink()
    place.mkdir(exist_ok=True)


def take_away(broker: Path) -> None:
    """A file where its folder was: nobody can send, fetch or make it again. Whoever writes there meanwhile makes it
    again at once, so it is moved aside until the file was quicker."""

    def is_away() -> bool:
        aside = broker.with_name(f"{broker.name}-{uuid.uuid4().hex}")
        with contextlib.suppress(FileNotFoundError):
            broker.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
        try:
            broker.open("x").close()
        except FileExistsError:
            return False
        return True

    until(is_away)


def recorded_once(world: World, row: Generation) -> bool:
    with tenant_scope(world.aozora.id):
        ended = AuditEvent.objects.filter(event="generation.ready", subject=row.public_id).count()
        return ended == Output.objects.filter(generation=row).count() == 1


def test_the_database_is_away_while_a_picture_is_drawn(stack: Stack, committed_world: World, line: Line) -> None:
    world = committed_world
    through = {"IMPRIMATUR_DATABASE_URL": line.url}
    control = stack.control(**through)
    stack.worker(**SLOW)
    (row,) = ask(world, dials={"steps": 40})
    until_state(world.aozora, row, "drawing")
    line.cut()
    until(lambda: control.said("leadership was lost"))
    line.mend()
    until(lambda: control.log.read_text(errors="replace").count(LEADS) == 2)
    until_state(world.aozora, row, "ready")
    assert recorded_once(world, row)
    (another,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, another, "ready")
    assert control.popen.poll() is None


def events_of(answer: httpx.Response, into: list[str]) -> None:
    into += [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: ")]


def test_the_database_is_started_again_under_an_open_page(stack: Stack, committed_world: World, line: Line) -> None:
    """The stream goes on, the session holds, and what is asked meanwhile is told to come back."""
    world = committed_world
    through = {"IMPRIMATUR_DATABASE_URL": line.url, "IMPRIMATUR_DATABASE_POOL": "2"}
    site = stack.web(DJANGO_SETTINGS_MODULE="tests.browser.settings", **through)
    stack.control()
    stack.worker(**SLOW)
    with Client(site, timeout=120) as person:
        person.sign_in(world.alice.email, world.password)
        (row,) = ask(world, dials={"steps": 40})
        until_state(world.aozora, row, "drawing")
        heard: list[str] = []
        with person._http.stream("GET", f"/jobs/{row.public_id}/events") as stream:
            reader = threading.Thread(target=events_of, args=(stream, heard))
            reader.start()
            until(lambda: heard, 60)
            line.cut()
            page = person._http.get("/jobs", headers={"Accept-Language": "ja"})
            with pytest.raises(ApiProblem) as refused:
                person.get("/generations")
            line.mend()
            reader.join(PATIENCE)
        assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
        assert "データベース" in page.text
        assert (refused.value.status, refused.value.code) == (503, "database_away")
        assert heard[-1] == "end"
        # A connection that the outage broke may still be handed out once: whoever comes back then gets the page.
        until(lambda: person._http.get("/jobs").status_code == 200, 60)
    assert recorded_once(world, until_state(world.aozora, row, "ready"))


def test_a_broker_that_is_away_when_everything_starts(stack: Stack, committed_world: World, broker: Path) -> None:
    world = committed_world
    take_away(broker)
    control, worker = stack.control(), stack.worker()
    (row,) = ask(world, dials={"steps": 4})
    for process in (control, worker):
        until(lambda process=process: process.said("Trying again"))
    broker.unlink()
    until_state(world.aozora, row, "ready")
    assert recorded_once(world, row)


def test_a_broker_that_goes_away_while_a_picture_is_drawn(stack: Stack, committed_world: World, broker: Path) -> None:
    world = committed_world
    control = stack.control()
    worker = stack.worker(**SLOW)
    (row,) = ask(world, dials={"steps": 40})
    until_state(world.aozora, row, "drawing")
    take_away(broker)
    until(lambda: worker.said("was not sent"))
    broker.unlink()
    until_state(world.aozora, row, "ready")
    assert recorded_once(world, row)
    (another,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, another, "ready")
    assert (control.popen.poll(), worker.popen.poll()) == (None, None)


def test_a_paused_worker_that_comes_back_is_too_late(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control()
    paused = stack.worker(**SLOW)
    (row,) = ask(world, dials={"steps": 100})
    until_state(world.aozora, row, "drawing")
    paused.popen.send_signal(signal.SIGSTOP)
    stack.worker()
    done = until_state(world.aozora, row, "ready")
    assert done.attempt > 1
    paused.popen.send_signal(signal.SIGCONT)
    folder = Path(settings.HOME) / f"objects/tenants/{world.aozora.id}/outputs/{row.pk}/1"
    until((folder / "report.json").exists)
    assert left_report(world.aozora, row, 1)["outcome"] in ("failed", "canceled")  # told to drop it, or not signed
    assert not list(folder.glob("*.png"))
    assert state(world.aozora, row).version == done.version
    assert recorded_once(world, row)
    (another,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, another, "ready")
