"""The table of what may follow what, and the database that refuses anything else by itself."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from imprimatur.generations import life
from imprimatur.generations.models import Generation, GenerationState, Output
from imprimatur.generations.states import (
    ACTIVE,
    FINAL,
    RETRYABLE,
    STATE_OF_OUTCOME,
    STATE_OF_STAGE,
    TRANSITIONS,
    may_follow,
)
from imprimatur.tenants.errors import Conflict
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import drawn
from tests.imprimatur.generations.asked import ask, dispatched

S = GenerationState


def way_to(state: S) -> list[S]:
    """How to get there from the queue, by the table itself."""
    return [] if state == S.QUEUED else [state]


def test_every_state_has_its_row_and_active_and_final_are_all_of_them() -> None:
    assert set(TRANSITIONS) == set(S) == ACTIVE | FINAL
    assert not ACTIVE & FINAL
    assert {state for state in FINAL if S.QUEUED in TRANSITIONS[state]} == RETRYABLE


def test_a_picture_that_is_ready_stays_ready() -> None:
    assert TRANSITIONS[S.READY] == frozenset()


def test_every_stage_and_outcome_leads_to_a_state() -> None:
    assert set(STATE_OF_STAGE.values()) - {None} <= ACTIVE
    assert set(STATE_OF_OUTCOME.values()) == FINAL


def test_the_database_agrees_with_the_table_for_every_pair(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        for current, following in itertools.product(S, S):
            with transaction.atomic():
                for state in way_to(current):
                    update(row, state=state)
                allowed = may_follow(current, following) or current == following
                assert database_takes(row, following) == allowed, f"{current} -> {following}"
                transaction.set_rollback(True)


def database_takes(row: Generation, state: S) -> bool:
    try:
        with transaction.atomic():
            update(row, state=state)
    except IntegrityError as error:
        assert "does not go from" in str(error)
        return False
    return True


def test_services_refuse_what_the_table_does_not_have(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        update(row, state=S.READY)
        locked = life.locked(row.id)
        assert locked is not None
        with pytest.raises(Conflict):
            life.move(locked, S.CANCELED)


def update(row: Generation, **values: Any) -> None:
    Generation.objects.filter(pk=row.pk).update(**values)


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {}},
        {"spec_digest": "0" * 64},
        {"use": {"channel": "tv"}},
        {"consent_receipt": {}},
        {"attempt": 0},
    ],
)
def test_what_was_asked_for_is_never_edited(world: World, change: dict[str, Any]) -> None:
    (row,) = ask(world)
    dispatched(world, row)
    with tenant_scope(world.aozora.id), pytest.raises(IntegrityError, match=r"never edited|only grow"):
        update(row, **change)


def test_the_requester_is_never_edited(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id), pytest.raises(IntegrityError, match="never edited"):
        update(row, requested_by=world.rita)


def test_a_generation_begins_in_the_queue(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id), pytest.raises(IntegrityError, match="begins in the queue"):
        row.pk = None
        row._state.adding = True
        row.state = S.READY
        row.id = Generation().id
        row.save()


def picture(row: Generation, **changes: Any) -> Output:
    facts: dict[str, Any] = {
        "tenant_id": row.tenant_id,
        "generation": row,
        "object_key": "tenants/x/outputs/y/picture.png",
        "sha256": "0" * 64,
        "mime": "image/png",
        "width": 1,
        "height": 1,
        "pixel_digest": "0" * 64,
        "manifest_state": "trusted",
        "permit_id": "permit",
    }
    return Output(**(facts | changes))


def test_no_picture_without_a_finished_generation(world: World) -> None:
    (row,) = ask(world)
    dispatched(world, row)
    with tenant_scope(world.aozora.id), pytest.raises(IntegrityError, match="finished generation"):
        picture(row).save(force_insert=True)


@pytest.mark.parametrize("permit", ["", "another permit"])
def test_no_picture_without_the_permit_of_its_attempt(world: World, permit: str) -> None:
    (row,) = ask(world)
    dispatched(world, row)
    with tenant_scope(world.aozora.id):
        update(row, state=S.READY)
        with pytest.raises(IntegrityError, match="permit of the attempt"):
            picture(row, permit_id=permit).save(force_insert=True)


def test_a_stamped_picture_is_never_edited_but_may_be_quarantined(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        Output.objects.filter(pk=output.pk).update(quarantine_reason="a right fell away")
        for change in ({"sha256": "1" * 64}, {"object_key": "elsewhere"}, {"permit_id": "another"}):
            with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
                Output.objects.filter(pk=output.pk).update(**change)


def test_the_narrow_functions_tell_ids_and_nothing_else(world: World) -> None:
    (row,) = ask(world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM generations_waiting(5)")
        assert cursor.fetchall() == [(world.aozora.id, row.id, "studio", 25)]
        cursor.execute("SELECT count(*) FROM generations_generation")
        assert cursor.fetchone() == (0,)
