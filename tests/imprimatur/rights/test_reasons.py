"""Why somebody took their word back is told in their own words: to rights managers and owners, and to nobody else."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from imprimatur.generations import orders
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.rights import selectors, services
from imprimatur.rights.models import ConsentRecord
from imprimatur.rights.versions import terms_in
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import cascade

from tests.factories import World, member
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.withdrawal.made import finished, shelf

OWN_WORDS = "Mika is ill and wants peace"
NARROWER = "Mika dislikes posters"


@pytest.fixture
def revoked(world: World, monkeypatch: pytest.MonkeyPatch) -> ConsentRecord:
    """A consent that was narrowed and revoked, each with a reason, and what that reached."""
    monkeypatch.setattr(orders, "forget", lambda *_: True)  # there is no broker here
    reference, record = likeness(world, channels=frozenset({"web", "print"}))
    (row,) = ask(world, reference=reference)
    finished(world, row)
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        smaller = type(terms_in(record)).from_json(record.terms | {"channels": ["web"]})
        services.narrow(gordon, record, smaller, NARROWER)
        services.revoke(gordon, selectors.get_consent(record.public_id), OWN_WORDS)
    while cascade.pull():
        pass
    return record


def addresses(client: Client, record: ConsentRecord) -> list[str]:
    """Every address that speaks of the record or of what became of it."""
    one, pages = f"/api/v1/consents/{record.public_id}", f"/rights/{record.public_id}"
    found = client.get(f"/api/v1/withdrawals?record={record.public_id}").json()["data"]
    each = [path for row in found for path in (f"/api/v1/withdrawals/{row['id']}", f"/rights/withdrawals/{row['id']}")]
    lists = ["/api/v1/consents", "/api/v1/withdrawals", "/rights", "/rights/withdrawals", pages, "/references", "/jobs"]
    return [one, f"{one}/versions", f"{one}/receipts", "/audit", *lists, *each]


def read(client: Client, record: ConsentRecord) -> str:
    """All that they answer, as one text."""
    answers = [client.get(path) for path in addresses(client, record)]
    assert {answer.status_code for answer in answers} <= {200, 403}
    return "".join(answer.content.decode() for answer in answers)


@pytest.mark.parametrize("name", ["alice", "rita", "ada"])
def test_everybody_else_learns_that_it_was_and_when(world: World, revoked: ConsentRecord, name: str) -> None:
    client = world.client(getattr(world, name))
    text = read(client, revoked)
    assert OWN_WORDS not in text and NARROWER not in text
    record = client.get(f"/api/v1/consents/{revoked.public_id}").json()
    assert (record["status"], record["revocation_reason"]) == ("revoked", None)
    assert record["revoked_at"]
    rows = client.get(f"/api/v1/withdrawals?record={revoked.public_id}").json()["data"]
    assert {row["cause"] for row in rows} >= {"revoked"} and {row["why"] for row in rows} == {None}


@pytest.mark.parametrize("name", ["gordon", "olive"])
def test_rights_managers_and_owners_read_it(world: World, revoked: ConsentRecord, name: str) -> None:
    text = read(world.client(getattr(world, name)), revoked)
    assert OWN_WORDS in text and NARROWER in text


def test_a_key_reads_what_its_maker_and_its_scopes_allow(world: World, revoked: ConsentRecord) -> None:
    both = member(world.aozora, "kim", [Role.OWNER, Role.RIGHTS_MANAGER], world.password)
    path = f"/api/v1/consents/{revoked.public_id}"
    said: list[Any] = []
    for scopes in ([Permission.VIEW], [Permission.VIEW, Permission.MANAGE_RIGHTS]):
        _key, secret = world.key(scopes, both)
        said.append(Client().get(path, headers={"authorization": f"Bearer {secret}"}).json()["revocation_reason"])
    assert said == [None, OWN_WORDS]


def test_neither_the_trail_nor_the_takedown_pack_holds_it(world: World, revoked: ConsentRecord) -> None:
    ada, gordon = world.client(world.ada), world.client(world.gordon)
    assert OWN_WORDS not in json.dumps(ada.get("/api/v1/audit-events").json())
    rows = gordon.get(f"/api/v1/withdrawals?record={revoked.public_id}").json()["data"]
    (ending,) = [row for row in rows if row["cause"] == "revoked"]
    pack = gordon.get(f"/api/v1/withdrawals/{ending['id']}/pack")
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    assert parts and all(OWN_WORDS.encode() not in part for part in parts)


@pytest.fixture
def withdrawn(world: World, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A released picture that a rights manager withdrew, with a reason."""
    monkeypatch.setattr(orders, "forget", lambda *_: True)  # there is no broker here
    released = shelf(world).released
    with tenant_scope(world.aozora.id):
        return releases.withdraw(world.actor(world.gordon), released, OWN_WORDS)


@pytest.mark.parametrize(
    ("name", "said"), [("alice", None), ("rita", None), ("gordon", OWN_WORDS), ("olive", OWN_WORDS)]
)
def test_why_a_release_was_withdrawn_is_told_to_the_same(
    world: World, withdrawn: Release, name: str, said: str | None
) -> None:
    client = world.client(getattr(world, name))
    one, listed = (client.get(f"/api/v1/releases{path}") for path in (f"/{withdrawn.public_id}", ""))
    assert one.json()["withdrawn_reason"] == listed.json()["data"][0]["withdrawn_reason"] == said
    assert one.json()["withdrawn_at"]
    page = client.get(f"/releases/{withdrawn.public_id}").content.decode()
    assert ("Withdrawn on" in page or "に取り下げ" in page) and (OWN_WORDS in page) is bool(said)  # Rita reads Japanese
    assert (OWN_WORDS in client.get("/library").content.decode()) is False


def test_that_a_right_ended_is_told_to_everybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "forget", lambda *_: True)
    made = shelf(world)
    with tenant_scope(world.aozora.id):
        services.revoke(world.actor(world.gordon), made.record, OWN_WORDS)
    while cascade.pull():
        pass
    client = world.client(world.alice)
    told = client.get(f"/api/v1/releases/{made.released.public_id}").json()
    assert told["withdrawn_reason"] == "right_revoked"
    page = client.get(f"/releases/{made.released.public_id}").content.decode()
    assert "the right behind it was withdrawn" in page and OWN_WORDS not in page
