"""An owner invites an address; whoever reads that mailbox comes in with a password nobody else knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from imprimatur.audit.selectors import events
from imprimatur.tenants import invitations, selectors
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    LinkOver,
    LinkUnknown,
    NotPermitted,
    PersonRequired,
)
from imprimatur.tenants.models import Invitation, Membership, User
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.selectors import memberships_of
from imprimatur.tenants.services import change_roles

from tests.factories import World, member

pytestmark = pytest.mark.django_db
BASE = "https://pictures.example.com"
NEW = "nina@aozora.example"
LISTED = ["id", "email", "roles", "language", "invited_by", "created_at", "sent_at", "expires_at"]
CHOSEN = "  a phrase that nina made up  "


@pytest.fixture
def olive(world: World) -> Iterator[Actor]:
    """The owner of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.olive)


def sent(world: World, email: str = NEW, **more: Any) -> str:
    """The path of a link that olive had mailed."""
    with tenant_scope(world.aozora.id):
        asked = {"roles": [Role.CREATOR], "language": "en", "base_url": BASE} | more
        _made, address = invitations.invite(world.actor(world.olive), email, **asked)
    return address.removeprefix(BASE)


def account(name: str = "Nina Novak", password: str = CHOSEN, again: str = "") -> dict[str, str]:
    return {"name": name, "password": password, "password_again": again or password}


def browser(number: int) -> Client:
    """A visitor with an address of their own in the network, so that no other test's visits count against them."""
    return Client(REMOTE_ADDR=f"198.51.100.{number}")


def test_the_mail_brings_a_link_and_the_invited_choose_their_own_password(world: World) -> None:
    path = sent(world, email="Nina@Aozora.example", language="ja")
    (message,) = mail.outbox
    assert message.to == [NEW]
    assert BASE + path in message.body
    visitor = browser(1)
    page = visitor.get(path)
    assert page.status_code == 200
    assert 'lang="ja"' in page.content.decode() and NEW in page.content.decode()
    assert "no-store" in page["Cache-Control"] and "noindex" in page["X-Robots-Tag"]
    answer = visitor.post(path, account())
    assert (answer.status_code, answer["Location"]) == (302, "/")
    nina = User.objects.get(email=NEW)
    assert nina.check_password(CHOSEN)
    assert (str(nina), nina.language) == ("Nina Novak", "ja")
    assert [(m.name, m.roles) for m in memberships_of(nina)] == [("Aozora Tea", ["creator"])]
    assert visitor.get("/api/v1/me").json()["person"]["email"] == NEW
    login = {"login": NEW, "password": CHOSEN}
    assert browser(1).post("/accounts/login/", login).status_code == 302


def test_a_link_works_once(world: World) -> None:
    path = sent(world)
    browser(2).post(path, account())
    again = browser(2).post(path, account("Mallory"))
    assert again.status_code == 410
    assert "accepted already" in again.content.decode()
    with tenant_scope(world.aozora.id):
        assert Membership.objects.filter(user__email=NEW).count() == 1
    assert User.objects.get(email=NEW).first_name == "Nina Novak"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (account(password="short"), "password"),
        (account(password="nina@aozora.example"), "password"),
        (account(again="another phrase altogether"), "password_again"),
        (account(name="   "), "name"),
        ({}, "name"),
    ],
)
def test_weak_passwords_and_missing_names_make_no_account(world: World, said: dict[str, str], field: str) -> None:
    path = sent(world)
    answer = browser(3).post(path, said)
    assert answer.status_code == 200
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not User.objects.filter(email=NEW).exists()
    assert browser(3).post(path, account()).status_code == 302


def test_an_account_of_another_company_signs_in_and_accepts(world: World) -> None:
    path = sent(world, email="charlie@northwind.example")
    answer = browser(4).post(path, account())
    assert "has an account already" in answer.content.decode()
    world.charlie.refresh_from_db()
    assert world.charlie.check_password(world.password)
    stranger = world.client(world.alice)
    assert "another address" in stranger.post(path).content.decode()
    charlie = world.client(world.charlie)
    assert "Accept the invitation" in charlie.get(path).content.decode()
    assert charlie.post(path).status_code == 302
    assert [m.name for m in memberships_of(world.charlie)] == ["Northwind Optics", "Aozora Tea"]
    assert charlie.get("/api/v1/me").json()["tenant"]["slug"] == "aozora"


def test_neither_the_owner_nor_the_open_page_tells_whether_an_address_has_an_account(world: World) -> None:
    owner, paths = world.client(world.olive), {}
    for email in ("charlie@northwind.example", "nobody@nowhere.example"):
        said = {"email": email, "roles": ["creator"], "language": "en"}
        answer = owner.post("/api/v1/invitations", said, content_type="application/json")
        assert (answer.status_code, sorted(answer.json())) == (201, sorted([*LISTED, "address"]))
        paths[email] = answer.json()["address"].removeprefix("http://testserver")
    with tenant_scope(world.aozora.id):
        Invitation.objects.update(expires_at=timezone.now() + timedelta(days=3))
    known, unknown = (page_of(path, email) for email, path in paths.items())
    assert known == unknown
    assert len(mail.outbox) == 2


