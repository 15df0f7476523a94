"""What nobody waits for is tried until it is taken, and said when it is not; whoever waits is told at once."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from imprimatur.audit.selectors import events
from imprimatur.rights import contact_mails, mails, sealing, selectors, services, signing
from imprimatur.rights.contact_states import changes_of
from imprimatur.rights.mails import MAX_TRIES, Receiver
from imprimatur.rights.models import AccessLink, Mail, RightStatus
from imprimatur.tenants.errors import Conflict
from imprimatur.tenants.mails import MailNotTaken
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.rights import test_contact_changes as changing
from tests.imprimatur.rights.test_contact_changes import NEW, contact, manager, proposed
from tests.imprimatur.rights.test_portal import BASE, Made, fresh, made
from tests.imprimatur.rights.test_rights import consent, drafter

SAID = ("About the record", "Something about the record.")


@pytest.fixture
def found(world: World) -> Made:
    """A record in force, the link to its portal, and a second rights manager in the company."""
    manager(world)
    found = made(world, approval_right="per_output")
    mail.outbox.clear()
    return found


class Away:
    """A mail server that takes nothing while it is away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = SMTPException("no room")
        send = mail.EmailMessage.send

        def refuse(message: Any, *args: Any, **more: Any) -> int:
            if self.error is not None:
                raise self.error
            return send(message, *args, **more)

        monkeypatch.setattr(mail.EmailMessage, "send", refuse)

    def comes_back(self) -> None:
        self.error = None


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(monkeypatch)


def wait(world: World) -> None:
    """Until the next try is due."""
    with tenant_scope(world.aozora.id):
        Mail.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def posted(world: World, about: str = "cns_1") -> Mail:
    with tenant_scope(world.aozora.id):
        return mails.post(Receiver("mika@example.com", "en"), about, "contact_proposed", lambda: SAID)


def now_of(world: World, row: Mail) -> Mail:
    with tenant_scope(world.aozora.id):
        return Mail.objects.get(pk=row.pk)


def test_it_is_sent_once_and_nothing_is_kept_of_it(world: World) -> None:
    row = posted(world)
    assert "mika" not in row.sealed and sealing.unseal(row.pk, row.sealed)["to"] == "mika@example.com"
    assert (mails.send_due(), mails.send_due()) == (1, 0)
    (message,) = mail.outbox
    assert (message.to, message.subject, message.body) == (["mika@example.com"], *SAID)
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert (now_of(world, row).sealed, now_of(world, row).tries) == ("", 1)
    with tenant_scope(world.aozora.id):
        (event,) = events(world.aozora.id, event="notice.sent")
        assert event.subject == "cns_1" and "mika" not in event.payload


def test_a_server_that_is_away_is_asked_again_under_the_same_id(world: World, away: Away) -> None:
    row = posted(world)
    assert (mails.send_due(), mails.send_due()) == (0, 0)
    assert (now_of(world, row).tries, now_of(world, row).trouble) == (1, "SMTPException: no room")
    wait(world)
    away.comes_back()
    assert mails.send_due() == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<{row.public_id}@")


def test_one_mailbox_that_is_gone_keeps_nobody_elses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    send = mail.EmailMessage.send

    def picky(message: Any, *args: Any, **more: Any) -> int:
        if message.to == ["gone@example.com"]:
            raise SMTPRecipientsRefused({"gone@example.com": (550, b"no such user")})
        return send(message, *args, **more)

    monkeypatch.setattr(mail.EmailMessage, "send", picky)
    with tenant_scope(world.aozora.id):
        receivers = [Receiver("gone@example.com", "en"), Receiver("there@example.com", "en")]
        mails.post_all(receivers, "cns_1", "record_expiring", lambda: SAID)
    assert mails.send_due() == 1
    wait(world)
    assert mails.send_due() == 0
    assert [message.to for message in mail.outbox] == [["there@example.com"]]


def test_after_two_days_it_is_given_up_and_the_trail_says_so(world: World, away: Away) -> None:
    row = posted(world)
    for _ in range(MAX_TRIES):
        mails.send_due()
        wait(world)
    assert mails.send_due() == 0
    given_up = now_of(world, row)
    assert (given_up.tries, given_up.sealed, given_up.sent_at) == (MAX_TRIES, "", None)
    with tenant_scope(world.aozora.id):
        assert list(mails.given_up("cns_1", "contact_proposed")) == [row]
        assert events(world.aozora.id, event="notice.given_up").get().subject == "cns_1"


