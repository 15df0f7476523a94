"""Two people means two people who still belong here, and never one who asked for the picture, first or again."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from imprimatur.generations import services as generations
from imprimatur.generations import stream
from imprimatur.generations.models import Generation, Output
from imprimatur.releases import services as releases
from imprimatur.review import selectors, services
from imprimatur.review.models import Decision
from imprimatur.review.states import OutputState
from imprimatur.tenants.errors import Conflict, NotPermitted
from imprimatur.tenants.models import Membership, User
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.services import remove_member

from tests.factories import World, member
from tests.imprimatur.drawn import drawn, worked
from tests.imprimatur.generations.asked import ask


def leaves(world: World, person: User) -> None:
    with tenant_scope(world.aozora.id):
        remove_member(world.actor(world.olive), Membership.objects.get(user=person))


def leaves_meanwhile(world: World, person: User) -> None:
    """In another thread, with a database connection of its own."""
    try:
        leaves(world, person)
    finally:
        connection.close()


def test_whoever_tries_a_picture_again_does_not_decide_on_it(world: World) -> None:
    rene = member(world.aozora, "rene", [Role.CREATOR, Role.REVIEWER], world.password)
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        generations.cancel(world.actor(world.alice), row)
        again = generations.retry(world.actor(rene), row)
        assert (again.requested_by, again.retried_by) == (world.alice, [rene.pk])
        assert generations.record_report(worked(again))
        output = Output.objects.get(generation=row)
        with pytest.raises(NotPermitted):
            services.decide(world.actor(rene), output, "approve")
        assert list(selectors.queue(world.actor(rene))) == []
        assert list(selectors.queue(world.actor(world.rita))) == [output]
        with pytest.raises(IntegrityError), transaction.atomic():
            Decision.objects.create(tenant=world.aozora, output=output, reviewer=rene, verdict="approve")
        with pytest.raises(IntegrityError), transaction.atomic():
            Generation.objects.filter(pk=row.pk).update(retried_by=[])


def test_trying_ones_own_picture_again_names_nobody_twice(world: World) -> None:
    (row,) = ask(world)
    with tenant_scope(world.aozora.id):
        generations.cancel(world.actor(world.alice), row)
        assert generations.retry(world.actor(world.alice), row).retried_by == []


def test_a_removed_members_approval_counts_no_more(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        for person in (world.rita, world.ravi):
            services.decide(world.actor(person), output, "approve")
        assert list(selectors.approved(world.actor(world.alice))) == [output]
    leaves(world, world.ravi)
    with tenant_scope(world.aozora.id):
        fresh = selectors.get_output(world.actor(world.alice), output.public_id)
        assert selectors.state_of(fresh) == OutputState.APPROVED_1
        assert list(selectors.approved(world.actor(world.alice))) == []
        with pytest.raises(Conflict):
            releases.release(world.actor(world.alice), output)
        rosa = member(world.aozora, "rosa", [Role.REVIEWER], world.password)
        services.decide(world.actor(rosa), output, "approve")
        assert releases.release(world.actor(world.alice), output).output == output


def test_a_removed_members_no_still_stands(world: World) -> None:
    (output,) = drawn(world)
    with tenant_scope(world.aozora.id):
        services.decide(world.actor(world.ravi), output, "reject", "brand")
    leaves(world, world.ravi)
    with tenant_scope(world.aozora.id):
        fresh = selectors.get_output(world.actor(world.alice), output.public_id)
        assert selectors.state_of(fresh) == OutputState.REJECTED


@pytest.mark.django_db(transaction=True)
def test_an_open_stream_ends_when_its_reader_is_taken_out(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.2)
    monkeypatch.setattr(stream, "POLL", 0.2)
    (row,) = ask(committed_world)

    async def heard(reader: uuid.UUID) -> int:
        chunks = 0
        async for _chunk in stream.events(committed_world.aozora.id, row.pk, reader=reader):
            chunks += 1
            if chunks == 2:
                await asyncio.to_thread(leaves_meanwhile, committed_world, committed_world.rita)
            if chunks > 20:
                break
        return chunks

    try:
        assert asyncio.run(heard(committed_world.rita.pk)) < 20
        assert asyncio.run(heard(uuid.uuid4())) == 1  # somebody who never belonged here
    finally:
        stream.listener().stop()