def page_of(path: str, email: str) -> str:
    """What the link shows, without what is new each time."""
    page = browser(5).get(path).content.decode().replace(email, "").replace(path, "")
    return re.sub(r"\b\w{64}\b", "", page)  # the form's own token


def test_where_mails_go_out_the_owner_never_sees_the_link(world: World, settings: Any) -> None:
    settings.LINKS_ARE_SHOWN = False
    owner = world.client(world.olive)
    said = {"email": NEW, "roles": ["creator"], "language": "en"}
    page = owner.post("/settings/invitations", said, follow=True)
    assert "/join/" not in page.content.decode()
    assert re.search(r"/join/\S+", mail.outbox[0].body)


def test_where_mails_go_nowhere_the_owner_copies_the_link_once(world: World) -> None:
    owner = world.client(world.olive)
    said = {"email": NEW, "roles": ["creator"], "language": "en"}
    shown = re.search(
        r'id="invitation-link">http://testserver(/join/[^<]+)<',
        owner.post("/settings/invitations", said).content.decode(),
    )
    assert shown is not None
    settings_page = owner.get("/settings").content.decode()
    assert NEW in settings_page and "/join/" not in settings_page
    assert browser(6).get(shown[1]).status_code == 200


def test_sending_again_ends_the_old_link_and_starts_seven_days_anew(world: World, olive: Actor) -> None:
    start = timezone.now()
    invitation, first = invitations.invite(olive, NEW, ["creator"], language="en", base_url=BASE, now=start)
    later = start + timedelta(days=6)
    renewed, second = invitations.send_again(olive, invitation, BASE, now=later)
    assert renewed.expires_at == later + timedelta(days=7)
    old, new = (invitations.named_in(link.rpartition("/")[2]) for link in (first, second))
    with pytest.raises(LinkOver, match="newer one"):
        invitations.opened(old, later, lock=False)
    assert invitations.opened(new, later, lock=False) == invitation
    assert [message.to for message in mail.outbox] == [[NEW], [NEW]]


@pytest.mark.parametrize(("after", "holds"), [(timedelta(days=7, seconds=-1), True), (timedelta(days=7), False)])
def test_a_link_holds_for_seven_days(olive: Actor, after: timedelta, holds: bool) -> None:
    start = timezone.now()
    _invitation, link = invitations.invite(olive, NEW, ["creator"], language="en", base_url=BASE, now=start)
    named = invitations.named_in(link.rpartition("/")[2])
    assert opens(named, start + after) is holds


def opens(named: invitations.Named, now: datetime) -> bool:
    try:
        invitations.opened(named, now, lock=False)
    except LinkOver:
        return False
    return True


def test_what_was_taken_back_lets_nobody_in_and_the_address_may_be_invited_anew(world: World, olive: Actor) -> None:
    path = sent(world)
    invitation = selectors.open_invitations().get()
    invitations.take_back(olive, invitation)
    assert browser(7).post(path, account()).status_code == 410
    assert not User.objects.filter(email=NEW).exists()
    for late in (
        lambda: invitations.take_back(olive, invitation),
        lambda: invitations.send_again(olive, invitation, BASE),
    ):
        with pytest.raises(Conflict) as refused:
            late()
        assert refused.value.code == "invitation_over"
    sent(world)
    assert selectors.open_invitations().count() == 1


def test_an_invitation_ends_with_the_right_of_whoever_made_it(world: World, olive: Actor) -> None:
    second = member(world.aozora, "oscar", [Role.OWNER], world.password)
    _made, link = invitations.invite(world.actor(second), NEW, [Role.OWNER], language="en", base_url=BASE)
    named = invitations.named_in(link.rpartition("/")[2])
    assert opens(named, timezone.now())
    change_roles(olive, Membership.objects.get(user=second), [Role.AUDITOR])
    assert not opens(named, timezone.now())


def test_forged_and_foreign_links_open_nothing(world: World, olive: Actor) -> None:
    path = sent(world)
    assert browser(8).get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert browser(8).get("/join/nonsense").status_code == 404
    named = invitations.named_in(path.rpartition("/")[2])
    Invitation.objects.all().delete()
    with pytest.raises(LinkUnknown):
        invitations.opened(named, timezone.now(), lock=False)


def test_only_owners_in_person_invite(world: World, olive: Actor) -> None:
    asked: dict[str, Any] = {"roles": ["creator"], "language": "en", "base_url": BASE}
    with pytest.raises(NotPermitted, match="Only owners"):
        invitations.invite(world.actor(world.alice), NEW, **asked)
    with pytest.raises(PersonRequired):
        invitations.invite(world.key_actor([Permission.VIEW, Permission.MANAGE_TENANT]), NEW, **asked)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "not-an-address"}, "email"),
        ({"email": f"x@{'long.' * 60}example"}, "email"),
        ({"roles": []}, "roles"),
        ({"roles": ["emperor"]}, "roles"),
        ({"language": "fr"}, "language"),
    ],
)
def test_wrong_facts_are_named_and_mail_nobody(olive: Actor, changed: dict[str, Any], field: str) -> None:
    asked: dict[str, Any] = {"email": NEW, "roles": ["creator"], "language": "en", "base_url": BASE} | changed
    with pytest.raises(InvalidInput) as refused:
        invitations.invite(olive, asked.pop("email"), **asked)
    assert refused.value.errors[0]["field"] == field
    assert (mail.outbox, Invitation.objects.count()) == ([], 0)


