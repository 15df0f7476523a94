"""One company's trouble keeps no other from its turn; a database that is gone is everybody's."""

from __future__ import annotations

import uuid

import pytest
from django.db import OperationalError
from imprimatur.tenants.everywhere import everywhere
from imprimatur.tenants.models import Membership
from imprimatur.tenants.scope import current_tenant_id

from tests.factories import World


def test_each_has_its_scope_and_its_own_trouble(world: World, caplog: pytest.LogCaptureFixture) -> None:
    seen = []

    def work(tenant_id: uuid.UUID) -> int:
        assert current_tenant_id() == tenant_id
        seen.append(tenant_id)
        if tenant_id == world.aozora.id:
            Membership.objects.filter(user=world.alice).delete()
            raise ValueError("broken")
        return Membership.objects.count()

    assert everywhere([world.aozora.id, world.northwind.id], work, "it could not be done") == 1
    assert seen == [world.aozora.id, world.northwind.id]
    assert f"{world.aozora.id}: it could not be done" in caplog.text
    assert everywhere([world.aozora.id], lambda _: Membership.objects.filter(user=world.alice).count(), "") == 1


def test_a_database_that_does_not_answer_ends_the_round(world: World) -> None:
    def work(_tenant_id: uuid.UUID) -> int:
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        everywhere([world.aozora.id, world.northwind.id], work, "")
