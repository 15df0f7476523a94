"""The pages of rights: who sees names, who keeps the blocklist, who looks at held pictures; in both languages."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from imprimatur.generations.models import Screening
from imprimatur.rights import blocklist, selectors
from imprimatur.rights.models import BlockedEntry, ConsentRecord
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import drawn, uploaded
from tests.imprimatur.generations.asked import likeness


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_of_rights_renders(world: World, language: str) -> None:
    _reference, record = likeness(world)
    with tenant_scope(world.aozora.id):
        blocklist.add(world.actor(world.gordon), "Umbra", "mark")
    gordon, alice = world.client(world.gordon), world.client(world.alice)
    for client in (gordon, alice):
        client.cookies["imprimatur_language"] = language
    pages = ["/rights", "/rights/new", "/rights/blocklist", f"/rights/{record.public_id}"]
    for path in pages:
        assert gordon.get(path).status_code == 200, path
        assert alice.get(path).status_code == 200, path
    assert gordon.get("/rights/held").status_code == 200
    assert alice.get("/rights/held").status_code == 403


def test_a_permission_is_written_down_with_everything_that_was_agreed(world: World) -> None:
    with tenant_scope(world.aozora.id):
        reference = uploaded(world, world.alice, shows_person=True)
    said = {
        "kind": "likeness",
        "title": "Mika, spring",
        "references": [reference.public_id],
        "channels": ["web"],
        "purposes": ["advertising"],
        "territories": ["US"],
        "excluded_territories": ["CA"],
        "valid_from": f"{timezone.localdate():%Y-%m-%d}",
        "last_day": "2099-01-01",
        "sell_off_days": "30",
        "languages": ["ja"],
        "approval_right": "per_output",
        "response_days": "7",
        "disclosure_duty": "on",
        "synthetic_media_permitted": "on",
        "synthetic_description": "Drawn scenes in the garden",
        "majority_date": "2040-01-01",
        "contact_name": "Mika Aoki",
        "contact_email": "mika@example.com",
        "contact_language": "ja",
    }
    alice, gordon = world.client(world.alice), world.client(world.gordon)
    answer = alice.post("/rights/new", said)
    assert answer.status_code == 302, answer.context["form"].errors
    with tenant_scope(world.aozora.id):
        record = ConsentRecord.objects.get()
        terms = record.terms
        assert (terms["sell_off_days"], terms["excluded_territories"], terms["languages"]) == (30, ["CA"], ["ja"])
        assert (terms["minor"], terms["capacity"], terms["approval_right"]) == (True, "guardian", "per_output")
        assert selectors.contact(world.actor(world.gordon), record).name == "Mika Aoki"
    address = f"/rights/{record.public_id}"
    assert "Mika Aoki" not in alice.get(address).content.decode()
    assert "Mika Aoki" in gordon.get(address).content.decode()
    assert gordon.post(f"{address}/send").status_code == 302
    assert "/sign/" in gordon.get(address).content.decode()
    assert alice.post(f"{address}/send").status_code == 403
    assert gordon.post(f"{address}/contact", {"email": "no address", "language": "ja"}).status_code == 302


def test_the_blocklist_page(world: World) -> None:
    gordon, alice = world.client(world.gordon), world.client(world.alice)
    assert gordon.post("/rights/blocklist/add", {"text": "Nike", "kind": "mark"}).status_code == 302
    again = gordon.post("/rights/blocklist/add", {"text": "NIKE", "kind": "mark"})
    assert "blocklist already" in again.content.decode()
    file = SimpleUploadedFile("list.csv", b"Umbra,mark\n!!!\n")
    assert "Line 2" in gordon.post("/rights/blocklist/import", {"file": file}).content.decode()
    with tenant_scope(world.aozora.id):
        entry = BlockedEntry.objects.get()
    assert "Nike" in alice.get("/rights/blocklist").content.decode()
    assert alice.post(f"/rights/blocklist/{entry.public_id}/remove").status_code == 403
    assert gordon.post(f"/rights/blocklist/{entry.public_id}/remove").status_code == 302
    mark = SimpleUploadedFile("mark.png", b"no picture")
    assert gordon.post("/rights/marks/add", {"name": "FAN", "picture": mark}).status_code == 200


def test_a_held_picture_is_decided_on_its_page(world: World) -> None:
    (output,) = drawn(world)
    gordon = world.client(world.gordon)
    with tenant_scope(world.aozora.id):
        row = Screening.objects.create(tenant=world.aozora, output=output, findings=[{"code": "unasked_face"}])
    assert output.public_id in gordon.get("/rights/held").content.decode()
    assert gordon.post(f"/rights/held/{row.public_id}/clear", {"note": "a statue"}).status_code == 302
    assert output.public_id not in gordon.get("/rights/held").content.decode()


def test_a_record_is_narrowed_after_seeing_what_that_reaches(world: World) -> None:
    reference, record = likeness(world, channels=frozenset({"web", "tv"}))
    gordon = world.client(world.gordon)
    address = f"/rights/{record.public_id}/narrow"
    left = {"channels": ["tv"], "purposes": ["advertising"], "territories": ["JP"]}
    left["references"] = [reference.pixel_sha256]
    assert gordon.get(address).status_code == 200
    assert "would no longer be shown" in gordon.post(address, left | {"do": "look"}).content.decode()
    with tenant_scope(world.aozora.id):
        assert selectors.get_consent(record.public_id).terms_version == 1
    assert gordon.post(address, left | {"do": "narrow", "reason": "no more web"}).status_code == 302
    with tenant_scope(world.aozora.id):
        assert selectors.get_consent(record.public_id).terms["channels"] == ["tv"]
    assert gordon.post(address, left | {"do": "narrow"}).status_code == 200  # nothing would change
    assert world.client(world.alice).get(address).status_code == 403
