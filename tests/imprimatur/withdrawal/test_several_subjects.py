"""A picture of two people is reached by the revocation of either, whichever subject it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from imprimatur.generations import orders
from imprimatur.releases import services as releases
from imprimatur.releases.errors import Withdrawn
from imprimatur.releases.models import Release
from imprimatur.review import services as review
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.errors import RightsRefused
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import reach
from imprimatur.withdrawal.impact import impact

from governance.consent import ConsentTerms
from tests.factories import World
from tests.imprimatur.drawn import USE, uploaded
from tests.imprimatur.generations.asked import ask_two, likeness
from tests.imprimatur.withdrawal.made import approve, bring_about, finished, now_of, revoke


@pytest.mark.parametrize("whose", [0, 1])
def test_either_persons_revocation_reaches_every_stage(world: World, told: list, whose: int) -> None:
    first, one = likeness(world)
    second, other = likeness(world, word="mug")
    queued, *rows = ask_two(world, first, second, count=3)
    pending, approved = (finished(world, row) for row in rows)
    with tenant_scope(world.aozora.id):
        approve(world, approved)
        released = releases.release(world.actor(world.alice), approved, USE)
        expected = impact(world.actor(world.gordon), (one, other)[whose])
    assert (expected.queued, expected.pictures, expected.released) == (1, 2, 1)
    revoke(world, (one, other)[whose])
    bring_about()
    assert now_of(world, queued).state == "refused"
    assert now_of(world, pending).quarantined_at is not None
    with tenant_scope(world.aozora.id), pytest.raises(Withdrawn):
        releases.content(Release.objects.get(pk=released.pk))
    assert told[-1][1] == [(first, second)[whose].sha256]


def test_a_record_on_the_second_subject_alone_finds_its_pictures(world: World, told: list) -> None:
    """Own work when it was asked for; a licence on file says later that it is somebody else's, and ends."""
    with tenant_scope(world.aozora.id):
        mug = uploaded(world, world.alice, word="mug")
    (row,) = ask_two(world, second=mug)
    output = finished(world, row)
    record = _copyright(world, mug.pixel_sha256)
    with tenant_scope(world.aozora.id):
        assert [found.pk for found in reach.referencing(record)] == [output.pk]
        assert list(reach.relying(record)) == []
    revoke(world, record)
    bring_about()
    assert now_of(world, output).quarantined_at is not None


def test_review_release_and_serving_ask_for_the_second_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "forget", lambda *_: True)
    second, record = likeness(world, word="mug")
    rows = ask_two(world, second=second, count=3)
    pending, approved, released = (finished(world, row) for row in rows)
    with tenant_scope(world.aozora.id):
        for output in (approved, released):
            approve(world, output)
        out = releases.release(world.actor(world.alice), released, USE)
        assert releases.content(out)[1] == "image/png"
    revoke(world, record)
    with tenant_scope(world.aozora.id):
        asked = (
            lambda: review.decide(world.actor(world.rita), pending, "approve"),
            lambda: releases.release(world.actor(world.alice), approved, USE),
            lambda: releases.content(Release.objects.get(pk=out.pk)),
        )
        for ask in asked:
            with pytest.raises(RightsRefused) as refused, transaction.atomic():
                ask()
            assert "terms.revoked" in [reason["rule_id"] for reason in refused.value.reasons]


def test_the_database_lets_no_picture_out_whose_second_subject_has_no_right(world: World) -> None:
    second, record = likeness(world, word="mug")
    (row,) = ask_two(world, second=second)
    output = finished(world, row)
    revoke(world, record)
    with tenant_scope(world.aozora.id):
        with connection.cursor() as cursor:
            cursor.execute("SELECT releases_rights_hold_for(%s, now(), true)", [row.pk])
            assert cursor.fetchone() == (False,)
            cursor.execute("SELECT releases_rights_hold(%s, now(), true)", [row.subject_reference_id])
            assert cursor.fetchone() == (True,)
        fields = {"object_key": "k", "sha256": "0" * 64, "mime": "image/png", "manifest_state": "trusted"}
        with pytest.raises(DatabaseError), transaction.atomic():
            Release.objects.create(
                tenant_id=output.tenant_id, output=output, use=USE, released_by=world.alice, **fields
            )


def _copyright(world: World, digest: str) -> ConsentRecord:
    """A licence for somebody else's work, in force."""
    now = timezone.now()
    _, likewise = likeness(world, word="bag")
    with tenant_scope(world.aozora.id):
        terms = replace(ConsentTerms.from_json(likewise.terms), id="draft", kind="copyright", subject="photographer")
        agreed = replace(terms, reference_digests=frozenset({digest}), valid_from=now)
        author, manager = world.actor(world.alice), world.actor(world.gordon)
        record = rights.draft_consent(author, title="Photo", kind="copyright", terms=agreed, evidence=b"%PDF signed")
        return rights.verify_record(manager, record)
