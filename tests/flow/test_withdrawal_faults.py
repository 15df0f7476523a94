"""Real processes, broken on purpose while a right falls away: nothing made under it is left in sight."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.conf import settings
from imprimatur.audit.models import AuditEvent
from imprimatur.generations.models import Generation, Output
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal.models import Withdrawal

from tests.factories import World
from tests.flow.stack import PATIENT, Stack, state, until, until_state
from tests.imprimatur.drawn import approved_version
from tests.imprimatur.generations.asked import ask, likeness

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MANY = 3000


def revoke(world: World, record: ConsentRecord) -> None:
    with tenant_scope(world.aozora.id):
        rights.revoke(world.actor(world.gordon), record, "asked for")


def shelf(world: World) -> ConsentRecord:
    """Many pictures of one record, as rows: the database's own guards look at each."""
    reference, record = likeness(world)
    with tenant_scope(world.aozora.id):
        shared = {"tenant_id": world.aozora.id}
        version = approved_version(world)
        receipt = {"records": [{"record": record.public_id, "terms_id": record.public_id}], "own_work": False}
        rows = Generation.objects.bulk_create(
            Generation(
                batch=uuid.uuid4(),
                subject_reference=reference,
                template_version=version,
                spec={"profile": "studio", "steps": 25, "prompt": "a bottle", "seed": number, "word": "bottle"},
                spec_digest=f"{number:064x}",
                use={"channel": "web", "territory": "JP", "purpose": "advertising"},
                consent_receipt=receipt,
                requested_by=world.alice,
                **shared,
            )
            for number in range(MANY)
        )
        for row in rows:
            row.permit_id = str(row.pk)
            row.state = "ready"
        Generation.objects.bulk_update(rows, ["permit_id", "state"], batch_size=500)
        Output.objects.bulk_create(
            Output(
                generation=row,
                object_key=f"tenants/{world.aozora.id}/outputs/{row.pk}",
                sha256="0" * 64,
                mime="image/png",
                width=512,
                height=512,
                pixel_digest="1" * 64,
                manifest_state="trusted",
                permit_id=row.permit_id,
                **shared,
            )
            for row in rows
        )
    return record


def out_of_sight(world: World) -> int:
    with tenant_scope(world.aozora.id):
        return Output.objects.filter(quarantined_at__isnull=False).count()


def test_killed_half_way_another_goes_on(stack: Stack, committed_world: World) -> None:
    world = committed_world
    record = shelf(world)
    doomed = stack.control()
    until(lambda: doomed.said("brings withdrawals about"))
    revoke(world, record)
    until(lambda: out_of_sight(world) > 0)
    doomed.kill()
    when_killed = out_of_sight(world)
    assert 0 < when_killed < MANY
    stack.control()
    until(lambda: out_of_sight(world) == MANY)
    with tenant_scope(world.aozora.id):
        until(lambda: Withdrawal.objects.get().reached_at)
        row = Withdrawal.objects.get()
        assert row.quarantined == MANY
        assert AuditEvent.objects.filter(event="output.quarantined").count() == MANY


def test_what_is_being_drawn_stops_and_the_reference_is_forgotten(stack: Stack, committed_world: World) -> None:
    world = committed_world
    reference, record = likeness(world)
    stack.control(**PATIENT)
    worker = stack.worker(TINY_STEP_SECONDS="0.3")
    (row,) = ask(world, reference=reference, dials={"steps": 100})  # half a minute
    until_state(world.aozora, row, "drawing")
    revoke(world, record)
    refused = until(lambda: now if (now := state(world.aozora, row)).state == "refused" else None)
    assert [reason["rule_id"] for reason in refused.reasons] == ["terms.revoked"]
    until(lambda: worker.said("told to forget 1 references"))
    (other,) = ask(world, dials={"steps": 4})
    until_state(world.aozora, other, "ready")  # the worker dropped it and is free


def test_a_worker_that_does_not_listen_gets_no_signature(stack: Stack, committed_world: World) -> None:
    world = committed_world
    reference, record = likeness(world)
    stack.control(**PATIENT)
    stack.worker(TINY_STEP_SECONDS="0.3", IMPRIMATUR_PIPELINES="tests.flow.deaf:load_pipeline")
    (row,) = ask(world, reference=reference, dials={"steps": 20})
    until_state(world.aozora, row, "drawing")
    revoke(world, record)
    folder = Path(settings.HOME) / f"objects/tenants/{world.aozora.id}/outputs/{row.pk}/1"
    until((folder / "report.json").exists)
    assert '"outcome":"failed"' in (folder / "report.json").read_text()  # drawn to the end, and signed by nobody
    assert not list(folder.glob("*.png"))
    assert state(world.aozora, row).state == "refused"
    with tenant_scope(world.aozora.id):
        assert not Output.objects.filter(generation=row).exists()
