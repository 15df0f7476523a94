"""Owners manage webhooks on their pages; nobody else sees or moves anything; bad input says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from imprimatur.audit.selectors import events
from imprimatur.audit.services import record
from imprimatur.dashboard import words
from imprimatur.rights import mails
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import by_hand, services
from imprimatur.webhooks.addresses import PRIVATE
from imprimatur.webhooks.deliveries import MOST_FAILURES, deliver_next, take_turn
from imprimatur.webhooks.models import Delivery, Endpoint, Stopped, Trouble
from imprimatur.webhooks.sending import NotTaken

from tests.factories import World
from tests.imprimatur.webhooks.receiver import Receiver, is_signed, receiver

LIST = "/settings/webhooks"
URL = "https://hooks.example.com/imprimatur"


@pytest.fixture
def owner(world: World) -> Client:
    client = world.client(world.olive)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv(PRIVATE, "localhost")
    with receiver() as place:
        yield place


def added(world: World, url: str = URL, *kinds: str) -> Endpoint:
    with tenant_scope(world.aozora.id):
        return services.add(world.actor(world.olive), url, kinds)


def now_of(world: World, row: Endpoint) -> Endpoint:
    with tenant_scope(world.aozora.id):
        return Endpoint.objects.get(pk=row.pk)


def page(client: Client, path: str) -> str:
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, path: str, **said: Any) -> str:
    answer = client.post(path, said, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def fail(world: World, row: Endpoint, times: int) -> None:
    def send(*_: Any) -> int:
        raise NotTaken("answered 500", Trouble.ANSWER, 500)

    for _ in range(times):
        with tenant_scope(world.aozora.id):
            Endpoint.objects.update(next_at=timezone.now() - timedelta(seconds=1))
        deliver_next(world.aozora.id, row.pk, send)


def send_what_was_asked_for() -> int:
    return sum(by_hand.deliver(*found) for found in by_hand.asked())


def test_a_secret_is_shown_once_and_signs(world: World, owner: Client, place: Receiver) -> None:
    made = press(owner, LIST, url=place.url, scope="all")
    (secret,) = set(re.findall(r"whsec_[\w+/=]+", made))
    assert secret not in page(owner, LIST)
    with tenant_scope(world.aozora.id):
        row = Endpoint.objects.get()
    take_turn(world.aozora.id, row.pk)
    assert is_signed(*place.got[0], secret)
    newer = press(owner, f"{LIST}/{row.public_id}/rotate")
    assert secret not in newer and "whsec_" in newer
    assert "whsec_" not in page(owner, f"{LIST}/{row.public_id}")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://hooks.example.com/", "Give an address with https://"),
        ("https://hooks.example.com:22/", "Use port 443, or one from 1024 on"),
        ("https://u:p@hooks.example.com/", "without name and password"),
        ("nonsense", "Give an address like https://hooks.example.com/imprimatur"),
        ("", "This field is required"),
    ],
)
def test_an_unfit_address_says_what_to_do_and_stays_typed(world: World, owner: Client, url: str, sentence: str) -> None:
    again = press(owner, LIST, url=url, scope="some", kinds=["release.*"])
    assert sentence in again
    assert f'value="{url}"' in again or not url
    assert re.search(r'value="release\.\*" checked', again)
    with tenant_scope(world.aozora.id):
        assert not Endpoint.objects.exists()


def test_the_sentence_is_in_the_readers_language(world: World) -> None:
    type(world.olive).objects.filter(pk=world.olive.pk).update(language="ja")
    said = press(world.client(world.olive), LIST, url="http://hooks.example.com/", scope="all")
    assert "https://で始まるURLを入力してください" in said


def test_events_are_chosen_in_words_whole_or_one_by_one(world: World, owner: Client) -> None:
    press(owner, LIST, url=URL, scope="some", kinds=["release.*", "release.published", "output.quarantined"])
    with tenant_scope(world.aozora.id):
        row = Endpoint.objects.get()
    assert row.events == ["output.quarantined", "release.*"]
    assert "Picture quarantined, Releases" in page(owner, LIST)
    path = f"{LIST}/{row.public_id}/events"
    assert "Choose at least one kind, or everything." in press(owner, path, scope="some")
    assert now_of(world, row).events == ["output.quarantined", "release.*"]
    press(owner, path, scope="some", kinds=["template.version.approved"])
    assert now_of(world, row).events == ["template.version.approved"]
    press(owner, path, scope="all", kinds=["template.version.approved"])
    assert now_of(world, row).events == []


def test_kinds_that_the_page_has_no_word_for_are_kept(world: World, owner: Client) -> None:
    row = added(world, URL, "moon.landed", "release.*")
    shown = page(owner, f"{LIST}/{row.public_id}")
    assert re.search(r'value="moon\.landed" checked', shown)
    press(owner, f"{LIST}/{row.public_id}/events", scope="some", kinds=["moon.landed"])
    assert now_of(world, row).events == ["moon.landed"]


def test_every_kind_of_event_belongs_to_a_family() -> None:
    assert {kind.partition(".")[0] for kind in words.EVENTS} == set(words.EVENT_FAMILIES)


def test_paused_and_resumed_nothing_is_lost(world: World, owner: Client, place: Receiver) -> None:
    row = added(world, place.url, "release.*")
    path = f"{LIST}/{row.public_id}"
    assert "Paused" in press(owner, f"{path}/pause")
    with tenant_scope(world.aozora.id):
        record(world.aozora.id, "user:1", "release.published", "rel_1")
    assert take_turn(world.aozora.id, row.pk) == 0
    assert "1 event waits" in page(owner, path)
    press(owner, f"{path}/resume")
    assert take_turn(world.aozora.id, row.pk) == 1
    assert [told["type"] for told in place.told] == ["release.published"]
    assert "nothing waits" in page(owner, path)


def test_a_test_goes_out_signed_also_while_it_is_paused_and_only_one_at_a_time(
    world: World, owner: Client, place: Receiver
) -> None:
    row = added(world, place.url, "release.*")
    path = f"{LIST}/{row.public_id}"
    press(owner, f"{path}/pause")
    assert "A test is on its way." in press(owner, f"{path}/test")
    assert "Wait for its answer" in press(owner, f"{path}/test")
    assert owner.get(f"{path}/deliveries").status_code == 200
    assert (send_what_was_asked_for(), send_what_was_asked_for()) == (1, 0)
    assert owner.get(f"{path}/deliveries").status_code == 286  # asks no more
    (told,) = place.told
    assert (told["type"], told["seq"], told["subject"]) == ("webhook.test", None, row.public_id)
    assert "answer 200" in page(owner, path)


def test_what_failed_says_why_and_is_sent_again_under_its_id(world: World, owner: Client, place: Receiver) -> None:
    row = added(world, place.url, "release.*")
    path = f"{LIST}/{row.public_id}"
    with tenant_scope(world.aozora.id):
        record(world.aozora.id, "user:1", "release.published", "rel_1")
    place.answers = [503]
    take_turn(world.aozora.id, row.pk)
    shown = page(owner, path)
    assert "It answered with an error." in shown and "answer 503" in shown and "next try" in shown
    press(owner, f"{path}/resume")
    take_turn(world.aozora.id, row.pk)
    with tenant_scope(world.aozora.id):
        delivery = Delivery.objects.get()
        assert (delivery.attempts, delivery.status, delivery.trouble) == (2, 200, "")
    stood = now_of(world, row).cursor
    press(owner, f"{path}/deliveries/{delivery.public_id}/again")
    assert send_what_was_asked_for() == 1
    assert [told["id"] for told in place.told] == [place.told[0]["id"]] * 3
    assert "sent again by hand" in page(owner, path)
    assert now_of(world, row).cursor == stood


def test_the_newest_hundred_are_kept(world: World, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imprimatur.webhooks.log.KEPT", 3)
    row = added(world, URL, "release.*")
    with tenant_scope(world.aozora.id):
        for number in range(5):
            record(world.aozora.id, "user:1", "release.published", f"rel_{number}")
    for _ in range(5):
        assert deliver_next(world.aozora.id, row.pk, lambda *_: 200)
    with tenant_scope(world.aozora.id):
        newest = events(world.aozora.id, event="release.published").values_list("seq", flat=True)[:3]
        assert set(Delivery.objects.values_list("seq", flat=True)) == set(newest)


def test_one_that_stopped_is_told_to_owners_and_stands_where_they_look(world: World, owner: Client) -> None:
    row = added(world, f"{URL}?token=of-the-receiver", "release.*")
    with tenant_scope(world.aozora.id):
        record(world.aozora.id, "user:1", "release.published", "rel_1")
    fail(world, row, MOST_FAILURES)
    assert now_of(world, row).disabled_because == Stopped.FAILURES
    mails.send_due()
    (message,) = [one for one in mail.outbox if "is told nothing more" in one.subject]
    assert message.to == [world.olive.email]
    assert "hooks.example.com" in message.subject and row.public_id in message.body
    assert "of-the-receiver" not in message.body + message.subject
    for path in ("/", "/settings", LIST, f"{LIST}/{row.public_id}"):
        assert "is told nothing more" in page(owner, path) or "stopped" in page(owner, path).lower(), path
    assert "Webhooks that stopped" not in page(world.client(world.alice), "/")
    press(owner, f"{LIST}/{row.public_id}/resume")
    assert "Webhooks that stopped" not in page(owner, "/")


def test_a_pause_is_nobodys_trouble(world: World, owner: Client) -> None:
    row = added(world)
    press(owner, f"{LIST}/{row.public_id}/pause")
    assert mails.send_due() == 0
    assert "Webhooks that stopped" not in page(owner, "/")


def test_it_is_removed_with_its_deliveries(world: World, owner: Client, place: Receiver) -> None:
    row = added(world, place.url)
    take_turn(world.aozora.id, row.pk)
    assert "Removed." in press(owner, f"{LIST}/{row.public_id}/remove")
    with tenant_scope(world.aozora.id):
        assert not Endpoint.objects.exists() and not Delivery.objects.exists()
        assert events(world.aozora.id, event="webhook.removed").exists()


@pytest.mark.parametrize("name", ["alice", "ravi", "gordon", "ada", "charlie"])
def test_nobody_but_owners_sees_or_moves_anything(world: World, name: str) -> None:
    row = added(world)
    with tenant_scope(world.aozora.id):
        delivery = services.test(world.actor(world.olive), row)
    client = world.client(getattr(world, name))
    one = f"{LIST}/{row.public_id}"
    assert client.get(one).status_code in (403, 404)
    assert client.get(f"{one}/deliveries").status_code in (403, 404)
    acts = ("events", "pause", "resume", "rotate", "test", "remove", f"deliveries/{delivery.public_id}/again")
    for act in acts:
        assert client.post(f"{one}/{act}", {"scope": "all"}).status_code in (403, 404), act
    assert now_of(world, row).disabled_at is None
    if name != "charlie":
        settings = page(client, "/settings")
        assert "Only owners can manage members, keys and webhooks." in settings and "hooks.example.com" not in settings
        assert client.get(LIST).status_code == 403


def test_a_delivery_of_another_address_is_not_found(world: World, owner: Client) -> None:
    row, other = added(world), added(world, f"{URL}/2")
    with tenant_scope(world.aozora.id):
        delivery = services.test(world.actor(world.olive), other)
    assert owner.post(f"{LIST}/{row.public_id}/deliveries/{delivery.public_id}/again").status_code == 404
    assert owner.post(f"{LIST}/{row.public_id}/explode").status_code == 404
