"""A person who takes their word back is not looked at any more: their photograph is hidden like the pictures of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from imprimatur.rights import selectors as right_selectors
from imprimatur.rights import services as rights
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import bring_about, now_of, revoke

WHY = "The person in this photograph has revoked their consent"
Told = list[tuple[str, list[str]]]


def shown(client: Client, public_id: str) -> set[int]:
    """How every address that gives away something of the picture answers."""
    api = f"/api/v1/references/{public_id}"
    addresses = (f"{api}/content", f"{api}/content?size=320", f"{api}/quality")
    pages = (f"/references/{public_id}/content", f"/references/{public_id}/thumbnail")
    return {client.get(address).status_code for address in (*addresses, *pages)}


@pytest.mark.parametrize("who", ["alice", "gordon"])
def test_a_photograph_goes_out_of_sight_with_its_consent(world: World, told: Told, who: str) -> None:
    reference, record = likeness(world)
    client = world.client(getattr(world, who))
    assert shown(client, reference.public_id) == {200}
    revoke(world, record)
    bring_about()
    assert shown(client, reference.public_id) == {423}
    assert WHY in client.get(f"/api/v1/references/{reference.public_id}/content").json()["detail"]
    page = client.get(f"/references/{reference.public_id}").content.decode()
    assert WHY in page and "/content" not in page and "Photo coach" not in page
    assert client.get(f"/api/v1/references/{reference.public_id}").status_code == 200


def test_a_new_consent_shows_it_again_and_pictures_can_be_made(world: World, told: Told) -> None:
    reference, record = likeness(world)
    revoke(world, record)
    bring_about()
    assert now_of(world, reference).quarantined_at is not None
    with tenant_scope(world.aozora.id):
        terms = replace(right_selectors.terms_of(record), status="draft")
        again = rights.draft_consent(
            world.actor(world.alice), title="Again", kind="likeness", terms=terms, evidence=b"%PDF again"
        )
        rights.verify_record(world.actor(world.gordon), again)
    bring_about()
    assert now_of(world, reference).quarantined_at is None
    assert shown(world.client(world.alice), reference.public_id) == {200}
    assert ask(world, reference=reference)


def test_another_consent_in_force_keeps_it_in_sight(world: World, told: Told) -> None:
    reference, record = likeness(world)
    with tenant_scope(world.aozora.id):
        author, terms = world.actor(world.alice), right_selectors.terms_of(record)
        other = rights.draft_consent(author, title="Other", kind="likeness", terms=terms, evidence=b"%PDF other")
        rights.verify_record(world.actor(world.gordon), other)
    revoke(world, record)
    bring_about()
    assert now_of(world, reference).quarantined_at is None


def test_a_suspension_hides_no_photograph(world: World, told: Told) -> None:
    reference, record = likeness(world)
    with tenant_scope(world.aozora.id):
        rights.suspend(world.actor(world.gordon), record)
    bring_about()
    assert now_of(world, reference).quarantined_at is None
