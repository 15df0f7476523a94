"""A picture that waited for a rights manager or for the person behind it is told as held, never as further on."""

from __future__ import annotations

from imprimatur.generations import screening
from imprimatur.generations.models import Screening
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import selectors
from imprimatur.withdrawal.impact import impact
from imprimatur.withdrawal.models import Reached

from tests.factories import World
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import approve, bring_about, finished, revoke, withdrawals

Told = list[tuple[str, list[str]]]


def test_what_was_held_says_so_when_it_is_reached(world: World, told: Told) -> None:
    reference, record = likeness(world, approval_right="per_output")
    noticed, unanswered, waiting = (finished(world, row) for row in ask(world, reference=reference, count=3))
    with tenant_scope(world.aozora.id):
        Screening.objects.create(tenant=world.aozora, output=noticed, findings=[{"code": screening.NEARER}])
        approve(world, unanswered)
        foreseen = impact(world.actor(world.gordon), record)
        assert (foreseen.pictures, foreseen.in_review, foreseen.approved) == (3, 3, 0)
    revoke(world, record)
    bring_about()
    (row,) = withdrawals(world)
    with tenant_scope(world.aozora.id):
        was = dict(Reached.objects.values_list("output", "was"))
        assert was == {noticed.pk: "held", unanswered.pk: "held", waiting.pk: "pending"}
        assert selectors.reached_by_state(row) == {"held": 2, "pending": 1}