@pytest.mark.parametrize(("email", "code"), [("Alice@aozora.example", "already_member"), (NEW, "already_invited")])
def test_members_and_invited_are_not_invited_twice(world: World, olive: Actor, email: str, code: str) -> None:
    sent(world)
    with pytest.raises(Conflict) as refused:
        invitations.invite(olive, email, ["creator"], language="en", base_url=BASE)
    assert refused.value.code == code
    assert len(mail.outbox) == 1


def test_too_many_mails_are_slowed_a_company_at_a_time(
    world: World, olive: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imprimatur.tenants.pace.Pace.THROTTLE_RATES", {"invitations": "3/day"})
    invitation, _link = invitations.invite(olive, NEW, ["creator"], language="en", base_url=BASE)
    for _ in range(2):
        invitations.send_again(olive, invitation, BASE)
    with pytest.raises(DomainError) as refused:
        invitations.send_again(olive, invitation, BASE)
    assert (refused.value.status, refused.value.code) == (429, "too_many_requests")
    assert len(mail.outbox) == 3


def test_opening_links_is_slowed_by_address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imprimatur.tenants.pace.Pace.THROTTLE_RATES", {"links": "2/day"})
    cache.clear()  # whoever visited before
    visitor = browser(9)
    assert [visitor.get("/join/nonsense").status_code for _ in range(3)] == [404, 404, 429]


def test_a_mail_server_that_refuses_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise SMTPException("no room")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    said = {"email": NEW, "roles": ["creator"], "language": "en"}
    owner = world.client(world.olive)
    assert "did not take the message" in owner.post("/settings/invitations", said).content.decode()
    answer = owner.post("/api/v1/invitations", said, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (503, "mail_not_taken")
    with tenant_scope(world.aozora.id):
        assert not Invitation.objects.exists()
        assert not events(world.aozora.id, event="invitation.sent").exists()


def test_everything_is_in_the_trail_and_no_address_is(world: World, olive: Actor) -> None:
    invitation, _link = invitations.invite(olive, NEW, ["creator"], language="en", base_url=BASE)
    invitations.send_again(olive, invitation, BASE)
    browser(10).post(invitations.PATH + invitations.token_of(selectors.open_invitations().get()), account())
    nina = User.objects.get(email=NEW)
    told = [event for event in events(olive.tenant_id) if event.event.startswith(("invitation.", "member.added"))][:4]
    assert [(e.event, e.actor) for e in reversed(told)] == [
        ("invitation.sent", f"user:{world.olive.id}"),
        ("invitation.sent_again", f"user:{world.olive.id}"),
        ("member.added", f"user:{nina.id}"),
        ("invitation.accepted", f"user:{nina.id}"),
    ]
    assert all(NEW not in event.payload and "Nina" not in event.payload for event in told)


def test_the_api_lists_sends_again_and_takes_back(world: World) -> None:
    owner = world.client(world.olive)
    said = {"email": NEW, "roles": ["creator", "reviewer"]}
    made = owner.post(
        "/api/v1/invitations", said, content_type="application/json", headers={"Idempotency-Key": "one"}
    ).json()
    replay = owner.post(
        "/api/v1/invitations", said, content_type="application/json", headers={"Idempotency-Key": "one"}
    )
    assert replay.json()["code"] == "secret_shown_once"
    again = owner.post(f"/api/v1/invitations/{made['id']}/send").json()
    assert again["address"] != made["address"]
    (listed,) = owner.get("/api/v1/invitations").json()["data"]
    assert (listed["email"], listed["roles"], "address" in listed) == (NEW, ["creator", "reviewer"], False)
    assert world.client(world.alice).get("/api/v1/invitations").status_code == 403
    assert owner.post(f"/api/v1/invitations/{made['id']}/take-back").status_code == 200
    assert owner.get("/api/v1/invitations").json()["data"] == []


def test_a_form_needs_its_own_token(world: World) -> None:
    path = sent(world)
    strict = Client(enforce_csrf_checks=True, REMOTE_ADDR="198.51.100.11")
    assert strict.post(path, account()).status_code == 403
    assert not User.objects.filter(email=NEW).exists()


def test_the_database_keeps_one_open_invitation_an_address_and_no_half_answer(world: World, olive: Actor) -> None:
    sent(world)
    row = Invitation.objects.get()
    for wrong in ({"accepted_at": timezone.now()}, {"accepted_by": world.alice}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invitation.objects.filter(pk=row.pk).update(**wrong)


def test_the_page_offers_no_password_to_type_for_another(world: World) -> None:
    page = world.client(world.olive).get("/settings").content.decode()
    assert 'type="password"' not in page
    assert world.client(world.olive).post("/settings/members", {}).status_code == 404
