"""Ends are announced 30, 7 and 1 days before, once each, to rights managers; and record keys can be changed."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from imprimatur.audit.selectors import events
from imprimatur.rights import expiry, mails, sealing, selectors, services
from imprimatur.rights.sealing import CannotUnseal, Contact
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.rights.test_rights import NOW, consent, drafter, licence

HANAKO = Contact(name="Hanako", email="hanako@example.com", language="ja")


@pytest.fixture
def gordon(world: World) -> Iterator[Actor]:
    """The rights manager of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.gordon)


def test_each_end_is_announced_three_times_and_no_more(world: World) -> None:
    with tenant_scope(world.aozora.id):
        gordon = world.actor(world.gordon)
        record = services.verify_record(gordon, consent(gordon, valid_until=NOW + timedelta(days=40)))
        services.verify_record(gordon, licence(gordon))
    sent = []
    for day in (0, 9, 10.5, 11, 20, 33.5, 34, 39.5, 39.8):
        expiry.remind_everywhere(NOW + timedelta(days=day))
        mails.send_due()
        sent.append(len(mail.outbox))
    managers = sent[-1] // 3
    assert managers >= 1
    assert [count // managers for count in sent] == [0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert all(record.public_id in message.body and "Hanako" not in message.body for message in mail.outbox)
    with tenant_scope(world.aozora.id):
        assert events(world.aozora.id, event="consent.expiring").count() == 3


def test_after_a_pause_only_the_nearest_is_announced(world: World) -> None:
    with tenant_scope(world.aozora.id):
        gordon = world.actor(world.gordon)
        services.verify_record(gordon, consent(gordon, valid_until=NOW + timedelta(days=5)))
    assert expiry.remind_everywhere(NOW) == 1
    assert expiry.remind_everywhere(NOW) == 0


def test_keys_are_rotated_and_the_old_one_may_go(gordon: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    keys = [old]
    monkeypatch.setattr(sealing, "secret", lambda _name: ",".join(keys))
    record = services.verify_record(gordon, services.set_contact(drafter(gordon), consent(gordon), HANAKO))
    keys[:] = [new, old]
    call_command("rotate_record_keys", stdout=io.StringIO())
    keys[:] = [new]
    fresh = selectors.get_consent(record.public_id)
    assert selectors.contact(gordon, fresh) == HANAKO
    with pytest.raises(CannotUnseal):
        sealing.contact_of(record.pk, record.sealed_contact)
    keys[:] = ["dG9vIHNob3J0"]
    with pytest.raises(CannotUnseal):
        selectors.contact(gordon, fresh)
