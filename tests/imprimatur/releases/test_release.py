"""Only what two people approved goes out, stamped as published; its rights are asked again each time it is served."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from imprimatur import keys, objects
from imprimatur.audit import selectors as audit
from imprimatur.generations.models import Output
from imprimatur.library.models import ReferenceImage
from imprimatur.releases import selectors, services
from imprimatur.releases.errors import Withdrawn
from imprimatur.releases.labelling import labels_for
from imprimatur.releases.models import Release
from imprimatur.releases.stamping import stamp_release
from imprimatur.review import selectors as review
from imprimatur.review import services as reviewing
from imprimatur.tenants.actor import system_actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotFound, NotPermitted, RightsRefused
from imprimatur.tenants.scope import tenant_scope
from psycopg import sql

from governance.intake import decode_upload, pixel_digest
from governance.provenance import read
from tests.factories import World
from tests.imprimatur.drawn import USE, drawn


@pytest.fixture
def output(world: World):
    with tenant_scope(world.aozora.id):
        yield drawn(world)[0]


@pytest.fixture
def approved(world: World, output: Output) -> Output:
    for reviewer in (world.rita, world.ravi):
        reviewing.decide(world.actor(reviewer), output, "approve")
    return output


def test_the_released_file_tells_its_whole_history(world, approved):
    release = services.release(world.actor(world.alice), approved, USE)
    data, mime = services.content(release)
    said = read(data, mime, keys.trust_anchors())
    assert said.state == "trusted" == release.manifest_state
    assert said.actions == ("c2pa.opened", "c2pa.published")
    assert said.oversight == "human_validated"
    assert said.facts.generation_id == approved.generation.public_id
    assert [i.relationship for i in said.ingredients] == ["parentOf"]
    assert str(release) == release.public_id
    assert review.state_of(Output.objects.get(pk=approved.pk)) == "released"


def test_the_release_changes_no_pixel(world, approved):
    data, _mime = services.content(services.release(world.actor(world.alice), approved, USE))
    reviewed = objects.get(approved.object_key, approved.sha256)
    assert pixel_digest(decode_upload(data).image) == pixel_digest(decode_upload(reviewed).image)


@pytest.mark.parametrize("reviewers", [[], ["rita"]])
def test_two_approvals_are_needed(world, output, reviewers):
    for name in reviewers:
        reviewing.decide(world.actor(getattr(world, name)), output, "approve")
    with pytest.raises(Conflict) as refused:
        services.release(world.actor(world.alice), output, USE)
    assert refused.value.code == "not_approved"


def test_it_is_released_once(world, approved):
    services.release(world.actor(world.alice), approved, USE)
    with pytest.raises(Conflict, match="already"):
        services.release(world.actor(world.alice), approved, USE)


@pytest.mark.parametrize("name", ["rita", "gordon", "ada"])
def test_reviewers_and_auditors_do_not_release(world, approved, name):
    with pytest.raises(NotPermitted):
        services.release(world.actor(getattr(world, name)), approved, USE)


def test_a_key_releases_in_its_makers_name(world, approved):
    key = world.key_actor()
    release = services.release(key, approved, USE)
    assert release.released_by == world.keymaker()
    assert next(e for e in audit.events(world.aozora.id) if e.event == "release.published").actor == key.label


def test_a_draft_use_is_not_enough(world, approved):
    with pytest.raises(RightsRefused) as refused:
        services.release(world.actor(world.alice), approved, {"channel": "internal"})
    assert {r["rule_id"] for r in refused.value.reasons} >= {"use.channel_missing", "use.territory_missing"}
    assert not Release.objects.exists()


def test_a_right_that_falls_stops_the_serving(world, approved):
    release = services.release(world.actor(world.alice), approved, USE)
    services.content(release)
    ReferenceImage.objects.update(own_work=False)
    with pytest.raises(RightsRefused):
        services.content(Release.objects.get(pk=release.pk))


def test_a_quarantined_picture_is_not_served(world, approved):
    release = services.release(world.actor(world.alice), approved, USE)
    Output.objects.update(quarantined_at=timezone.now())
    with pytest.raises(Withdrawn):
        services.content(Release.objects.get(pk=release.pk))


def test_a_withdrawn_picture_is_served_to_nobody(world, approved):
    release = services.release(world.actor(world.alice), approved, USE)
    with pytest.raises(InvalidInput):
        services.withdraw(world.actor(world.alice), release, "  ")
    services.withdraw(world.actor(world.gordon), release, "The campaign is over")
    with pytest.raises(Withdrawn):
        services.content(Release.objects.get(pk=release.pk))
    with pytest.raises(Conflict):
        services.withdraw(world.actor(world.alice), release, "Twice")
    assert review.state_of(Output.objects.get(pk=approved.pk)) == "withdrawn"


def test_reviewers_do_not_withdraw(world, approved):
    release = services.release(world.actor(world.alice), approved, USE)
    with pytest.raises(NotPermitted):
        services.withdraw(world.actor(world.rita), release, "No")


def test_a_file_changed_on_disk_is_not_released(world, approved):
    objects.put(approved.object_key, b"something else", "image/png")
    with pytest.raises(objects.DigestMismatch):
        services.release(world.actor(world.alice), approved, USE)


def test_a_file_of_another_generation_is_not_released(world, approved):
    other = drawn(world)[0]
    approved.object_key, approved.sha256 = other.object_key, other.sha256
    with pytest.raises(Conflict) as refused:
        stamp_release(approved, labels_for(approved, USE, None, timezone.localdate()), "rel_1")
    assert refused.value.code == "manifest_mismatch"


def test_the_product_itself_releases_nothing(world, approved):
    with pytest.raises(NotPermitted, match="person who answers"):
        services.release(system_actor(world.aozora.id), approved, USE)


def test_another_company_finds_no_release(world):
    with tenant_scope(world.aozora.id):
        output = drawn(world)[0]
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
        public_id = services.release(world.actor(world.alice), output, USE).public_id
        assert selectors.get_release(world.actor(world.ada), public_id).public_id == public_id
    with tenant_scope(world.northwind.id), pytest.raises(NotFound):
        selectors.get_release(world.actor(world.charlie), public_id)


INSERT = (
    "INSERT INTO releases_release (id, created_at, tenant_id, output_id, object_key, sha256, mime, manifest_state, "
    '"use", released_by_id, withdrawn_reason) '
    "VALUES (gen_random_uuid(), now(), %s, %s, 'k', 's', 'image/png', 'trusted', '{}', %s, '')"
)


def refused_by_the_database(statement: str | sql.Composed, *values: object) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refused.value)


def test_the_database_refuses_a_release_without_two_approvals(world, output):
    insert = [INSERT, world.aozora.id, output.pk, world.alice.pk]
    assert "two people" in refused_by_the_database(*insert)
    first = reviewing.decide(world.actor(world.rita), output, "approve")
    assert "two people" in refused_by_the_database(*insert)
    reviewing.decide(world.actor(world.ravi), output, "approve")
    reviewing.undo(world.actor(world.rita), first)
    assert "two people" in refused_by_the_database(*insert)


def test_the_database_keeps_the_decisions_behind_a_release(world, approved):
    services.release(world.actor(world.alice), approved, USE)
    undo = "UPDATE review_decision SET undone_at = now() WHERE output_id = %s"
    assert "stand" in refused_by_the_database(undo, approved.pk)


def test_the_database_refuses_to_edit_a_release(world, approved):
    release = services.release(world.actor(world.alice), approved, USE)
    for column in ("sha256", "withdrawn_reason", "object_key"):
        edit = sql.SQL("UPDATE releases_release SET {} = 'x' WHERE id = %s").format(sql.Identifier(column))
        assert "never edited" in refused_by_the_database(edit, release.pk)
    assert "never deleted" in refused_by_the_database("DELETE FROM releases_release WHERE id = %s", release.pk)
    services.withdraw(world.actor(world.alice), release, "Over")
    back = "UPDATE releases_release SET withdrawn_at = NULL WHERE id = %s"
    assert "never edited" in refused_by_the_database(back, release.pk)
