"""/templates over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from imprimatur.tenants.permissions import Permission, Role

from tests.factories import World, member
from tests.imprimatur.prompts.test_prompts import PLACE, TEXT

TEMPLATES = "/api/v1/templates"
BODY: dict[str, Any] = {"name_en": "Season", "name_ja": "季節", "text": TEXT, "variables": [PLACE]}


def post(client: Client, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return client.post(path, body or {}, content_type="application/json", headers=headers)


def written(client: Client) -> str:
    answer = post(client, TEMPLATES, BODY)
    assert answer.status_code == 201, answer.json()
    assert answer["Location"] == f"{TEMPLATES}/{answer.json()['id']}"
    return str(answer["Location"])


def test_from_draft_to_retired(world: World) -> None:
    alice, rita = world.client(world.alice), world.client(world.rita)
    address = written(alice)
    one = f"{address}/versions/1"
    version = alice.get(one).json()
    assert (version["status"], version["preview"]) == ("draft", "a bottle on the beach")
    assert post(alice, f"{one}/submit").json()["status"] == "submitted"
    assert post(alice, f"{one}/approve").status_code == 403
    approved = post(rita, f"{one}/approve").json()
    assert (approved["status"], approved["decided_by"]) == ("approved", str(world.rita.id))
    assert post(rita, f"{one}/retire").json()["status"] == "retired"
    assert post(rita, f"{one}/approve").json()["code"] == "wrong_status"


def test_the_author_with_both_roles_is_refused(world: World) -> None:
    momo = world.client(member(world.aozora, "momo", [Role.CREATOR, Role.REVIEWER], world.password))
    one = f"{written(momo)}/versions/1"
    post(momo, f"{one}/submit")
    for step in ("approve", "reject"):
        answer = post(momo, f"{one}/{step}")
        assert (answer.status_code, answer.json()["code"]) == (403, "own_template")


def test_a_key_writes_and_does_not_approve(world: World) -> None:
    scopes = [Permission.VIEW, Permission.EDIT_TEMPLATE, Permission.APPROVE_TEMPLATE]
    _, secret = world.key(scopes)
    bearer = {"Authorization": f"Bearer {secret}"}
    template = post(Client(), TEMPLATES, BODY, **bearer).json()
    one = f"{TEMPLATES}/{template['id']}/versions/1"
    assert post(Client(), f"{one}/submit", **bearer).status_code == 200
    assert post(Client(), f"{one}/approve", **bearer).json()["code"] == "person_required"


def test_drafts_change_and_submitted_versions_do_not(world: World) -> None:
    alice, rita = world.client(world.alice), world.client(world.rita)
    address = written(alice)
    changed = {"text": "one {subject} {place}", "variables": [PLACE]}
    one = f"{address}/versions/1"
    assert alice.put(one, changed, content_type="application/json").json()["text"] == "one {subject} {place}"
    post(alice, f"{one}/submit")
    answer = alice.put(one, changed, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_draft")
    assert post(rita, f"{one}/reject", {"note": "too long"}).json()["decision_note"] == "too long"
    second = post(alice, f"{address}/versions", changed)
    assert (second.status_code, second.json()["number"]) == (201, 2)
    assert [v["number"] for v in alice.get(address).json()["versions"]] == [2, 1]
    assert [v["number"] for v in alice.get(f"{address}/versions").json()["data"]] == [2, 1]


def test_rendering_takes_the_newest_approved_version(world: World) -> None:
    alice, rita = world.client(world.alice), world.client(world.rita)
    address = written(alice)
    asked = {"subject": "mug", "variables": {"place": "in the snow"}}
    none_yet = post(alice, f"{address}/render", asked)
    assert (none_yet.status_code, none_yet.json()["code"]) == (404, "no_approved_version")
    assert post(alice, f"{address}/render", asked | {"version": 1}).json()["prompt"] == "a mug in the snow"
    post(alice, f"{address}/versions/1/submit")
    post(rita, f"{address}/versions/1/approve")
    rendered = post(alice, f"{address}/render", asked).json()
    chosen = {"word": "mug", "words": ["mug"], "variables": {"place": "in the snow"}}
    assert rendered == {"prompt": "a mug in the snow"} | chosen
    wrong = post(alice, f"{address}/render", asked | {"variables": {"place": "on Mars"}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["field"] == "variables.place"


def test_a_wording_of_two_subjects_is_rendered_with_two_words(world: World) -> None:
    alice = world.client(world.alice)
    body = BODY | {"text": "a {subject} and a {subject2} {place}"}
    template = post(alice, TEMPLATES, body).json()
    assert template["versions"][0]["subject_count"] == 2
    asked = {"subject": "mug", "others": ["bag"], "variables": {"place": "in the snow"}, "version": 1}
    address = f"{TEMPLATES}/{template['id']}/render"
    assert post(alice, address, asked).json()["words"] == ["mug", "bag"]
    alone = post(alice, address, asked | {"others": []})
    assert (alone.status_code, alone.json()["errors"][0]["field"]) == (422, "subjects")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "a bottle {place}"}, "text"),
        ({"variables": []}, "text"),
        ({"variables": [{"name": "place"}]}, "variables.0.label"),
        ({"name_en": ""}, "name_en"),
    ],
)
def test_wrong_wordings_are_named(world: World, change: dict[str, Any], field: str) -> None:
    answer = post(world.client(world.alice), TEMPLATES, BODY | change)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_reviewers_do_not_write(world: World) -> None:
    assert post(world.client(world.rita), TEMPLATES, BODY).status_code == 403


def test_another_company_finds_nothing(world: World) -> None:
    address = written(world.client(world.alice))
    charlie = world.client(world.charlie)
    assert charlie.get(TEMPLATES).json()["data"] == []
    for path in (address, f"{address}/versions", f"{address}/versions/1"):
        assert charlie.get(path).status_code == 404
    for step in ("submit", "approve", "reject", "retire"):
        assert post(charlie, f"{address}/versions/1/{step}").status_code == 404
