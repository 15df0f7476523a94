"""Nobody speaks for somebody else: neither for the person behind a record, nor as a second pair of eyes for oneself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from imprimatur.generations import screening
from imprimatur.generations.models import Screening, SubjectApproval
from imprimatur.prompts import services as prompts
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.rights import contact_changes, mails, selectors, services, signing
from imprimatur.rights.models import AccessLink, ConsentRecord, RightStatus
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.errors import Conflict, NotPermitted, RightsRefused
from imprimatur.tenants.models import IdempotentAnswer
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.drawn import USE, approved_version
from tests.imprimatur.generations.asked import likeness
from tests.imprimatur.rights.test_portal import BASE, fresh, made, reviewed
from tests.imprimatur.rights.test_rights import consent
from tests.imprimatur.rights.test_signing import sent

THIEF = {"name": "Mika", "email": "alice@aozora.example"}


def test_no_creator_puts_their_own_address_behind_a_record_in_force(world: World) -> None:
    found = made(world, approval_right="per_output")
    address = f"/api/v1/consents/{found.record.public_id}/contact"
    answer = world.client(world.alice).put(address, THIEF, content_type="application/json")
    assert answer.status_code == 403
    world.client(world.gordon).post(f"/rights/{found.record.public_id}/portal")
    assert [message.to for message in mail.outbox][-1] == ["mika@example.com"]


def test_a_corrected_address_ends_the_links_that_went_to_the_wrong_one(world: World) -> None:
    found = made(world, approval_right="per_output")
    stranger = Client()
    assert stranger.get(found.path).status_code == 200
    rei = world.actor(member(world.aozora, "rei", [Role.RIGHTS_MANAGER], world.password))
    with tenant_scope(world.aozora.id):
        corrected = Contact(name="M", email="right@example.com")
        change = contact_changes.propose(world.actor(world.gordon), found.record, corrected, BASE)
        mails.send_due()
        contact_changes.confirm(rei, found.record, change)
    picture = f"{found.path}/pictures/{found.outputs[0].public_id}"
    assert stranger.get(found.path).status_code == stranger.get(picture).status_code == 410
    assert stranger.post(f"{picture}/answer", {"answer": "approve"}).status_code == 410
    with tenant_scope(world.aozora.id):
        assert not SubjectApproval.objects.exists()


def test_the_persons_own_stop_is_lifted_by_nobody_else(world: World) -> None:
    found = made(world)
    person, gordon = Client(headers={"accept-language": "en"}), world.client(world.gordon)
    person.post(f"{found.path}/suspend")
    answer = gordon.post(f"/api/v1/consents/{found.record.public_id}/resume")
    assert (answer.status_code, answer.json()["code"]) == (409, "stopped_by_person")
    assert "only they lift that" in gordon.get(f"/rights/{found.record.public_id}").content.decode()
    assert "Allow it again" in person.get(found.path).content.decode()
    person.post(f"{found.path}/resume")
    assert (fresh(world, found).status, fresh(world, found).suspension_reason) == (RightStatus.ACTIVE, "")


def test_a_link_lifts_no_stop_but_the_persons_own(world: World) -> None:
    found = made(world)
    person, gordon = Client(), world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        services.suspend(gordon, found.record)
    person.post(f"{found.path}/resume")
    assert fresh(world, found).status == RightStatus.SUSPENDED
    person.post(f"{found.path}/suspend")
    with tenant_scope(world.aozora.id), pytest.raises(Conflict) as caught:
        services.resume(gordon, found.record)
    assert caught.value.code == "stopped_by_person"


def test_what_was_signed_by_link_stays_the_evidence(world: World) -> None:
    record, path = sent(world)
    Client().post(path, {"answer": "signed", "agree": "on", "name": "Hanako"})
    with tenant_scope(world.aozora.id):
        before = selectors.get_consent(record.public_id)
        with pytest.raises(Conflict):
            services.attach_evidence(world.actor(world.alice), before, b"%PDF something else", "letter.pdf")
        assert selectors.get_consent(record.public_id).evidence_sha256 == before.evidence_sha256 != ""


def test_the_database_keeps_nothing_that_opens_a_link(world: World) -> None:
    found = made(world)
    gordon, address = world.client(world.gordon), f"/api/v1/consents/{found.record.public_id}/portal"
    once = {"idempotency-key": "once"}
    token = gordon.post(address, headers=once).json()["address"].rpartition("/")[2]
    with tenant_scope(world.aozora.id):
        assert token and token not in str(list(IdempotentAnswer.objects.values()))
    again = gordon.post(address, headers=once)
    assert (again.status_code, again.json()["code"]) == (409, "secret_shown_once")


def test_whoever_rewrites_a_draft_does_not_approve_it(world: World) -> None:
    with tenant_scope(world.aozora.id):
        both = world.actor(member(world.aozora, "bo", [Role.CREATOR, Role.REVIEWER], world.password))
        draft = approved_version(world).template
        version = prompts.new_version(world.actor(world.alice), draft, "a {subject} at sea")
        prompts.edit_draft(both, version, "a {subject} that I alone wanted")
        prompts.submit(both, version)
        with pytest.raises(NotPermitted):
            prompts.approve(both, version)
        assert prompts.approve(world.actor(world.rita), version).decided_by == world.rita


def test_a_yes_to_one_campaign_is_none_to_another(world: World) -> None:
    found = made(world, approval_right="per_campaign", channels=frozenset({"web", "print"}))
    output = found.outputs[0]
    Client().post(f"{found.path}/pictures/{output.public_id}/answer", {"answer": "approve"})
    with tenant_scope(world.aozora.id):
        reviewed(world, output)
        with pytest.raises(RightsRefused) as caught:
            releases.release(world.actor(world.alice), output, USE | {"channel": "print"})
        assert [reason["rule_id"] for reason in caught.value.reasons] == ["consent.approval_missing"]
        assert releases.release(world.actor(world.alice), output, USE).use == USE


def test_a_link_of_one_record_reaches_no_other(world: World) -> None:
    mine, theirs = made(world, approval_right="per_output"), made(world, approval_right="per_output")
    other = f"{mine.path}/pictures/{theirs.outputs[0].public_id}"
    assert Client().get(other).status_code == Client().post(f"{other}/answer", {"answer": "approve"}).status_code == 404
    _reference, unrelated = likeness(world)
    with tenant_scope(world.aozora.id):
        AccessLink.objects.filter(record=mine.record.public_id).update(expires_at=timezone.now())
        assert ConsentRecord.objects.get(pk=unrelated.pk).status == RightStatus.ACTIVE
        signed = signing.send_portal(world.actor(world.gordon), theirs.record, BASE).removeprefix(BASE)
    assert Client().get(mine.path).status_code == 410
    assert Client().get(signed.replace("/portal/", "/sign/")).status_code == 404


def test_whoever_gave_the_address_does_not_verify_what_came_back(world: World) -> None:
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        record = consent(gordon, evidence=None)
        services.set_contact(gordon, record, Contact(name="Hanako", email="gordon@aozora.example"))
        path = signing.send_to_sign(gordon, record, BASE).removeprefix(BASE)
    Client().post(path, {"answer": "signed", "agree": "on", "name": "Hanako"})
    with tenant_scope(world.aozora.id):
        signed = selectors.get_consent(record.public_id)
        with pytest.raises(NotPermitted) as caught:
            services.verify_record(gordon, signed)
        assert caught.value.code == "own_address"
        second = world.actor(member(world.aozora, "rei", [Role.RIGHTS_MANAGER], world.password))
        assert services.verify_record(second, signed).status == RightStatus.ACTIVE


def test_where_mails_go_out_a_link_is_the_persons_alone(world: World, settings: Any) -> None:
    settings.LINKS_ARE_SHOWN = False
    found = made(world)
    assert found.path == ""
    assert "/portal/" in mail.outbox[-1].body
    answer = world.client(world.gordon).post(f"/rights/{found.record.public_id}/portal", follow=True)
    assert "Sent by mail." in answer.content.decode() and "/portal/ey" not in answer.content.decode()


def test_a_stop_outlives_the_term_that_it_stopped(world: World) -> None:
    end = timezone.now() + timedelta(days=1)
    found = made(world, valid_until=end, sell_off_days=30)
    with tenant_scope(world.aozora.id):
        reviewed(world, found.outputs[0])
        released = releases.release(world.actor(world.alice), found.outputs[0], USE)
    Client().post(f"{found.path}/suspend")
    for days in (2, 29, 32):
        with tenant_scope(world.aozora.id):
            later = timezone.now() + timedelta(days=days)
            services.expire_due(world.actor(world.gordon), later)
            with pytest.raises(RightsRefused):
                releases.content(Release.objects.get(pk=released.pk), later)
    assert fresh(world, found).status == RightStatus.EXPIRED


def test_the_portal_shows_nobody_elses_face(world: World) -> None:
    found = made(world, approval_right="per_output")
    output, person = found.outputs[0], Client()
    picture = f"{found.path}/pictures/{output.public_id}"
    with tenant_scope(world.aozora.id):
        finding = [{"code": screening.NEARER, "params": {}}]
        held = Screening.objects.create(tenant=world.aozora, output=output, findings=finding)
    assert output.public_id not in person.get(found.path).content.decode()
    assert person.get(picture).status_code == person.post(f"{picture}/answer").status_code == 404
    with tenant_scope(world.aozora.id):
        screening.clear(world.actor(world.gordon), held)
    assert person.get(picture).status_code == 200