def test_without_the_key_it_waits_and_is_no_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row, keys = posted(world), sealing._keys()
    monkeypatch.setattr(sealing, "_keys", lambda: [b"n" * 32])
    assert mails.send_due() == 0
    assert "key is missing" in now_of(world, row).trouble
    monkeypatch.setattr(sealing, "_keys", lambda: [b"n" * 32, *keys])
    with tenant_scope(world.aozora.id):
        assert sealing.reseal_all() == 1
    monkeypatch.setattr(sealing, "_keys", lambda: [b"n" * 32])
    wait(world)
    assert mails.send_due() == 1


def test_what_is_undone_is_not_written_about(world: World) -> None:
    class Undone(Exception):
        pass

    with pytest.raises(Undone), tenant_scope(world.aozora.id):
        mails.post(Receiver("mika@example.com", "en"), "cns_1", "contact_proposed", lambda: SAID)
        raise Undone
    assert mails.send_due() == 0


def test_a_proposal_is_kept_while_the_server_is_away_and_counts_once_the_person_was_told(
    world: World,
    found: Made,
    away: Away,
) -> None:
    change, rei = proposed(world, found.record), world.actor(manager(world))
    with tenant_scope(world.aozora.id), pytest.raises(Conflict) as early:
        changing.contact_changes.confirm(rei, found.record, change)
    assert early.value.code == "person_not_told"
    away.comes_back()
    wait(world)
    assert changing.to("mika@example.com") and changing.to("rei@aozora.example")
    with tenant_scope(world.aozora.id):
        changing.contact_changes.confirm(rei, found.record, change)
    assert contact(world, found.record) == NEW


def test_a_mailbox_that_is_gone_does_not_keep_the_old_address_for_ever(
    world: World,
    found: Made,
    away: Away,
) -> None:
    change, rei = proposed(world, found.record), manager(world)
    for _ in range(MAX_TRIES):
        wait(world)
        mails.send_due()
    away.comes_back()
    page = Client(headers={"accept-language": "en"})
    page.force_login(rei)
    assert "was not taken by their mail server" in page.get(f"/rights/{found.record.public_id}").content.decode()
    with tenant_scope(world.aozora.id):
        changing.contact_changes.confirm(world.actor(rei), found.record, change)
    assert contact(world, found.record) == NEW


def test_the_person_who_asks_for_a_link_is_told_and_nothing_was_changed(
    world: World,
    found: Made,
    away: Away,
) -> None:
    person = Client(headers={"accept-language": "en"})
    answer = person.post(f"{found.path}/address", {"email": NEW.email, "language": "en"}, follow=True)
    assert "did not take the message" in answer.content.decode()
    with tenant_scope(world.aozora.id):
        assert not changes_of(found.record).exists()
        assert not Mail.objects.filter(kind=contact_mails.PROPOSED).exists()
    away.comes_back()
    person.post(f"{found.path}/address", {"email": NEW.email, "language": "en"})
    assert changing.to(NEW.email)


@pytest.mark.parametrize("error", [SMTPException("no room"), ConnectionRefusedError(), TimeoutError()])
def test_a_link_that_cannot_be_sent_leaves_the_record_and_earlier_links_as_they_were(
    world: World,
    found: Made,
    away: Away,
    error: Exception,
) -> None:
    away.error, gordon = error, world.client(world.gordon)
    with tenant_scope(world.aozora.id):
        before = AccessLink.objects.count()
        draft = services.set_contact(drafter(world.actor(world.gordon)), consent(world.actor(world.gordon)), NEW)
    for path in (f"{found.record.public_id}/portal", f"{draft.public_id}/send"):
        answer = gordon.post(f"/rights/{path}", follow=True)
        assert answer.status_code == 200 and "did not take the message" in answer.content.decode()
    with tenant_scope(world.aozora.id):
        assert AccessLink.objects.count() == before
        assert selectors.get_record(draft.public_id).status == RightStatus.DRAFT
        with pytest.raises(MailNotTaken):
            signing.send_portal(world.actor(world.gordon), fresh(world, found), BASE)
    assert Client().get(found.path).status_code == 200
