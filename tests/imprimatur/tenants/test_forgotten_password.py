"""A forgotten password is replaced by whoever reads the mailbox; nobody learns who has an account."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client

from tests.factories import World

pytestmark = pytest.mark.django_db
NEW = "another phrase of hers"


@pytest.fixture(autouse=True)
def nobody_asked_yet() -> None:
    """Earlier tests' questions do not count against ours."""
    cache.clear()


def asked(email: str, language: str = "en") -> Any:
    """The page after asking, once every mail has been handed over."""
    browser = Client(HTTP_ACCEPT_LANGUAGE=language)
    page = browser.post("/accounts/password/reset/", {"email": email}, follow=True)
    for thread in threading.enumerate():
        if thread.name == "mail":
            thread.join(60)
    return page


def shown(page: Any) -> str:
    """The page without what is new each time: the token of its forms."""
    return re.sub(r"\b\w{64}\b", "", page.content.decode())


def link_in(message: EmailMessage) -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(message.body))
    assert found is not None
    return found[1]


def test_the_way_is_named_on_the_sign_in_page(client: Client) -> None:
    assert 'href="/accounts/password/reset/"' in client.get("/accounts/login/").content.decode()


def test_the_link_opens_a_form_and_the_old_password_and_sessions_end(world: World) -> None:
    signed_in = world.client(world.alice)
    asked("Alice@aozora.example")
    (message,) = mail.outbox
    assert message.to == ["alice@aozora.example"]
    browser = Client()
    form = browser.get(link_in(message), follow=True)
    assert "New password" in form.content.decode()
    weak = browser.post(form.request["PATH_INFO"], {"password1": "short", "password2": "short"})
    assert 'id="id_password1_error"' in weak.content.decode()
    done = browser.post(form.request["PATH_INFO"], {"password1": NEW, "password2": NEW}, follow=True)
    assert "Your password is changed" in done.content.decode()
    world.alice.refresh_from_db()
    assert world.alice.check_password(NEW)
    assert signed_in.get("/api/v1/me").status_code == 401
    used = Client().get(link_in(message), follow=True)
    assert "This link cannot be used" in used.content.decode()


def test_the_answer_is_the_same_for_an_address_that_nobody_has(world: World) -> None:
    known, unknown = asked("alice@aozora.example"), asked("nobody@nowhere.example")
    assert known.redirect_chain == unknown.redirect_chain
    assert shown(known) == shown(unknown)
    assert [message.to for message in mail.outbox] == [["alice@aozora.example"]]


def test_a_mail_server_that_refuses_shows_in_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: EmailMessage, fail_silently: bool = False) -> int:
        raise SMTPException("no room")

    fine = shown(asked("nobody@nowhere.example"))
    monkeypatch.setattr(EmailMessage, "send", refuse)
    assert shown(asked("alice@aozora.example")) == fine


def test_the_link_holds_for_four_hours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked("alice@aozora.example")
    path = link_in(mail.outbox[0])
    for hours, title in ((3.9, "New password"), (4.1, "This link cannot be used")):
        later = datetime.now() + timedelta(hours=hours)  # noqa: DTZ005 - as Django's generator counts
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda _, later=later: later)
        assert title in Client().get(path, follow=True).content.decode()


def test_the_page_speaks_the_readers_language(world: World) -> None:
    assert 'lang="ja"' in asked("nobody@nowhere.example", "ja").content.decode()


def test_too_many_questions_are_slowed_with_a_page_of_ours(world: World, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "2/d/key"}
    answers = [asked("alice@aozora.example") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Wait a few minutes" in answers[-1].content.decode()
