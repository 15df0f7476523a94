"""What ran out is marked in every company, by whoever leads, outside any scope."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from imprimatur.audit.selectors import events
from imprimatur.generations.leader import Leader
from imprimatur.rights import expiry, services
from imprimatur.rights.models import ConsentRecord, TrademarkLicence
from imprimatur.tenants.models import User
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.rights.test_rights import consent, licence

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=11)


def running(world: World, person: User) -> ConsentRecord:
    """A consent at home of the person that ends in ten days, and a licence that does not end."""
    actor = world.actor(person)
    with tenant_scope(actor.tenant_id):
        services.verify_record(actor, licence(actor))
        return services.verify_record(actor, consent(actor, valid_until=NOW + timedelta(days=10)))


def test_every_company_gets_its_turn_once(world: World) -> None:
    homes = [(world.aozora, running(world, world.gordon)), (world.northwind, running(world, world.charlie))]
    assert expiry.expire_everywhere(NOW) == 0
    assert expiry.expire_everywhere(LATER) == 2
    assert expiry.expire_everywhere(LATER) == 0
    for tenant, record in homes:
        with tenant_scope(tenant.id):
            assert ConsentRecord.objects.get().status == "expired"
            assert TrademarkLicence.objects.get().status == "active"
            event = events(tenant.id, event="consent.expired").get()
            assert (event.subject, event.actor) == (record.public_id, "system")


def test_one_companys_trouble_keeps_no_other_from_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running(world, world.gordon)
    running(world, world.charlie)
    real = expiry.expire_due

    def troubled(actor, now):
        if actor.tenant_id == world.aozora.id:
            raise RuntimeError("trouble")
        return real(actor, now)

    monkeypatch.setattr(expiry, "expire_due", troubled)
    assert expiry.expire_everywhere(LATER) == 1
    assert "could not be done" in caplog.text


def test_the_look_across_companies_tells_ids_only(world: World) -> None:
    running(world, world.gordon)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rights_run_out(%s)", [LATER])
        assert cursor.fetchall() == [(world.aozora.id,)]
        cursor.execute("SELECT count(*) FROM rights_consentrecord")
        assert cursor.fetchone() == (0,)


@pytest.mark.slow
def test_the_leader_marks_them_by_itself(committed_world: World) -> None:
    actor = committed_world.actor(committed_world.gordon)
    with tenant_scope(actor.tenant_id):
        soon = datetime.now(UTC) + timedelta(seconds=20)
        record = services.verify_record(actor, consent(actor, valid_until=soon))
        assert record.status == "active"
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()))
    leader = Leader()
    leader.start()
    try:
        deadline = time.monotonic() + 60
        while status_of(record) != "expired" and time.monotonic() < deadline:
            time.sleep(0.2)
        assert status_of(record) == "expired"
    finally:
        leader.stop()
        leader.join(timeout=30)


def status_of(record: ConsentRecord) -> str:
    with tenant_scope(record.tenant_id):
        return ConsentRecord.objects.get(pk=record.pk).status
