"""Real processes, broken on purpose: whatever is lost, killed, doubled or late, a picture is drawn once or says why."""

from __future__ import annotations

import sys
import time

import pytest
from imprimatur.celery import app
from imprimatur.generations import selectors, services
from imprimatur.generations.models import Generation, Output
from imprimatur.rights import services as rights
from imprimatur.tenants.scope import tenant_scope

from gpu_worker.messages import CONTROL_QUEUE, REPORT_TASK, WorkerHello, render_queue
from tests.factories import World
from tests.flow.stack import PATIENCE, PATIENT, Stack, left_report, state, until, until_state
from tests.imprimatur.generations.asked import ask, likeness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
RENDER = render_queue("studio")
SLOW = {"TINY_STEP_SECONDS": "0.2"}  # a picture of 25 steps takes five seconds


def somebody_says_hello() -> None:
    """A worker that takes no orders: they are sent, and lie in the broker."""
    services.record_hello(WorkerHello(worker="elsewhere", profiles=["studio"], slots=1))


def until_sent(stack: Stack) -> None:
    """An order lies in the broker."""

    def look() -> bool:
        somebody_says_hello()
        return bool(stack.waiting(RENDER))

    until(look)


def test_pictures_asked_for_become_stamped_files(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control(**PATIENT)
    stack.worker()
    rows = ask(world, count=2, dials={"steps": 6})
    ready = [until_state(world.aozora, row, "ready") for row in rows]
    with tenant_scope(world.aozora.id):
        for row in ready:
            output = selectors.get_output(row.output.public_id)
            assert selectors.manifest(output).state == "trusted"
            assert selectors.mask_strip(output)[1] == "image/png"
            assert (row.attempt, row.step, row.steps) == (1, 6, 6)
    (again,) = ask(world, dials={"steps": 6})  # the worker is warm now
    waited = until_state(world.aozora, again, "ready")
    first = (waited.first_progress_at - waited.created_at).total_seconds()  # type: ignore[operator]
    whole = (waited.finished_at - waited.created_at).total_seconds()  # type: ignore[operator]
    sys.stderr.write(f"asked to first progress {first:.3f} s, to ready {whole:.3f} s\n")


def test_a_worker_killed_while_drawing_costs_a_lease_not_a_picture(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control()
    doomed = stack.worker(**SLOW)
    (row,) = ask(world)
    until_state(world.aozora, row, "drawing")
    doomed.kill()
    stack.worker()
    done = until_state(world.aozora, row, "ready")
    assert (done.attempt, done.lost_attempts) == (2, 1)


def test_a_lost_order_is_sent_again(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control()
    (row,) = ask(world)
    until_sent(stack)
    stack.lose_messages()
    stack.worker()
    done = until_state(world.aozora, row, "ready")
    assert done.attempt == 2


def test_a_lost_report_is_found_beside_the_picture(stack: Stack, committed_world: World) -> None:
    world = committed_world
    control = stack.control()
    worker = stack.worker(**SLOW)
    (row,) = ask(world)
    until_state(world.aozora, row, "drawing")
    control.kill()
    until(lambda: any(REPORT_TASK in path.read_text() for path in stack.waiting(CONTROL_QUEUE)))
    worker.kill()
    stack.lose_messages()
    assert state(world.aozora, row).state == "drawing"
    stack.control()
    done = until_state(world.aozora, row, "ready")
    assert (done.attempt, done.lost_attempts) == (1, 0)


def test_a_report_that_comes_again_changes_nothing(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control(**PATIENT)
    stack.worker()
    (row,) = ask(world, dials={"steps": 4})
    done = until_state(world.aozora, row, "ready")
    report = left_report(world.aozora, row, 1)
    forged = report | {"attempt": 2, "outcome": "failed", "error_code": "draw_failed"}
    for message in (report, report, forged):
        app.send_task(REPORT_TASK, args=[message], queue=CONTROL_QUEUE)
    until(lambda: not stack.waiting(CONTROL_QUEUE))
    time.sleep(3)  # the last one is being looked at
    after = state(world.aozora, row)
    assert (after.state, after.version) == ("ready", done.version)
    with tenant_scope(world.aozora.id):
        assert Output.objects.count() == 1


def test_an_expired_permit_makes_a_new_attempt(stack: Stack, committed_world: World) -> None:
    world = committed_world
    brief = stack.control(IMPRIMATUR_PERMIT_SECONDS="0.2", **PATIENT)
    (row,) = ask(world, dials={"steps": 4})
    until_sent(stack)
    brief.kill()
    time.sleep(0.3)
    stack.control(**PATIENT)
    stack.worker()
    done = until_state(world.aozora, row, "ready")
    assert (done.attempt, done.lost_attempts) == (2, 1)


def test_a_consent_revoked_before_the_order_is_sent_refuses_it(stack: Stack, committed_world: World) -> None:
    world = committed_world
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        rights.revoke(world.actor(world.gordon), record, "withdrawn by the person")
    stack.control()

    def look() -> Generation | None:
        somebody_says_hello()
        now = state(world.aozora, row)
        return now if now.state == "refused" else None

    refused = until(look)
    assert refused is not None
    assert [reason["rule_id"] for reason in refused.reasons] == ["terms.revoked"]
    assert (refused.attempt, stack.waiting(RENDER)) == (0, [])


def test_a_canceled_picture_stops_and_the_next_one_is_drawn(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control(**PATIENT)
    worker = stack.worker(TINY_STEP_SECONDS="0.3")
    (endless,) = ask(world, dials={"steps": 200})  # a minute at least
    until_state(world.aozora, endless, "drawing")
    with tenant_scope(world.aozora.id):
        assert services.cancel(world.actor(world.alice), endless).state == "canceled"
    (next_one,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, next_one, "ready")
    assert left_report(world.aozora, endless, 1)["outcome"] == "canceled"
    assert state(world.aozora, endless).state == "canceled"
    assert worker.popen.poll() is None


def test_a_full_disk_fails_with_what_to_do(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control(**PATIENT)
    stack.worker(file_limit=16_384)
    (row,) = ask(world, dials={"steps": 4})
    failed = until_state(world.aozora, row, "failed", "ready")
    assert (failed.state, failed.error_code) == ("failed", "store_full")


def test_a_worker_switched_off_gives_its_order_back_at_once(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control(**PATIENT)
    first = stack.worker(TINY_STEP_SECONDS="0.3")
    (row,) = ask(world, dials={"steps": 100})
    until_state(world.aozora, row, "drawing")
    stack.worker()
    first.terminate()
    done = until_state(world.aozora, row, "ready")
    assert done.attempt == 2
    assert first.popen.wait(PATIENCE) == 0


def test_a_wedged_model_ends_its_process_and_another_draws(stack: Stack, committed_world: World) -> None:
    world = committed_world
    stack.control()
    wedged = stack.worker(TINY_STEP_SECONDS="3600", IMPRIMATUR_STEP_SECONDS="15")
    (row,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, row, "drawing")
    assert wedged.popen.wait(PATIENCE) == 70
    stack.worker()
    assert until_state(world.aozora, row, "ready").attempt == 2


def test_another_control_worker_leads_when_the_leader_dies(stack: Stack, committed_world: World) -> None:
    world = committed_world
    first = stack.control(**PATIENT)
    until(lambda: first.said("leading:"))
    second = stack.control(**PATIENT)
    stack.worker()
    until(lambda: second.said("ready."))
    assert not second.said("leading:")
    first.kill()
    until(lambda: second.said("leading:"))
    (row,) = ask(world, dials={"steps": 4})
    assert until_state(world.aozora, row, "ready").attempt == 1
