"""The end of a company's signing certificate and of the trust list is mailed 30, 7 and 1 days before, once each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core import mail
from imprimatur import keys
from imprimatur.audit.selectors import events
from imprimatur.rights import certificates, mails
from imprimatur.tenants.scope import tenant_scope

from governance.trust_list import FOLDER_VARIABLE, install
from tests.factories import World
from tests.governance.samples import leaf_signer

LATER = (0, 9, 10.5, 11, 20, 33.5, 34, 39.5, 39.8)  # days, of 40


def bundle(days: float) -> bytes:
    """Key and chain of a leaf in the company's own name that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Aozora Tea KK")])
    ends = datetime.now(UTC) + timedelta(days=days)
    signer = leaf_signer(settings.PKI_FOLDER, key, ends, subject=name)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signer.chain_pem.encode()


@pytest.fixture
def certificate(world: World) -> datetime:
    """aozora's own key, whose certificate ends in forty days."""
    keys.signer_for(world.aozora.id)  # the development chain is there now
    keys.key_book(world.aozora.id).install(bundle(40))
    state = keys.certificate_state(world.aozora.id)
    assert state is not None
    return state.ends


def test_owners_hear_of_it_three_times_and_no_more(world: World, certificate: datetime) -> None:
    sent = []
    for days in LATER:
        certificates.remind_of_certificates(certificate - timedelta(days=40) + timedelta(days=days))
        mails.send_due()
        sent.append(len(mail.outbox))
    assert sent == [0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert {tuple(message.to) for message in mail.outbox} == {(world.olive.email,)}
    assert [message.subject.split(" in ")[1] for message in mail.outbox] == ["30 days", "7 days", "1 day"]
    with tenant_scope(world.aozora.id):
        assert events(world.aozora.id, event="signing_key.expiring").count() == 3
    with tenant_scope(world.northwind.id):
        assert not events(world.northwind.id, event="signing_key.expiring").exists()


def test_a_new_certificate_is_announced_anew(world: World, certificate: datetime) -> None:
    at = certificate - timedelta(days=5)
    assert certificates.remind_of_certificates(at) == 1
    assert certificates.remind_of_certificates(at) == 0
    keys.key_book(world.aozora.id).install(bundle(36))
    assert certificates.remind_of_certificates(at) == 1


def test_a_development_certificate_renews_itself_and_asking_issues_none(world: World) -> None:
    folder = keys.key_book(world.northwind.id).folder
    certificates.remind_of_certificates(datetime.now(UTC) + timedelta(days=4000))
    assert not folder.exists()
    keys.signer_for(world.northwind.id)
    assert certificates.remind_of_certificates(datetime.now(UTC) + timedelta(days=4000)) == 0
    assert mail.outbox == []


def test_operators_get_a_copy_and_owners_read_it_in_their_language(
    world: World, certificate: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mails.OPERATORS, "ops@example.org, night@example.org")
    type(world.olive).objects.filter(pk=world.olive.pk).update(language="ja")
    certificates.remind_of_certificates(certificate - timedelta(hours=5))
    mails.send_due()
    by_address = {message.to[0]: message.body for message in mail.outbox}
    assert set(by_address) == {"ops@example.org", "night@example.org", world.olive.email}
    assert "signing_key install" in by_address["ops@example.org"]


def test_the_trust_list_is_announced_by_its_first_end(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    keys.signer_for(world.northwind.id)
    key = ec.generate_private_key(ec.SECP256R1())
    signers = [leaf_signer(settings.PKI_FOLDER, key, now + timedelta(days=days)) for days in (300, 20)]
    path = tmp_path / "list.json"
    monkeypatch.setenv(FOLDER_VARIABLE, str(path))
    install("".join(s.chain_pem for s in signers), date(2026, 11, 24), "https://example.org", path)
    assert certificates.remind_of_certificates(now - timedelta(days=30)) == 0
    assert certificates.remind_of_certificates(now) == 2  # each company once
    assert certificates.remind_of_certificates(now) == 0
    mails.send_due()
    assert {message.to[0] for message in mail.outbox} == {world.olive.email, world.charlie.email}
    assert certificates.remind_of_certificates(now + timedelta(days=15)) == 2
    with tenant_scope(world.aozora.id):
        assert events(world.aozora.id, event="trust_list.expiring").count() == 2
