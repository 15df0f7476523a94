"""The thread that tells: it leads under its own lock, and nobody waits for an endpoint that is slow."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from imprimatur.audit.services import record
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import log, services
from imprimatur.webhooks.addresses import PRIVATE
from imprimatur.webhooks.leader import Teller
from imprimatur.webhooks.sending import post

from tests.factories import World
from tests.imprimatur.webhooks.receiver import Receiver, receiver


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(PRIVATE, "localhost")
    with receiver() as place:
        yield place


@pytest.fixture
def teller(committed_world: World) -> Iterator[Teller]:
    teller = Teller()
    yield teller
    teller.stop()
    teller.join(60)
    assert not teller.is_alive()


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_it_tells_what_was_said_before_it_led_and_afterwards(
    committed_world: World, teller: Teller, place: Receiver
) -> None:
    world = committed_world
    with tenant_scope(world.aozora.id):
        services.add(world.actor(world.olive), place.url, ["release.*"])
        record(world.aozora.id, "user:1", "release.published", "rel_1")
    teller.start()
    until(lambda: len(place.told) == 1)
    with tenant_scope(world.aozora.id):
        record(world.aozora.id, "user:1", "release.withdrawn", "rel_1")
    until(lambda: len(place.told) == 2)
    assert [told["type"] for told in place.told] == ["release.published", "release.withdrawn"]


def test_nobody_waits_for_an_endpoint_that_says_nothing(
    committed_world: World, teller: Teller, place: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = committed_world
    monkeypatch.setattr(log, "post", partial(post, patience=3600.0))
    with socket.create_server(("127.0.0.1", 0)) as silent, tenant_scope(world.aozora.id):
        owner = world.actor(world.olive)
        services.add(owner, f"http://localhost:{silent.getsockname()[1]}/", ["release.*"])
        services.add(owner, place.url, ["release.*"])
        record(world.aozora.id, "user:1", "release.published", "rel_1")
        listener = silent.dup()
    with listener:
        teller.start()
        until(lambda: len(place.told) == 1)


def test_what_somebody_asks_for_goes_out_while_nothing_else_does(
    committed_world: World, teller: Teller, place: Receiver
) -> None:
    world = committed_world
    with tenant_scope(world.aozora.id):
        owner = world.actor(world.olive)
        row = services.pause(owner, services.add(owner, place.url, ["release.*"]))
        record(world.aozora.id, "user:1", "release.published", "rel_1")
        services.test(owner, row)
    teller.start()
    until(lambda: len(place.told) == 1)
    assert [told["type"] for told in place.told] == ["webhook.test"]
