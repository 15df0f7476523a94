"""A term that is over: what is out may be sold off as long as was agreed, nothing new goes out, and then it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from imprimatur.generations import services as generations
from imprimatur.generations.models import Output
from imprimatur.releases import services as releases
from imprimatur.releases.guard import RULE, require_rights_in_database
from imprimatur.releases.models import Release
from imprimatur.review import services as review
from imprimatur.rights import expiry, selectors
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.errors import RightsRefused
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal.judging import Judge

from tests.factories import World
from tests.imprimatur.drawn import worked
from tests.imprimatur.generations.asked import ask, likeness

DAY = timedelta(days=1)


def test_selling_off_is_for_what_is_out(world: World) -> None:
    now = timezone.now()
    reference, record = likeness(world, valid_until=now + 10 * DAY, sell_off_days=5)
    rows = ask(world, reference=reference, count=2)
    with tenant_scope(world.aozora.id):
        assert all(generations.record_report(worked(row)) for row in rows)
        first, second = Output.objects.order_by("created_at")
        for output in (first, second):
            for person in (world.rita, world.ravi):
                review.decide(world.actor(person), output, "approve")
        out = releases.release(world.actor(world.alice), first)
    over, sold = now + 12 * DAY, now + 16 * DAY
    assert expiry.expire_everywhere(over) == 1
    with tenant_scope(world.aozora.id):
        assert selectors.get_consent(record.public_id).status == "expired"
        assert releases.content(out, over)[0]
        first, second = (Output.objects.select_related("generation").get(pk=o.pk) for o in (first, second))
        assert Judge(over).fallen(first) == ()
        assert "terms.expired" in Judge(over).fallen(second)
        with pytest.raises(RightsRefused):
            releases.release(world.actor(world.alice), second)
        with pytest.raises(RightsRefused):
            releases.content(out, sold)
        assert "terms.expired" in Judge(sold).fallen(first)


def test_the_database_asks_by_itself(world: World) -> None:
    """Past every Python rule: no release is inserted and none is served once no record is in force."""
    now = timezone.now()
    reference, record = likeness(world)
    (row,) = ask(world, reference=reference)
    with tenant_scope(world.aozora.id):
        assert generations.record_report(worked(row))
        output = Output.objects.get(generation=row)
        for person in (world.rita, world.ravi):
            review.decide(world.actor(person), output, "approve")
        ConsentRecord.objects.filter(pk=record.pk).update(status="suspended")
        facts = {"tenant": world.aozora, "output": output, "released_by": world.alice}
        with pytest.raises(IntegrityError, match="no record in force"), transaction.atomic():
            Release.objects.create(object_key="k", sha256="0" * 64, mime="image/png", manifest_state="trusted", **facts)
        ConsentRecord.objects.filter(pk=record.pk).update(status="active")
        out = releases.release(world.actor(world.alice), output)
        require_rights_in_database(out, now)
        ConsentRecord.objects.filter(pk=record.pk).update(status="suspended")
        with pytest.raises(RightsRefused) as caught:
            require_rights_in_database(out, now)
        assert caught.value.reasons[0]["rule_id"] == RULE
