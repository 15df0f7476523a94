"""A person without an account reads, signs or asks for something else; the link is good for that and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from imprimatur import objects
from imprimatur.audit.selectors import events
from imprimatur.rights import evidence, links, selectors, services, signing
from imprimatur.rights.models import AccessLink, ConsentRecord, LinkPurpose, RightStatus
from imprimatur.rights.sealing import CannotUnseal, Contact, contact_of
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, NotPermitted, PersonRequired
from imprimatur.tenants.scope import tenant_scope

from governance.consent import ConsentTerms
from governance.seal import holds
from tests.factories import World
from tests.imprimatur.drawn import uploaded
from tests.imprimatur.rights.test_rights import drafter, terms

HANAKO = Contact(name="山田 花子", email="hanako@example.com", language="ja")
BASE = "https://pictures.example.com"


@pytest.fixture
def gordon(world: World) -> Iterator[Actor]:
    """The rights manager of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.gordon)


def sent(world: World, contact: Contact = HANAKO, **changes: Any) -> tuple[ConsentRecord, str]:
    """A draft that went out, and the path of its link."""
    with tenant_scope(world.aozora.id):
        gordon = world.actor(world.gordon)
        record = services.draft_consent(
            drafter(gordon), title="Spring", kind="likeness", terms=terms(**changes), contact=contact
        )
        address = signing.send_to_sign(gordon, record, BASE)
        return selectors.get_consent(record.public_id), address.removeprefix(BASE)


def row_of(world: World, record: ConsentRecord) -> ConsentRecord:
    with tenant_scope(world.aozora.id):
        return selectors.get_consent(record.public_id)


def test_a_link_goes_out_in_the_persons_language_and_opens_without_an_account(world: World) -> None:
    record, path = sent(world)
    (message,) = mail.outbox
    assert message.to == ["hanako@example.com"]
    assert path in message.body
    assert record.status == RightStatus.SENT
    page = Client().get(path)
    text = page.content.decode()
    assert page.status_code == 200
    assert 'lang="ja"' in text and record.terms_digest in text
    assert "あなたの写真1枚" in text
    assert "no-store" in page["Cache-Control"] and "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "same-origin"


def test_signing_makes_a_sealed_document_and_a_person_still_verifies(world: World, gordon: Actor) -> None:
    record, path = sent(world)
    browser = Client()
    answer = browser.post(path, {"answer": "signed", "agree": "on", "name": "  山田 花子 "})
    assert 'data-answer="signed"' in answer.content.decode()
    row = selectors.get_consent(record.public_id)
    assert row.status == RightStatus.SIGNED
    document, mime = selectors.evidence(row)
    assert mime.startswith("text/html")
    assert "山田 花子" in document.decode() and record.terms_digest in document.decode()
    assert evidence.is_sealed(row)
    assert not holds(document + b" ", row.evidence_seal)
    assert row.terms["evidence_digest"] == row.evidence_sha256
    assert [version.number for version in selectors.versions(row)] == [2, 1]
    assert services.verify_record(gordon, row).status == RightStatus.ACTIVE
    trail = events(gordon.tenant_id, event="consent.signed").get()
    assert trail.actor.startswith("link:") and "花子" not in trail.payload
    again = browser.get(path)
    assert again.status_code == 410 and record.terms_digest not in again.content.decode()


@pytest.mark.parametrize("said", [{"name": "Hanako"}, {"agree": "on", "name": " "}, {"agree": "on"}])
def test_without_a_tick_and_a_name_nothing_is_signed(world: World, said: dict[str, str]) -> None:
    record, path = sent(world)
    assert Client().post(path, {"answer": "signed", **said}).status_code == 200
    assert row_of(world, record).status == RightStatus.SENT


@pytest.mark.parametrize("answer", [{}, {"answer": "perhaps"}])
def test_what_is_no_answer_signs_nothing(world: World, answer: dict[str, str]) -> None:
    record, path = sent(world)
    assert Client().post(path, {"agree": "on", "name": "Hanako", **answer}).status_code == 200
    assert row_of(world, record).status == RightStatus.SENT


def test_a_wish_brings_the_record_back_to_its_desk_and_stays_sealed(world: World, gordon: Actor) -> None:
    record, path = sent(world)
    answer = Client().post(path, {"answer": "changes", "note": "Only on your website, please."})
    assert 'data-answer="changes"' in answer.content.decode()
    row = selectors.get_consent(record.public_id)
    assert row.status == RightStatus.DRAFT
    link = links.links_of(row)[0]
    assert signing.wish(link) == "Only on your website, please."
    assert "website" not in link.sealed_note
    changed = services.redraft(drafter(gordon), row, terms(channels=frozenset()))
    signing.send_to_sign(gordon, changed, BASE)
    assert Client().get(path).status_code == 410


