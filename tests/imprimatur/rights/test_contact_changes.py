"""Another address behind a record in force: one proposes, the person is told, a second confirms; nobody alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from imprimatur.audit.selectors import events
from imprimatur.rights import contact_changes, expiry, mails, sealing, selectors, services, signing
from imprimatur.rights.contact_mails import masked
from imprimatur.rights.contact_states import changes_of
from imprimatur.rights.models import (
    AccessLink,
    ConsentRecord,
    ContactChange,
    ContactChangeStatus,
    RightStatus,
    TrademarkLicence,
)
from imprimatur.rights.sealing import Contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, PersonRequired
from imprimatur.tenants.models import Membership, User
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World, member
from tests.imprimatur.rights.test_portal import BASE, Made, fresh, made
from tests.imprimatur.rights.test_rights import licence, terms
from tests.imprimatur.rights.test_signing import sent

NEW = Contact(name="Mika", email="mika@elsewhere.example")
EN = {"accept-language": "en"}


def manager(world: World, name: str = "rei") -> User:
    """Another rights manager of aozora's."""
    return member(world.aozora, name, [Role.RIGHTS_MANAGER], world.password)


@pytest.fixture
def found(world: World) -> Made:
    """A record in force, the link to its portal, and a second rights manager in the company."""
    manager(world)
    mail.outbox.clear()
    return made(world, approval_right="per_output")


def proposed(world: World, record: ConsentRecord, contact: Contact = NEW, **said: Any) -> ContactChange:
    with tenant_scope(world.aozora.id):
        change = contact_changes.propose(world.actor(world.gordon), record, contact, BASE, **said)
    mails.send_due()
    return change


def contact(world: World, record: ConsentRecord) -> Contact:
    with tenant_scope(world.aozora.id):
        return selectors.contact(world.actor(world.gordon), selectors.get_consent(record.public_id))


def told(world: World, record: ConsentRecord) -> list[tuple[str, str]]:
    """What the trail says about the contact, oldest first: event and actor."""
    with tenant_scope(world.aozora.id):
        trail = events(world.aozora.id, subject=record.public_id).filter(event__startswith="consent.contact_")
        return [(event.event.removeprefix("consent."), event.actor) for event in reversed(trail)]


