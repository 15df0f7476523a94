"""The person behind a record, by link: they see what was made, approve, narrow, stop and revoke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from imprimatur import keys
from imprimatur.generations import approvals
from imprimatur.generations import services as generations
from imprimatur.generations.models import Generation, Output, SubjectApproval
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.review import services as review
from imprimatur.rights import selectors, signing
from imprimatur.rights.models import ConsentRecord, RightStatus
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.errors import RightsRefused
from imprimatur.tenants.scope import tenant_scope

from governance.provenance import read
from tests.factories import World
from tests.imprimatur.drawn import approved_version, drawn, worked
from tests.imprimatur.generations.asked import ask, likeness

BASE = "https://pictures.example.com"


@dataclass(frozen=True)
class Made:
    """A consent, the link to its portal, and pictures made under it."""

    record: ConsentRecord
    path: str
    outputs: list[Output]


def made(world: World, count: int = 1, **terms: Any) -> Made:
    contact = Contact(name="Mika", email="mika@example.com")
    reference, record = likeness(world, contact=contact, **terms)
    rows = ask(world, reference=reference, count=count)
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        for row in rows:
            assert generations.record_report(worked(row))
        path = signing.send_portal(gordon, record, BASE).removeprefix(BASE)
        outputs = list(Output.objects.filter(generation__in=rows).order_by("created_at"))
        return Made(selectors.get_consent(record.public_id), path, outputs)


def reviewed(world: World, output: Output) -> None:
    for person in (world.rita, world.ravi):
        review.decide(world.actor(person), output, "approve")


def fresh(world: World, found: Made) -> ConsentRecord:
    with tenant_scope(world.aozora.id):
        return selectors.get_consent(found.record.public_id)


def test_they_see_what_was_made_of_them_and_nothing_else(world: World) -> None:
    found = made(world)
    (stranger,) = drawn(world)
    person = Client()
    page = person.get(found.path)
    assert page.status_code == 200
    assert found.outputs[0].public_id in page.content.decode()
    assert stranger.public_id not in page.content.decode()
    picture = person.get(f"{found.path}/pictures/{found.outputs[0].public_id}")
    assert read(picture.content, "image/png", keys.trust_anchors()).state == "trusted"
    assert "no-store" in picture["Cache-Control"]
    assert person.get(f"{found.path}/pictures/{stranger.public_id}").status_code == 404


def test_without_their_yes_nothing_that_they_reserved_goes_out(world: World) -> None:
    found = made(world, approval_right="per_output")
    (output,) = found.outputs
    alice = world.actor(world.alice)
    with tenant_scope(world.aozora.id):
        reviewed(world, output)
        with pytest.raises(RightsRefused) as caught:
            releases.release(alice, output)
        assert [r["rule_id"] for r in caught.value.reasons] == ["consent.approval_missing"]
    address = f"{found.path}/pictures/{output.public_id}/answer"
    assert Client().post(address, {"answer": "refuse"}).status_code == 302
    with tenant_scope(world.aozora.id), pytest.raises(RightsRefused):
        releases.release(alice, output)
    Client().post(address, {"answer": "approve"})
    Client().post(address, {"answer": "perhaps"})  # neither a yes nor a no
    with tenant_scope(world.aozora.id):
        released = releases.release(alice, output)
        assert releases.content(released)[0]
        assert [a.approved for a in SubjectApproval.objects.order_by("created_at")] == [False, True]
        assert SubjectApproval.objects.earliest("created_at").seconds >= 0
    Client().post(address, {"answer": "refuse"})
    with tenant_scope(world.aozora.id), pytest.raises(RightsRefused):
        releases.content(Release.objects.get())


def test_a_yes_holds_for_a_campaign_and_a_no_for_one_picture(world: World) -> None:
    found = made(world, count=2, approval_right="per_campaign")
    first, second = found.outputs
    Client().post(f"{found.path}/pictures/{first.public_id}/answer", {"answer": "approve"})
    with tenant_scope(world.aozora.id):
        record = fresh(world, found)
        assert list(approvals.latest(record, found.outputs).values()) == [True, True]
    Client().post(f"{found.path}/pictures/{second.public_id}/answer", {"answer": "refuse"})
    with tenant_scope(world.aozora.id):
        said = approvals.latest(record, found.outputs)
        assert (said[first], said[second]) == (True, False)
        other = Generation.objects.get(output=first)
        other.template_version = approved_version(world)
        assert approvals.campaign_of(other) != approvals.campaign_of(second.generation)


def test_there_is_nothing_to_approve_where_nothing_was_reserved(world: World) -> None:
    found = made(world)
    address = f"{found.path}/pictures/{found.outputs[0].public_id}/answer"
    assert Client().post(address, {"answer": "approve"}).status_code == 404


def test_they_take_a_part_back(world: World) -> None:
    found = made(world)
    left = {"channels": [], "purposes": ["advertising"], "territories": ["JP"]}
    left["references"] = list(found.record.reference_digests)
    Client().post(f"{found.path}/narrow", left)
    record = fresh(world, found)
    assert (record.terms["channels"], record.terms["purposes"], record.terms_version) == ([], ["advertising"], 2)
    with tenant_scope(world.aozora.id):
        assert selectors.versions(record)[0].made_by.startswith("link:lnk_")
        with pytest.raises(RightsRefused):
            review.decide(world.actor(world.rita), found.outputs[0], "approve")
    forged = left | {"channels": ["tv", "web"]}
    Client().post(f"{found.path}/narrow", forged)
    assert fresh(world, found).terms["channels"] == []


def test_they_stop_it_and_revoke_it_with_a_typed_word(world: World) -> None:
    found = made(world)
    person = Client(headers={"accept-language": "en"})
    person.post(f"{found.path}/revoke", {"confirm": "yes"})
    assert fresh(world, found).status == RightStatus.ACTIVE
    person.post(f"{found.path}/suspend")
    row = fresh(world, found)
    assert (row.status, row.suspension_reason) == (RightStatus.SUSPENDED, "person")
    person.post(f"{found.path}/revoke", {"confirm": "take back"})
    row = fresh(world, found)
    assert (row.status, row.revocation_reason != "") == (RightStatus.REVOKED, True)
    page = person.get(found.path).content.decode()
    assert "Take it all back" not in page


def test_the_page_tells_what_a_revocation_reaches(world: World) -> None:
    found = made(world, count=2)
    page = Client(headers={"accept-language": "en"}).get(found.path).content.decode()
    assert "2 pictures made under it would no longer be shown." in page
