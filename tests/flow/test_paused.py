"""A control worker that leads is paused and comes back: another leads meanwhile, and nothing is done twice."""

from __future__ import annotations

import signal

import pytest
from imprimatur.audit.models import AuditEvent
from imprimatur.generations.models import Generation, Output
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.flow.stack import Process, Stack, until, until_state
from tests.imprimatur.generations.asked import ask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LEADS = "leading: this process dispatches and reaps"


def pause(process: Process) -> None:
    process.popen.send_signal(signal.SIGSTOP)


def go_on(process: Process) -> None:
    process.popen.send_signal(signal.SIGCONT)


def said_once(world: World, rows: list[Generation], event: str) -> bool:
    with tenant_scope(world.aozora.id):
        told = AuditEvent.objects.filter(event=event).values_list("subject", flat=True)
        return sorted(told) == sorted(row.public_id for row in rows)


def test_a_paused_leader_is_replaced_and_does_nothing_twice_when_it_comes_back(
    stack: Stack, committed_world: World
) -> None:
    world = committed_world
    first = stack.control()
    until(lambda: first.said(LEADS))
    second = stack.control()
    until(lambda: second.said("ready."))
    stack.worker(TINY_STEP_SECONDS="0.1")
    before = ask(world, count=2)
    until_state(world.aozora, before[0], "drawing", "ready")
    pause(first)
    meanwhile = ask(world, count=2, dials={"steps": 4})
    until(lambda: second.said(LEADS))
    for row in (*before, *meanwhile):
        until_state(world.aozora, row, "ready")
    go_on(first)
    until(lambda: first.said("no longer dispatches and reaps"))
    (afterwards,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, afterwards, "ready")
    rows = [*before, *meanwhile, afterwards]
    assert said_once(world, rows, "generation.ready")
    with tenant_scope(world.aozora.id):
        assert Output.objects.count() == len(rows)
    second.kill()  # whoever was paused is a candidate again
    until(lambda: first.log.read_text(errors="replace").count(LEADS) == 2)
    (last,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, last, "ready")
