"""Live jobs: one event for each version that matters, nothing twice, and never another tenant's."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.utils import timezone
from imprimatur.generations import notify, services, stream
from imprimatur.generations.models import Generation
from imprimatur.tenants.models import Tenant
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.generations.asked import ask, dispatched, ended, progress


@pytest.fixture(autouse=True)
def fresh_listener() -> Iterator[None]:
    """Each test has the process's listener to itself, and leaves none behind."""
    yield
    if stream._listener is not None:
        stream._listener.stop()
        stream._listener.join(10)
        stream._listener = None


def read_until_end(
    tenant: Tenant, row: Generation, *, last: str = "", during: Callable[[], None]
) -> list[dict[str, Any]]:
    """Every event of a stream; `during` runs in a thread once the first one came."""

    async def read() -> list[dict[str, Any]]:
        events = stream.events(tenant.id, row.id, last_event_id=last)
        found: list[dict[str, Any]] = []
        started = False
        async for event in parsed(events):
            found.append(event)
            if not started:
                started = True
                threading.Thread(target=during).start()
        return found

    return asyncio.run(asyncio.wait_for(read(), 60))


async def parsed(chunks: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    async for chunk in chunks:
        lines = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if not line.startswith(":"))
        if "event" in lines:
            yield {"event": lines["event"], "id": lines["id"], "data": json.loads(lines["data"])}


def draw(world: World, row: Generation, steps: int = 3) -> None:
    """What a worker would make of it, up to a failure."""
    from django.db import connections

    order = dispatched(world, row)
    services.record_progress(progress(order))
    for step in range(steps):
        services.record_progress(progress(order, "drawing", step))
    services.record_report(ended(order, "failed", "not_finite"))
    connections.close_all()


def test_a_stream_tells_the_life_of_a_job_and_ends_with_it(committed_world: World) -> None:
    world = committed_world
    (row,) = ask(world)
    events = read_until_end(world.aozora, row, during=lambda: draw(world, row))
    assert [e["event"] for e in events][-2:] == ["snapshot", "end"]
    ids = [int(e["id"]) for e in events[:-1]]
    assert ids == sorted(set(ids))
    assert events[0]["data"]["state"] == "queued"
    assert events[-1]["data"]["state"] == "failed"
    assert "Try another seed" in events[-1]["data"]["error"]


def test_who_comes_back_is_told_only_what_they_missed(committed_world: World) -> None:
    world = committed_world
    (row,) = ask(world)
    draw(world, row)
    everything = read_until_end(world.aozora, row, during=lambda: None)
    again = read_until_end(world.aozora, row, last=everything[-1]["id"], during=lambda: None)
    assert [e["event"] for e in everything] == ["snapshot", "end"]
    assert [e["event"] for e in again] == ["end"]


def test_another_tenants_job_has_no_stream(committed_world: World) -> None:
    world = committed_world
    (row,) = ask(world)
    assert read_until_end(world.northwind, row, during=lambda: None) == []


def test_a_stream_goes_on_when_the_listening_connection_dies(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = committed_world
    monkeypatch.setattr(stream, "POLL", 0.1)

    def refuse() -> Any:
        raise OSError("the database takes no more connections")

    monkeypatch.setattr(notify, "listening_connection", refuse)
    (row,) = ask(world)
    events = read_until_end(world.aozora, row, during=lambda: draw(world, row))
    assert events[-1]["data"]["state"] == "failed"


def test_all_streams_of_a_process_share_one_listening_connection(committed_world: World) -> None:
    world = committed_world
    rows = ask(world, count=3)

    async def three() -> None:
        streams = [stream.events(world.aozora.id, row.id) for row in rows]
        for events in streams:
            await anext(events)
            await anext(events)
        with notify.listening_connection() as session:
            query = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN imprimatur_generation%%'"
            assert session.execute(query).fetchone() == (1,)
        for events in streams:
            await events.aclose()  # type: ignore[attr-defined]

    asyncio.run(three())
    assert stream.listener()._waiting == {}


def test_a_changed_row_is_told_by_ids_alone_and_at_most_twice_a_second(committed_world: World) -> None:
    world = committed_world
    (row,) = ask(world)
    order = dispatched(world, row)
    start, tenth = timezone.now(), timedelta(seconds=0.1)
    with notify.listening_connection() as session:
        session.execute(f"LISTEN {notify.GENERATION_CHANNEL}")
        for number, said in enumerate([progress(order), *(progress(order, "drawing", step) for step in range(20))]):
            with mock.patch("django.utils.timezone.now", return_value=start + number * tenth):
                services.record_progress(said)
        told = 2 + 3  # two changes of state, and what two seconds of quick steps leave of two a second
        heard = [*session.notifies(timeout=60, stop_after=told), *session.notifies(timeout=1)]
    assert [event.payload for event in heard] == [f"{world.aozora.id} {row.id}"] * told
    with tenant_scope(world.aozora.id):
        assert Generation.objects.get(pk=row.pk).step == 19


def test_every_line_of_a_rendered_snapshot_is_a_data_line() -> None:
    assert stream.frame("snapshot", "<p>\n</p>", "7") == b"id: 7\nevent: snapshot\ndata: <p>\ndata: </p>\n\n"


def test_payloads_name_both_ids() -> None:
    tenant, row = uuid.uuid4(), uuid.uuid4()
    assert notify.payload(tenant, row) == f"{tenant} {row}"
