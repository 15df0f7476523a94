"""Two people answer for a record: who drafted it, brought its document or gave its address does not verify it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imprimatur.rights import services
from imprimatur.rights.models import RightStatus
from imprimatur.rights.sealing import Contact
from imprimatur.rights.versions import terms_in
from imprimatur.tenants.actor import Actor, actor_for_key
from imprimatur.tenants.errors import NotPermitted
from imprimatur.tenants.models import ApiKey
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.rights.test_rights import EVIDENCE, consent, drafter

PAPER = b"%PDF-1.7 my own scan"


@pytest.fixture
def gordon(world: World) -> Iterator[Actor]:
    """The rights manager of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.gordon)


@pytest.fixture
def rei(world: World, gordon: Actor) -> Actor:
    """Another rights manager."""
    return world.actor(member(world.aozora, "rei", [Role.RIGHTS_MANAGER], world.password))


def key_of(world: World, person: Actor) -> Actor:
    """A key that the person made, with all that they may do themselves."""
    assert person.user is not None
    key = ApiKey.objects.create(
        tenant_id=world.aozora.id,
        name="script",
        lookup="k" * 16,
        secret_hash="0" * 64,
        scopes=[Permission.MANAGE_RIGHTS],
        created_by=person.user,
    )
    return actor_for_key(key)


@pytest.mark.parametrize("first", [None, EVIDENCE])
def test_whoever_attached_or_replaced_the_document_does_not_verify(
    gordon: Actor, rei: Actor, first: bytes | None
) -> None:
    record = services.attach_evidence(gordon, consent(gordon, evidence=first), PAPER, "scan.pdf")
    with pytest.raises(NotPermitted) as caught:
        services.verify_record(gordon, record)
    assert caught.value.code == "own_evidence"
    assert services.verify_record(rei, record).status == RightStatus.ACTIVE


def test_a_key_is_no_second_person(world: World, gordon: Actor, rei: Actor) -> None:
    record = services.attach_evidence(key_of(world, gordon), consent(gordon), PAPER, "scan.pdf")
    with pytest.raises(NotPermitted):
        services.verify_record(gordon, record)
    assert services.verify_record(rei, record).status == RightStatus.ACTIVE


def test_a_document_that_another_replaced_counts_no_more(gordon: Actor, rei: Actor) -> None:
    record = services.attach_evidence(gordon, consent(gordon), PAPER, "scan.pdf")
    record = services.attach_evidence(rei, record, EVIDENCE, "better.pdf")
    assert services.verify_record(gordon, record).status == RightStatus.ACTIVE


def test_whoever_gave_the_address_does_not_verify_paper_either(gordon: Actor, rei: Actor) -> None:
    record = services.set_contact(gordon, consent(gordon), Contact(name="Hanako", email="me@example.com"))
    with pytest.raises(NotPermitted) as caught:
        services.verify_record(gordon, record)
    assert caught.value.code == "own_address"
    assert services.verify_record(rei, record).status == RightStatus.ACTIVE


def test_a_draft_that_another_rewrote_keeps_its_first_authors_document(gordon: Actor, rei: Actor) -> None:
    dora, record = drafter(gordon), consent(gordon)
    record = services.redraft(rei, record, terms_in(record))
    with pytest.raises(NotPermitted) as caught:
        services.verify_record(dora, record)
    assert caught.value.code == "own_evidence"
    assert services.verify_record(gordon, record).status == RightStatus.ACTIVE
