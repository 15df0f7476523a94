"""What would a revocation reach? Told before it is made, without changing anything, and true afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from imprimatur.releases import services as releases
from imprimatur.rights import selectors as rights
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import services
from imprimatur.withdrawal.impact import Impact, impact

from tests.factories import World
from tests.imprimatur.generations.asked import ask
from tests.imprimatur.withdrawal.derived import derived_reference
from tests.imprimatur.withdrawal.made import Shelf, bring_about, finished, revoke, withdrawals


@contextmanager
def reading_only() -> Iterator[None]:
    """Whatever is asked of the database inside must be a question."""
    with CaptureQueriesContext(connection) as asked:
        yield
    said = [query["sql"].split()[0].upper() for query in asked]
    assert set(said) <= {"SELECT", "SAVEPOINT", "RELEASE"}, said
    assert not any("FOR UPDATE" in query["sql"] for query in asked)


def told(world: World, made: Shelf) -> Impact:
    with tenant_scope(world.aozora.id), reading_only():
        return impact(world.actor(world.gordon), made.record)


def test_it_counts_every_stage_and_only_reads(world: World, made: Shelf) -> None:
    found = told(world, made)
    assert (found.queued, found.drawing, found.in_review, found.approved, found.released) == (1, 0, 1, 1, 1)
    assert (found.pictures, found.references, found.derived, found.templates) == (3, 1, 0, 1)
    assert [release.public_id for release in found.releases] == [made.released.public_id]
    assert len(found.samples) == 3 and not found.touches_nothing


def test_it_names_whoever_has_one(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id):
        releases.download(world.actor(world.olive), made.released)
        releases.download(world.actor(world.olive), made.released)
        services.name_recipient(
            world.actor(world.alice), made.released, name="Studio Kita", email="Kita@Studio.example", language="ja"
        )
    found = told(world, made)
    assert (found.downloads, found.downloaders) == (2, ["Olive"])
    assert found.recipients == ["Studio Kita <kita@studio.example>"]


def test_what_it_says_is_what_happens(world: World, made: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imprimatur.generations.orders.forget", lambda *_: True)
    child = derived_reference(world, made.approved)
    finished(world, ask(world, reference=child)[0])
    before = told(world, made)
    assert (before.derived, before.made_of_them, before.pictures) == (1, 1, 4)
    revoke(world, made.record)
    bring_about()
    (done,) = withdrawals(world)
    assert done.quarantined == before.pictures
    assert done.refused == before.queued
    assert done.withdrawn == before.released
    assert done.references == before.derived
    after = told(world, made)
    assert (after.quarantined, after.withdrawn, after.queued) == (3, 1, 0)


def test_narrower_terms_are_weighed_before_they_are_given(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id):
        actor = world.actor(world.gordon)
        terms = rights.terms_of(made.record)
        same = impact(actor, made.record, as_if=terms)
        elsewhere = impact(actor, made.record, as_if=replace(terms, territories=frozenset({"FR"})))
    assert same.touches_nothing
    assert elsewhere.pictures == 3


def test_it_is_a_rights_managers_to_ask(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(NotPermitted):
        impact(world.actor(world.alice), made.record)


def test_a_recipient_is_named_once_with_a_real_address(world: World, made: Shelf) -> None:
    with tenant_scope(world.aozora.id):
        alice = world.actor(world.alice)
        services.name_recipient(alice, made.released, name="Kita", email="kita@studio.example")
        with pytest.raises(Conflict):
            services.name_recipient(alice, made.released, name="Kita", email="KITA@studio.example ")
        for wrong in ({"email": "nobody"}, {"name": " "}, {"language": "fr"}):
            with pytest.raises(InvalidInput):
                services.name_recipient(alice, made.released, **({"name": "A", "email": "a@b.example"} | wrong))
        with pytest.raises(NotPermitted):
            services.name_recipient(world.actor(world.rita), made.released, name="B", email="b@b.example")