def test_links_that_are_over_forged_or_of_another_kind_answer_plainly(world: World, gordon: Actor) -> None:
    record, path = sent(world)
    token = path.rpartition("/")[2]
    assert Client().get(f"/portal/{token}").status_code == 404
    assert Client().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert Client().get("/sign/nonsense").status_code == 404
    AccessLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    over = Client().get(path)
    assert over.status_code == 410 and record.title not in over.content.decode()


def test_a_newer_link_ends_the_older_and_a_changed_document_ends_both(world: World, gordon: Actor) -> None:
    record, first = sent(world)
    second = signing.send_to_sign(gordon, record, BASE).removeprefix(BASE)
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200
    services.attach_evidence(gordon, record, b"%PDF another document", "x.pdf")
    assert Client().post(second, {"answer": "signed", "agree": "on", "name": "Hanako Yamada"}).status_code == 410
    assert selectors.get_consent(record.public_id).status == RightStatus.SENT


def test_only_managers_send_and_only_with_an_address(world: World, gordon: Actor) -> None:
    record, _path = sent(world)
    with pytest.raises(NotPermitted):
        signing.send_to_sign(world.actor(world.alice), record, BASE)
    nobody = services.draft_consent(drafter(gordon), title="x", kind="likeness", terms=terms())
    with pytest.raises(Conflict) as caught:
        signing.send_to_sign(gordon, nobody, BASE)
    assert caught.value.code == "contact_missing"


def test_a_link_allows_nothing_that_needs_a_signed_in_person(world: World, gordon: Actor) -> None:
    record, _path = sent(world)
    person = links.grantor(links.links_of(record)[0])
    services.attach_evidence(drafter(gordon), record, b"%PDF paper", "x.pdf")
    services.mark_signed(gordon, record)
    with pytest.raises(PersonRequired):
        services.verify_record(person, record)
    active = services.verify_record(gordon, record)
    with pytest.raises(PersonRequired):
        services.resume(person, services.suspend(gordon, active))


def test_forms_need_their_own_token_and_too_many_tries_are_slowed(world: World, settings: Any) -> None:
    _record, path = sent(world)
    assert Client(enforce_csrf_checks=True).post(path, {"answer": "signed"}).status_code == 403
    visitor = Client(REMOTE_ADDR="203.0.113.9")
    statuses = {visitor.get("/sign/nonsense").status_code for _ in range(70)}
    assert statuses == {404, 429}


def test_the_pictures_it_is_about_are_shown_and_no_other(world: World) -> None:
    with tenant_scope(world.aozora.id):
        mine, other = (uploaded(world, world.alice, shows_person=True) for _ in range(2))
    _record, path = sent(world, reference_digests=frozenset({mine.pixel_sha256}))
    assert re.search(rf'src="{re.escape(path)}/reference/{mine.public_id}"', Client().get(path).content.decode())
    assert Client().get(f"{path}/reference/{mine.public_id}").status_code == 200
    assert Client().get(f"{path}/reference/{other.public_id}").status_code == 404


def test_names_are_kept_encrypted_and_bound_to_their_record(world: World, gordon: Actor) -> None:
    record, _path = sent(world)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM rights_consentrecord r")
        assert "花子" not in str(cursor.fetchall()) and "hanako" not in str(cursor.fetchall())
    assert selectors.contact(gordon, record) == HANAKO
    other = services.draft_consent(drafter(gordon), title="x", kind="likeness", terms=terms())
    with pytest.raises(CannotUnseal):
        contact_of(other.pk, record.sealed_contact)
    with pytest.raises(NotPermitted):
        selectors.contact(world.actor(world.alice), record)


def test_what_was_signed_is_the_document_that_was_stored(world: World) -> None:
    record, path = sent(world)
    Client().post(path, {"answer": "signed", "agree": "on", "name": "Hanako Yamada"})
    row = row_of(world, record)
    stored = objects.get(row.evidence_key, row.evidence_sha256)
    assert ConsentTerms.from_json(row.terms).evidence_digest == row.evidence_sha256
    assert stored.decode().startswith("<!DOCTYPE html>")
    assert links.LIFETIME[LinkPurpose.SIGN] == timedelta(days=14)
