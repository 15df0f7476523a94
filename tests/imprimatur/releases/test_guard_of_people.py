"""What people reserved to themselves: the database asks by itself what `generations.approvals` and the policy ask."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from imprimatur.generations import approvals
from imprimatur.generations.models import Output, SubjectApproval
from imprimatur.releases import services as releases
from imprimatur.releases.guard import require_rights_in_database
from imprimatur.releases.models import Release
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.rights.versions import terms_in
from imprimatur.tenants.errors import RightsRefused
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import USE
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import approve, finished

PRINT = USE | {"channel": "print"}
FIRST, SECOND = 0, 1
START = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
# What was said, oldest first: (to which picture, for which use it was asked, yes or no).
HISTORIES: dict[str, list[tuple[int, dict[str, str], bool]]] = {
    "silence": [],
    "yes to it": [(FIRST, USE, True)],
    "no to it": [(FIRST, USE, False)],
    "yes, then no": [(FIRST, USE, True), (FIRST, USE, False)],
    "no, then yes": [(FIRST, USE, False), (FIRST, USE, True)],
    "yes to another": [(SECOND, USE, True)],
    "yes to another campaign": [(SECOND, PRINT, True)],
    "yes to it in another campaign": [(FIRST, PRINT, True)],
    "no to it, yes to another": [(FIRST, USE, False), (SECOND, USE, True)],
    "yes to it elsewhere, yes to another here": [(FIRST, PRINT, True), (SECOND, USE, True)],
    "yes to it elsewhere, no to another here": [(FIRST, PRINT, True), (SECOND, USE, False)],
    "yes to another, then no": [(SECOND, USE, True), (SECOND, USE, False)],
}


def pictures(world: World, **terms: Any) -> tuple[ConsentRecord, list[Output]]:
    """Two pictures of one person, approved by two colleagues."""
    reference, record = likeness(world, channels=frozenset({"web", "print"}), **terms)
    outputs = [finished(world, row) for row in ask(world, reference=reference, count=2)]
    with tenant_scope(world.aozora.id):
        for output in outputs:
            approve(world, output)
    return record, outputs


def says(record: ConsentRecord, output: Output, use: dict[str, str], yes: bool, second: int = 0) -> None:
    """An answer of the person's, so many seconds after the others began: the newest counts."""
    moment = START + timedelta(seconds=second)
    with patch.object(timezone, "now", lambda: moment):  # what `auto_now_add` asks
        SubjectApproval.objects.create(
            tenant_id=record.tenant_id,
            record=record.public_id,
            output=output,
            campaign=approvals.campaign_of(output.generation, use),
            approved=yes,
            answered_by="link:lnk_x",
        )


def agree(output: Output, use: dict[str, str], *, serving: bool = False) -> bool:
    with connection.cursor() as cursor:
        statement = "SELECT releases_people_agree(%s, %s::jsonb, now(), %s)"
        cursor.execute(statement, [output.pk, json.dumps(use), serving])
        return bool(cursor.fetchone()[0])


def inserted(world: World, output: Output, use: dict[str, str]) -> None:
    """A release by whoever goes past the services."""
    fields = {"object_key": "k", "sha256": "0" * 64, "mime": "image/png", "manifest_state": "trusted"}
    with transaction.atomic():
        Release.objects.create(tenant_id=output.tenant_id, output=output, use=use, released_by=world.alice, **fields)
        transaction.set_rollback(True)


@pytest.mark.parametrize("said", HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("right", ["per_output", "per_campaign"])
def test_the_database_answers_as_the_policy_does(
    world: World, right: str, said: list[tuple[int, dict[str, str], bool]]
) -> None:
    record, outputs = pictures(world, approval_right=right)
    with tenant_scope(world.aozora.id):
        for number, (which, use, yes) in enumerate(said):
            says(record, outputs[which], use, yes, number)
        for output in outputs:
            for use in (USE, PRINT):
                expected = record.public_id in approvals.of_picture(output.generation, use)
                assert agree(output, use) == agree(output, use, serving=True) == expected
                if not expected:
                    with pytest.raises(DatabaseError):
                        inserted(world, output, use)


def test_a_yes_to_one_campaign_lets_nothing_out_in_another(world: World) -> None:
    record, outputs = pictures(world, approval_right="per_campaign")
    with tenant_scope(world.aozora.id):
        says(record, outputs[FIRST], USE, True)
        inserted(world, outputs[SECOND], USE)
        with pytest.raises(DatabaseError, match="reserved approval"):
            inserted(world, outputs[SECOND], PRINT)


def test_a_no_after_the_release_ends_the_serving_in_the_database_too(world: World) -> None:
    record, outputs = pictures(world, approval_right="per_output")
    with tenant_scope(world.aozora.id):
        says(record, outputs[FIRST], USE, True)
        released = releases.release(world.actor(world.alice), outputs[FIRST], USE)
        require_rights_in_database(released, timezone.now())
        says(record, outputs[FIRST], USE, False, 1)
        with pytest.raises(RightsRefused):
            require_rights_in_database(released, timezone.now())


def test_another_consent_that_reserves_nothing_covers_it_as_the_policy_says(world: World) -> None:
    record, outputs = pictures(world, approval_right="per_output")
    with tenant_scope(world.aozora.id):
        free = terms_in(record)
        free = type(free).from_json(record.terms | {"approval_right": "none", "status": "draft"})
        author, gordon = world.actor(world.alice), world.actor(world.gordon)
        assert not agree(outputs[FIRST], USE)
        other = rights.draft_consent(author, title="Two", kind="likeness", terms=free, evidence=b"%PDF two")  # type: ignore[arg-type]
        rights.verify_record(gordon, other)
        assert agree(outputs[FIRST], USE)
        assert releases.release(world.actor(world.alice), outputs[FIRST], USE).pk
        rights.suspend(gordon, other)
        assert not agree(outputs[FIRST], USE)


def test_where_nothing_is_reserved_nobody_is_asked(world: World) -> None:
    _record, outputs = pictures(world)
    with tenant_scope(world.aozora.id):
        assert agree(outputs[FIRST], USE) and agree(outputs[FIRST], {}, serving=True)
