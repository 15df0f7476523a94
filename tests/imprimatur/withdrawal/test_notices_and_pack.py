"""Whoever has a picture is told once, and a pack says what to take down without showing anybody's face."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from datetime import timedelta
from unittest import mock

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509 import load_pem_x509_certificates
from django.core import mail
from django.utils import timezone
from imprimatur.releases import services as releases
from imprimatur.rights import mails
from imprimatur.tenants.errors import NotFound, NotPermitted, PersonRequired
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import notices, pack, services
from imprimatur.withdrawal.models import Notice, Withdrawal

from tests.factories import World
from tests.imprimatur.generations.asked import likeness
from tests.imprimatur.withdrawal.made import Shelf, bring_about, revoke, withdrawals


@pytest.fixture
def withdrawn(world: World, made: Shelf, told: list) -> Withdrawal:
    """Olive downloaded the release, Kita was given it; then it was revoked."""
    with tenant_scope(world.aozora.id):
        releases.download(world.actor(world.olive), made.released)
        services.name_recipient(
            world.actor(world.alice), made.released, name="北さん", email="kita@studio.example", language="ja"
        )
    revoke(world, made.record)
    bring_about()
    return withdrawals(world)[0]


def test_each_is_told_once_in_their_language(world: World, made: Shelf, withdrawn: Withdrawal) -> None:
    assert notices.send_due() == 3
    assert notices.send_due() == 0
    by_address = {message.to[0]: message for message in mail.outbox}
    assert set(by_address) == {"kita@studio.example", world.olive.email, world.gordon.email}
    assert made.released.public_id in by_address["kita@studio.example"].body
    assert "Aozora Tea" in by_address["kita@studio.example"].subject
    assert withdrawn.public_id in by_address[world.gordon.email].body
    assert "person asked for it" not in "".join(message.body for message in mail.outbox)
    ids = {message.extra_headers["Message-ID"] for message in mail.outbox}
    assert len(ids) == 3


def test_a_mail_server_that_is_away_is_asked_again(world: World, withdrawn: Withdrawal) -> None:
    with mock.patch("django.core.mail.EmailMessage.send", side_effect=ConnectionRefusedError("no answer")):
        assert notices.send_due() == 0
    assert notices.send_due() == 0  # not before its time
    with tenant_scope(world.aozora.id):
        notice = Notice.objects.get(email="kita@studio.example")
        assert (notice.tries, notice.sent_at) == (1, None)
        assert "no answer" in notice.trouble
        Notice.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert notices.send_due() == 3
    with tenant_scope(world.aozora.id):
        assert Notice.objects.filter(sent_at__isnull=False, trouble="").count() == 3


def test_after_two_days_it_is_given_up_and_said(world: World, withdrawn: Withdrawal) -> None:
    with tenant_scope(world.aozora.id):
        Notice.objects.update(tries=mails.MAX_TRIES - 1)
    with mock.patch("django.core.mail.EmailMessage.send", side_effect=TimeoutError):
        notices.send_due()
    with tenant_scope(world.aozora.id):
        assert Notice.objects.filter(given_up_at__isnull=False).count() == 3
        Notice.objects.update(next_at=timezone.now() - timedelta(days=1))
    assert notices.send_due() == 0


def test_managers_learn_of_a_revocation_that_reached_nothing(world: World, told: list) -> None:
    _reference, record = likeness(world)
    revoke(world, record)
    bring_about()
    notices.send_due()
    assert [message.to for message in mail.outbox] == [[world.gordon.email]]
    with tenant_scope(world.aozora.id), pytest.raises(NotFound):
        pack.content(world.actor(world.gordon), withdrawals(world)[0])


def opened(data: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


def test_the_pack_is_signed_and_names_every_file(world: World, made: Shelf, withdrawn: Withdrawal) -> None:
    with tenant_scope(world.aozora.id):
        archive = opened(pack.content(world.actor(world.gordon), withdrawn))
    body = archive.read("notice.json")
    notice, signature = json.loads(body), json.loads(archive.read("notice.sig.json"))
    leaf = load_pem_x509_certificates(signature["certificates"].encode())[0]
    raw = base64.b64decode(signature["signature"])
    half = len(raw) // 2
    der = encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
    leaf.public_key().verify(der, body, ec.ECDSA(hashes.SHA256()))  # raises where it does not hold
    assert (notice["record"], notice["cause"]) == (made.record.public_id, "revoked")
    assert len(notice["outputs"]) == 3
    lines = list(csv.DictReader(io.StringIO(archive.read("files.csv").decode("utf-8-sig"))))
    digests = {line["sha256"] for line in lines}
    assert digests == {made.pending.sha256, made.approved.sha256, made.released.output.sha256, made.released.sha256}
    went = archive.read("went_to.csv").decode("utf-8-sig")
    assert "kita@studio.example" in went and world.olive.email in went
    assert world.gordon.email in archive.read("contacts.csv").decode("utf-8-sig")


def test_it_shows_no_picture_unless_a_person_asks(world: World, made: Shelf, withdrawn: Withdrawal) -> None:
    with tenant_scope(world.aozora.id):
        plain = opened(pack.content(world.actor(world.gordon), withdrawn))
        assert not [name for name in plain.namelist() if name.endswith((".png", ".jpg", ".jpeg"))]
        everything = b"".join(plain.read(name) for name in plain.namelist())
        assert b"person asked for it" not in everything and b"Hanako" not in everything
        full = opened(pack.content(world.actor(world.gordon), withdrawn, pictures=True))
        assert full.read(f"pictures/{made.released.public_id}.png").startswith(b"\x89PNG")
        with pytest.raises(NotPermitted):
            pack.content(world.actor(world.alice), withdrawn)


def test_a_key_gets_no_pictures(world: World, withdrawn: Withdrawal) -> None:
    from imprimatur.tenants.permissions import Role

    from tests.factories import member

    manager = member(world.aozora, "mika", [Role.OWNER, Role.RIGHTS_MANAGER], world.password)
    key, _secret = world.key([Permission.VIEW, Permission.MANAGE_RIGHTS], manager)
    from imprimatur.tenants.actor import actor_for_key

    with tenant_scope(world.aozora.id):
        actor = actor_for_key(key)
        assert pack.content(actor, withdrawn)
        with pytest.raises(PersonRequired):
            pack.content(actor, withdrawn, pictures=True)


def test_a_formula_in_a_name_stays_text(world: World, made: Shelf, told: list) -> None:
    with tenant_scope(world.aozora.id):
        services.name_recipient(world.actor(world.alice), made.released, name="=HYPERLINK(1)", email="x@x.example")
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        archive = opened(pack.content(world.actor(world.gordon), withdrawals(world)[0]))
    assert "'=HYPERLINK(1)" in archive.read("went_to.csv").decode("utf-8-sig")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_a_formula(start: str) -> None:
    """Spreadsheets in Japanese take the full-width signs for formulas, and others skip what they take for spaces."""
    data = pack._csv(("who",), [(f"{start}1+1",)])
    _, (cell,) = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert cell == f"'{start}1+1"
