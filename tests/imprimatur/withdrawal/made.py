"""Pictures made under a consent, at every stage, by the real services; and their withdrawal in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imprimatur.generations import services as generations
from imprimatur.generations.models import Generation, Output
from imprimatur.library.models import ReferenceImage
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.review import services as review
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import cascade
from imprimatur.withdrawal.models import Withdrawal

from tests.factories import World
from tests.imprimatur.drawn import USE, worked
from tests.imprimatur.generations.asked import ask, likeness


@dataclass
class Shelf:
    """What was made under one consent: one picture at each stage."""

    reference: ReferenceImage
    record: ConsentRecord
    queued: Generation
    pending: Output
    approved: Output
    released: Release


def shelf(world: World, **terms: Any) -> Shelf:
    """A consent and four pictures: queued, drawn, approved by two, released."""
    reference, record = likeness(world, **terms)
    queued, *rows = ask(world, reference=reference, count=4)
    outputs = [finished(world, row) for row in rows]
    with tenant_scope(world.aozora.id):
        for output in outputs[1:]:
            approve(world, output)
        released = releases.release(world.actor(world.alice), outputs[2], USE)
    return Shelf(reference, record, queued, outputs[0], outputs[1], released)


def finished(world: World, row: Generation) -> Output:
    """The picture of a generation, drawn and reported."""
    with tenant_scope(world.aozora.id):
        assert generations.record_report(worked(row))
        return Output.objects.get(generation=row)


def approve(world: World, output: Output) -> None:
    """Rita and Ravi both approve."""
    for person in (world.rita, world.ravi):
        review.decide(world.actor(person), Output.objects.get(pk=output.pk), "approve")


def revoke(world: World, record: ConsentRecord, reason: str = "The person asked for it") -> ConsentRecord:
    """Gordon revokes it."""
    with tenant_scope(world.aozora.id):
        return rights.revoke(world.actor(world.gordon), record, reason)


def bring_about() -> None:
    """What the leader does until nothing is due."""
    while cascade.pull():
        pass


def withdrawals(world: World) -> list[Withdrawal]:
    """Oldest first."""
    with tenant_scope(world.aozora.id):
        return list(Withdrawal.objects.order_by("created_at"))


def now_of(world: World, row: Any) -> Any:
    """The row as it is in the database."""
    with tenant_scope(world.aozora.id):
        return type(row).objects.get(pk=row.pk)
