"""The company's blocklist: kept by rights managers, asked by templates and by every gate but the serving one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from imprimatur.generations import services as generations
from imprimatur.prompts import services as prompts
from imprimatur.releases import services as releases
from imprimatur.review import services as review
from imprimatur.rights import blocklist
from imprimatur.rights.models import BlockedEntry
from imprimatur.tenants.actor import Actor
from imprimatur.tenants.errors import Conflict, InvalidInput, NotPermitted, RightsRefused
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import USE, approved_version, drawn, uploaded

API = "/api/v1/blocklist"


@pytest.fixture
def gordon(world: World) -> Iterator[Actor]:
    """The rights manager of aozora, inside its scope."""
    with tenant_scope(world.aozora.id):
        yield world.actor(world.gordon)


def test_a_blocked_word_stops_new_pictures_and_is_named(world: World, gordon: Actor) -> None:
    asked = {"reference": uploaded(world, world.alice), "version": approved_version(world)}
    entry = blocklist.add(gordon, "Beach", "word", "a competitor's name")
    with pytest.raises(RightsRefused) as caught:
        generations.submit(world.actor(world.alice), use=USE, variables={"place": "on the beach"}, **asked)
    assert caught.value.reasons[0]["rule_id"] == "blocklist.word"
    assert "Beach" in caught.value.reasons[0]["sentence"]
    blocklist.remove(gordon, entry)
    assert generations.submit(world.actor(world.alice), use=USE, variables={"place": "on the beach"}, **asked)


def test_it_stops_decisions_and_releases_of_pictures_that_are_there(world: World, gordon: Actor) -> None:
    first, second = drawn(world, count=2)
    for person in (world.rita, world.ravi):
        review.decide(world.actor(person), first, "approve")
    out = releases.release(world.actor(world.alice), first)
    for person in (world.rita, world.ravi):
        review.decide(world.actor(person), second, "approve")
    blocklist.add(gordon, "beach")
    with pytest.raises(RightsRefused):
        releases.release(world.actor(world.alice), second)
    assert releases.content(out)[0]  # what is out was decided on before


def test_a_template_with_a_blocked_word_is_neither_submitted_nor_approved(world: World, gordon: Actor) -> None:
    alice = world.actor(world.alice)
    draft = prompts.create_template(alice, name_en="Umbra", text="a {subject} beside an umbra lamp")
    blocklist.add(gordon, "UMBRA", "mark")
    with pytest.raises(InvalidInput) as caught:
        prompts.submit(alice, draft)
    assert "UMBRA" in str(caught.value.errors[0]["message"])
    later = prompts.submit(alice, prompts.create_template(alice, name_en="Later", text="a {subject} by a zeta lamp"))
    blocklist.add(gordon, "zeta")
    with pytest.raises(InvalidInput):
        prompts.approve(world.actor(world.rita), later)


def test_one_spelling_is_enough_and_only_managers_keep_the_list(world: World, gordon: Actor) -> None:
    blocklist.add(gordon, "Coca-Cola", "mark")
    with pytest.raises(Conflict):
        blocklist.add(gordon, "coca cola")
    for text, kind in (("  ", "word"), ("!!!", "word"), ("x" * 81, "word"), ("fine", "colour")):
        with pytest.raises(InvalidInput):
            blocklist.add(gordon, text, kind)
    with pytest.raises(NotPermitted):
        blocklist.add(world.actor(world.alice), "word")


def test_a_list_is_imported_whole_or_not_at_all(gordon: Actor) -> None:
    blocklist.add(gordon, "old")
    text = "text,kind,note\nNike,mark,\n禁止語\nOLD\n\n山田 花子,name,private\n"
    assert blocklist.import_csv(gordon, b"\xef\xbb\xbf" + text.encode()) == (3, 1)
    with pytest.raises(InvalidInput) as caught:
        blocklist.import_csv(gordon, b"good\n!!!\nalso good,colour\n")
    assert [error["field"] for error in caught.value.errors] == ["line 2", "line 3"]
    assert BlockedEntry.objects.count() == 4
    for wrong in ("日本".encode("shift_jis"), b"x" * (2**20 + 1)):
        with pytest.raises(InvalidInput):
            blocklist.import_csv(gordon, wrong)


def test_over_the_api(world: World) -> None:
    client = world.client(world.gordon)
    made = client.post(API, {"text": "Nike", "kind": "mark"}, content_type="application/json")
    assert made.status_code == 201
    listed = client.post(f"{API}/import", {"file": SimpleUploadedFile("list.csv", b"Umbra,mark\nNike\n")})
    assert listed.json() == {"added": 1, "there": 1}
    assert {row["text"] for row in client.get(API).json()["data"]} == {"Nike", "Umbra"}
    assert client.delete(f"{API}/{made.json()['id']}").status_code == 204
    assert world.client(world.charlie).get(API).json()["data"] == []
    assert world.client(world.alice).post(API, {"text": "x"}, content_type="application/json").status_code == 403