def link_in(message: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", message.body)
    assert found
    return found.group(1)


def to(address: str) -> list[Any]:
    mails.send_due()
    return [message for message in mail.outbox if message.to == [address]]


def test_nobody_changes_the_address_of_a_record_in_force_alone(world: World, found: Made) -> None:
    with tenant_scope(world.aozora.id), pytest.raises(Conflict) as caught:
        services.set_contact(world.actor(world.gordon), found.record, NEW)
    assert caught.value.code == "not_a_draft"
    change = proposed(world, found.record)
    assert contact(world, found.record).email == "mika@example.com"
    with tenant_scope(world.aozora.id), pytest.raises(NotPermitted) as refused:
        contact_changes.confirm(world.actor(world.gordon), found.record, change)
    assert refused.value.code == "own_proposal"
    assert Client().get(found.path).status_code == 200
    assert contact(world, found.record).email == "mika@example.com"


def test_a_second_confirms_and_only_then_links_to_the_former_address_end(world: World, found: Made) -> None:
    change, rei = proposed(world, found.record), world.actor(manager(world))
    assert Client().get(found.path).status_code == 200
    with tenant_scope(world.aozora.id):
        contact_changes.confirm(rei, found.record, change)
        assert ContactChange.objects.get().sealed_contact == ""
    assert contact(world, found.record) == NEW
    assert Client().get(found.path).status_code == 410
    assert "under another address now" in to("mika@example.com")[-1].subject
    gordon = world.actor(world.gordon)
    assert told(world, found.record) == [("contact_proposed", gordon.label), ("contact_changed", rei.label)]
    with tenant_scope(world.aozora.id):
        signing.send_portal(gordon, fresh(world, found), BASE)
    assert to(NEW.email)


def test_the_person_is_told_at_their_present_address_and_stops_it(world: World, found: Made) -> None:
    change, before = proposed(world, found.record), contact(world, found.record)
    message = to("mika@example.com")[-1]
    assert "m…@elsewhere.example" in message.body and NEW.email not in message.body
    page = Client(headers=EN).get(link_in(message))
    assert page.status_code == 200 and NEW.email not in page.content.decode()
    assert Client().post(link_in(message)).status_code == 200
    assert Client().get(link_in(message)).status_code == 410
    with tenant_scope(world.aozora.id):
        row = changes_of(found.record).get()
        assert (row.status, row.sealed_contact, row.decided_by) == (ContactChangeStatus.DECLINED, "", None)
        with pytest.raises(Conflict):
            contact_changes.confirm(world.actor(manager(world)), found.record, change)
    assert contact(world, found.record) == before
    assert told(world, found.record)[-1][1].startswith("link:lnk_")
    assert Client().get(found.path).status_code == 200


def test_reading_the_mail_decides_nothing(world: World, found: Made) -> None:
    proposed(world, found.record)
    for _ in range(2):
        assert Client().get(link_in(to("mika@example.com")[-1])).status_code == 200
    with tenant_scope(world.aozora.id):
        assert changes_of(found.record).get().status == ContactChangeStatus.PROPOSED


def test_those_who_may_confirm_are_asked_without_a_name(world: World, found: Made) -> None:
    proposed(world, found.record)
    (asked,) = to("rei@aozora.example")
    assert found.record.public_id in asked.body
    assert "mika" not in (asked.body + asked.subject).lower()
    assert not to("gordon@aozora.example")


def test_whoever_drafted_the_record_does_not_confirm(world: World, found: Made) -> None:
    change = proposed(world, found.record)
    with tenant_scope(world.aozora.id):
        both = world.actor(member(world.aozora, "bo", [Role.RIGHTS_MANAGER], world.password))
        record = services.draft_consent(both, title="Own", kind="likeness", terms=terms(), contact=NEW)
        services.mark_sent(both, record)
        mine = contact_changes.propose(world.actor(world.gordon), record, Contact(email="x@example.com"), BASE)
        with pytest.raises(NotPermitted) as caught:
            contact_changes.confirm(both, record, mine)
        assert caught.value.code == "own_record"
        contact_changes.confirm(both, found.record, change)


@pytest.mark.parametrize("name", ["alice", "rita", "olive", "ada"])
def test_nobody_but_rights_managers_has_a_say(world: World, found: Made, name: str) -> None:
    change, actor = proposed(world, found.record), world.actor(getattr(world, name))
    steps: list[Callable[..., Any]] = [contact_changes.confirm, contact_changes.decline, contact_changes.withdraw]
    with tenant_scope(world.aozora.id):
        for step in steps:
            with pytest.raises(NotPermitted):
                step(actor, found.record, change)
        with pytest.raises(NotPermitted):
            contact_changes.propose(actor, found.record, NEW, BASE)


def test_a_key_has_none_either(world: World, found: Made) -> None:
    change, rei = proposed(world, found.record), manager(world)
    key = Actor(world.aozora.id, rei, frozenset(Permission), api_key=object())  # type: ignore[arg-type]  # any key
    with tenant_scope(world.aozora.id):
        for step in (contact_changes.confirm, contact_changes.decline, contact_changes.withdraw):
            with pytest.raises(PersonRequired):
                step(key, found.record, change)
        with pytest.raises(PersonRequired):
            contact_changes.propose(key, found.record, NEW, BASE)


def test_it_is_declined_by_another_and_withdrawn_by_its_proposer(world: World, found: Made) -> None:
    gordon, rei = world.actor(world.gordon), world.actor(manager(world))
    change = proposed(world, found.record)
    with tenant_scope(world.aozora.id):
        with pytest.raises(NotPermitted):
            contact_changes.decline(gordon, found.record, change)
        with pytest.raises(NotPermitted):
            contact_changes.withdraw(rei, found.record, change)
        with pytest.raises(Conflict) as caught:
            contact_changes.propose(rei, found.record, Contact(email="other@example.com"), BASE)
        assert caught.value.code == "change_waits"
        contact_changes.decline(rei, found.record, change)
    change = proposed(world, found.record)
    with tenant_scope(world.aozora.id):
        contact_changes.withdraw(gordon, found.record, change)
        with pytest.raises(Conflict):
            contact_changes.confirm(rei, found.record, change)
    said = [event for event, _actor in told(world, found.record)]
    assert said == ["contact_proposed", "contact_declined", "contact_proposed", "contact_withdrawn"]
    assert contact(world, found.record).email == "mika@example.com"


def test_it_lapses_after_fourteen_days_whether_it_was_marked_or_not(world: World, found: Made) -> None:
    now = timezone.now()
    change, rei = proposed(world, found.record, now=now), world.actor(manager(world))
    over = now + timedelta(days=14)
    with tenant_scope(world.aozora.id), pytest.raises(Conflict):
        contact_changes.confirm(rei, found.record, change, over)
    assert expiry.expire_everywhere(over - timedelta(seconds=1)) == 0
    assert (expiry.expire_everywhere(over), expiry.expire_everywhere(over)) == (1, 0)
    with tenant_scope(world.aozora.id):
        row = changes_of(found.record).get()
        assert (row.status, row.sealed_contact) == (ContactChangeStatus.LAPSED, "")
    assert told(world, found.record)[-1] == ("contact_lapsed", "system")


def test_a_proposal_of_somebody_who_left_is_not_confirmed(world: World, found: Made) -> None:
    change, rei = proposed(world, found.record), world.actor(manager(world))
    with tenant_scope(world.aozora.id):
        Membership.objects.filter(user=world.gordon).delete()
        with pytest.raises(Conflict) as caught:
            contact_changes.confirm(rei, found.record, change)
        assert caught.value.code == "proposer_gone"
        contact_changes.decline(rei, found.record, change)
        assert ContactChange.objects.get().status == ContactChangeStatus.DECLINED


def test_where_nobody_could_confirm_the_sentence_says_what_to_do(world: World) -> None:
    found = made(world)
    with tenant_scope(world.aozora.id), pytest.raises(Conflict) as caught:
        contact_changes.propose(world.actor(world.gordon), found.record, NEW, BASE)
    assert caught.value.code == "nobody_confirms"
    assert "appoint" in str(caught.value)
    assert not to("mika@example.com")[1:]


def test_a_proposal_needs_an_address_and_a_difference(world: World, found: Made) -> None:
    with pytest.raises(InvalidInput):
        proposed(world, found.record, Contact(name="Mika"))
    with pytest.raises(Conflict) as caught:
        proposed(world, found.record, Contact(name="Mika", email="mika@example.com"))
    assert caught.value.code == "unchanged"
    with tenant_scope(world.aozora.id):
        services.revoke(world.actor(world.gordon), found.record)
    with pytest.raises(Conflict) as ended:
        proposed(world, found.record)
    assert ended.value.code == "record_ended"


def test_a_proposal_does_not_outlive_its_record(world: World, found: Made) -> None:
    change, rei = proposed(world, found.record), world.actor(manager(world))
    with tenant_scope(world.aozora.id):
        services.revoke(rei, found.record)
        with pytest.raises(Conflict) as caught:
            contact_changes.confirm(rei, found.record, change)
    assert caught.value.code == "record_ended"


def test_the_person_moves_by_their_own_link_and_answers_from_the_new_address(world: World, found: Made) -> None:
    person = Client(headers=EN)
    answer = person.post(f"{found.path}/address", {"email": NEW.email, "language": "ja"})
    assert answer.status_code == 302
    assert contact(world, found.record).email == "mika@example.com"
    asked = link_in(to(NEW.email)[-1])
    assert person.get(asked).status_code == 200
    assert contact(world, found.record).email == "mika@example.com"
    assert person.post(asked).status_code == 200
    assert contact(world, found.record) == Contact(name="Mika", email=NEW.email, language="ja")
    assert person.get(asked).status_code == person.get(found.path).status_code == 410
    assert [event for event, _ in told(world, found.record)] == ["contact_proposed", "contact_changed"]
    assert all(actor.startswith("link:lnk_") for _, actor in told(world, found.record))


def test_what_the_person_asked_for_is_nobody_elses(world: World, found: Made) -> None:
    Client().post(f"{found.path}/address", {"email": NEW.email, "language": "en"})
    rei = world.actor(manager(world))
    with tenant_scope(world.aozora.id):
        change = changes_of(found.record).get()
        for step in (contact_changes.confirm, contact_changes.decline, contact_changes.withdraw):
            with pytest.raises(NotPermitted):
                step(rei, found.record, change)
    assert Client().post(f"{found.path}/address/stop").status_code == 302
    with tenant_scope(world.aozora.id):
        assert changes_of(found.record).get().status == ContactChangeStatus.WITHDRAWN
    assert Client().post(link_in(to(NEW.email)[-1])).status_code == 410
    assert contact(world, found.record).email == "mika@example.com"


def test_a_thief_of_the_link_is_stopped_from_the_present_address(world: World, found: Made) -> None:
    Client().post(f"{found.path}/address", {"email": "thief@example.com", "language": "en"})
    assert Client().post(link_in(to("mika@example.com")[-1])).status_code == 200
    assert Client().post(link_in(to("thief@example.com")[-1])).status_code == 410
    assert contact(world, found.record).email == "mika@example.com"


def test_the_persons_own_wish_goes_before_a_managers(world: World, found: Made) -> None:
    change = proposed(world, found.record, Contact(email="wrong@example.com"))
    Client().post(f"{found.path}/address", {"email": NEW.email, "language": "en"})
    with tenant_scope(world.aozora.id), pytest.raises(Conflict):
        contact_changes.confirm(world.actor(manager(world)), found.record, change)
    Client().post(link_in(to(NEW.email)[-1]))
    assert contact(world, found.record).email == NEW.email


def test_a_signature_from_ones_own_address_stays_ones_own(world: World) -> None:
    record, path = sent(world, Contact(name="Hanako", email="typo@example.com"))
    rei, bo = world.actor(manager(world)), world.actor(manager(world, "bo"))
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        first = contact_changes.propose(gordon, record, Contact(name="Hanako", email="gordon@aozora.example"), BASE)
        mails.send_due()
        contact_changes.confirm(rei, record, first)
        path = signing.send_to_sign(gordon, selectors.get_consent(record.public_id), BASE).removeprefix(BASE)
    Client().post(path, {"answer": "signed", "agree": "on", "name": "Hanako"})
    with tenant_scope(world.aozora.id):
        signed = selectors.get_consent(record.public_id)
        second = contact_changes.propose(bo, signed, Contact(name="Hanako", email="hanako@example.com"), BASE)
        mails.send_due()
        contact_changes.confirm(gordon, signed, second)
        with pytest.raises(NotPermitted) as caught:
            services.verify_record(gordon, signed)
        assert caught.value.code == "own_address"
        with pytest.raises(NotPermitted):
            services.verify_record(bo, signed)
        assert services.verify_record(rei, signed).status == RightStatus.ACTIVE


def licensed(world: World) -> TrademarkLicence:
    """A trademark licence in force."""
    gordon = world.actor(world.gordon)
    return services.verify_record(gordon, licence(gordon))


def refused(statement: str, *values: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_the_database_lets_no_contact_in_by_another_way(world: World, found: Made) -> None:
    change = proposed(world, found.record)
    with tenant_scope(world.aozora.id):
        refused("UPDATE rights_consentrecord SET sealed_contact = 'v1.x.y' WHERE id = %s", found.record.pk)
        refused("UPDATE rights_consentrecord SET sealed_contact = '' WHERE id = %s", found.record.pk)
        refused("UPDATE rights_trademarklicence SET sealed_contact = 'v1.x.y' WHERE id = %s", licensed(world).pk)
        refused(
            "UPDATE rights_consentrecord SET sealed_contact = %s WHERE id = %s", change.sealed_contact, found.record.pk
        )
        decided = "UPDATE rights_contactchange SET status = 'confirmed', decided_at = now(), decided_by_id = %s"
        refused(decided, world.gordon.pk)
        refused(decided, None)
        refused("UPDATE rights_contactchange SET sealed_contact = 'v1.x.y'")
        refused("UPDATE rights_contactchange SET expires_at = expires_at + interval '1 day'")
        refused("UPDATE rights_contactchange SET proposed_by_id = %s", world.alice.pk)
        refused("DELETE FROM rights_contactchange")


def test_the_database_asks_for_another_than_the_drafter_and_for_the_same_transaction(world: World, found: Made) -> None:
    change = proposed(world, found.record)
    moved = "UPDATE rights_consentrecord SET sealed_contact = %s WHERE id = %s"
    with tenant_scope(world.aozora.id):
        ContactChange.objects.filter(pk=change.pk).update(
            status="confirmed", decided_at=timezone.now(), decided_by=world.alice
        )
        refused(moved, change.sealed_contact, found.record.pk)  # alice drafted it


@pytest.mark.django_db(transaction=True)
def test_what_was_confirmed_once_is_not_confirmed_for_ever(committed_world: World) -> None:
    world = committed_world
    manager(world)
    found = made(world)
    change = proposed(world, found.record)
    with tenant_scope(world.aozora.id):
        ContactChange.objects.filter(pk=change.pk).update(
            status="confirmed", decided_at=timezone.now(), decided_by=manager(world)
        )
    with tenant_scope(world.aozora.id):
        refused(
            "UPDATE rights_consentrecord SET sealed_contact = %s WHERE id = %s", change.sealed_contact, found.record.pk
        )


def test_the_persons_own_way_needs_their_answer_in_the_database_too(world: World, found: Made) -> None:
    Client().post(f"{found.path}/address", {"email": NEW.email, "language": "en"})
    with tenant_scope(world.aozora.id):
        refused("UPDATE rights_contactchange SET status = 'confirmed', decided_at = now()")
        AccessLink.objects.filter(purpose="confirm").update(used_at=timezone.now(), answer="objected")
        refused("UPDATE rights_contactchange SET status = 'confirmed', decided_at = now()")


def test_a_new_record_key_seals_what_is_in_force_and_what_waits(
    world: World, found: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = proposed(world, found.record)
    (old,) = sealing._keys()
    monkeypatch.setattr(sealing, "_keys", lambda: [b"n" * 32, old])
    with tenant_scope(world.aozora.id):
        assert sealing.reseal_all() == 2
        assert sealing.reseal_all() == 0
    monkeypatch.setattr(sealing, "_keys", lambda: [b"n" * 32])
    assert contact(world, found.record).email == "mika@example.com"
    with tenant_scope(world.aozora.id):
        contact_changes.confirm(world.actor(manager(world)), found.record, change)
    assert contact(world, found.record) == NEW


def test_a_masked_address_tells_its_owner_and_nobody_else() -> None:
    assert [masked(text) for text in ("hanako@example.com", "", "@example.com")] == ["h…@example.com", "", ""]


def test_the_api_walks_the_same_way(world: World, found: Made) -> None:
    base = f"/api/v1/consents/{found.record.public_id}"
    gordon, rei = world.client(world.gordon), world.client(manager(world))
    said = {"name": "Mika", "email": NEW.email, "language": "en"}
    put = gordon.put(f"{base}/contact", said, content_type="application/json")
    assert (put.status_code, put.json()["code"]) == (409, "not_a_draft")
    change = gordon.post(f"{base}/contact-changes", said, content_type="application/json")
    assert (change.status_code, change.json()["contact"]) == (201, said)
    one = f"{base}/contact-changes/{change.json()['id']}"
    assert gordon.post(f"{one}/confirm").json()["code"] == "own_proposal"
    assert world.client(world.alice).get(f"{base}/contact-changes").status_code == 403
    told = rei.post(f"{one}/confirm")
    assert (told.status_code, told.json()["code"]) == (409, "person_not_told")
    mails.send_due()
    assert rei.post(f"{one}/confirm").json()["status"] == "confirmed"
    assert rei.get(f"{base}/contact").json() == said
    (row,) = rei.get(f"{base}/contact-changes").json()["data"]
    assert (row["status"], row["contact"], row["by_person"]) == ("confirmed", None, False)
    assert rei.post(f"{one}/decline").json()["code"] == "change_decided"
    assert gordon.post(f"{base}/contact-changes/ctc_nonsense/confirm").status_code == 404


def test_an_answer_holds_the_record_before_its_link(world: World, found: Made) -> None:
    proposed(world, found.record)
    with CaptureQueriesContext(connection) as asked:
        assert Client().post(link_in(to("mika@example.com")[-1])).status_code == 200
    held = [re.search(r'FROM "(\w+)"', query["sql"]) for query in asked if "FOR UPDATE" in query["sql"]]
    assert [table[1] for table in held if table][:2] == ["rights_consentrecord", "rights_accesslink"]


def test_whoever_verifies_a_renewal_is_told_that_its_address_is_another(world: World, found: Made) -> None:
    gordon, page = world.actor(world.gordon), Client(headers=EN)
    page.force_login(manager(world))
    with tenant_scope(world.aozora.id):
        later = selectors.get_consent(found.record.public_id).valid_until
        assert later is not None
        following = services.renew(gordon, found.record, later + timedelta(days=30))
    address, hint = f"/rights/{following.public_id}", "another contact than in the record that it goes on from"
    assert hint not in page.get(address).content.decode()
    with tenant_scope(world.aozora.id):
        services.set_contact(gordon, following, NEW)
    assert hint in page.get(address).content.decode()


def test_another_companys_manager_finds_nothing(world: World, found: Made) -> None:
    change = proposed(world, found.record)
    base = f"/api/v1/consents/{found.record.public_id}/contact-changes"
    charlie = world.client(world.charlie)
    assert charlie.get(base).status_code == charlie.post(f"{base}/{change.public_id}/confirm").status_code == 404
