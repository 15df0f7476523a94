"""/reviews over HTTP: people decide in their session; a key reads, and decides nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from imprimatur.tenants.models import User
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import drawn


@pytest.fixture
def output(world: World) -> str:
    with tenant_scope(world.aozora.id):
        return drawn(world)[0].public_id


def post(client: Client, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return client.post(f"/api/v1{path}", body or {}, content_type="application/json", headers=headers)


def get(client: Client, path: str, **headers: str) -> Any:
    return client.get(f"/api/v1{path}", headers=headers)


def decide(world: World, person: User, output: str, verdict: str = "approve", **words: str) -> Any:
    return post(world.client(person), f"/reviews/{output}/decisions", {"verdict": verdict, **words})


def test_two_people_approve_it(world, output):
    assert get(world.client(world.rita), "/reviews?queue=mine").json()["data"][0]["id"] == output
    assert decide(world, world.rita, output).status_code == 201
    assert decide(world, world.ravi, output).status_code == 201
    seen = get(world.client(world.alice), f"/reviews/{output}").json()
    assert seen["state"] == "approved"
    assert [d["verdict"] for d in seen["decisions"]] == ["approve", "approve"]
    assert get(world.client(world.rita), "/reviews?queue=mine").json()["data"] == []
    assert get(world.client(world.alice), "/reviews?queue=approved").json()["data"][0]["id"] == output


@pytest.mark.parametrize("action", ["decisions", "claim", "release", "undo", "comments"])
def test_a_key_decides_nothing(world, output, action):
    _key, secret = world.key()
    body = {"verdict": "approve", "text": "Fine"}
    refused = post(Client(), f"/reviews/{output}/{action}", body, Authorization=f"Bearer {secret}")
    assert (refused.status_code, refused.json()["code"]) == (403, "person_required")


def test_a_key_reads(world, output):
    _key, secret = world.key()
    seen = get(Client(), "/reviews", Authorization=f"Bearer {secret}").json()
    assert [row["id"] for row in seen["data"]] == [output]
    assert "API key" in seen["data"][0]["why_not"]


def test_a_key_has_no_queue_of_its_own(world, output):
    _key, secret = world.key()
    refused = get(Client(), "/reviews?queue=mine", Authorization=f"Bearer {secret}")
    assert refused.json()["code"] == "person_required"


def test_whoever_asked_is_told_why_not(world, output):
    refused = decide(world, world.alice, output)
    assert refused.status_code == 403
    assert get(world.client(world.alice), f"/reviews/{output}").json()["why_not"] == refused.json()["detail"]


def test_a_rejection_without_reason_names_the_field(world, output):
    refused = decide(world, world.rita, output, "reject")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "reason"
    assert decide(world, world.rita, output, "reject", reason="nonsense").json()["errors"][0]["field"] == "reason"
    assert decide(world, world.rita, output, "maybe").json()["errors"][0]["field"] == "verdict"
    assert get(world.client(world.rita), f"/reviews/{output}").json()["state"] == "pending"


def test_a_second_decision_is_a_conflict(world, output):
    decide(world, world.rita, output)
    refused = decide(world, world.rita, output)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_decided")


def test_a_decision_is_undone(world, output):
    decide(world, world.rita, output, "reject", reason="brand")
    undone = post(world.client(world.rita), f"/reviews/{output}/undo")
    assert undone.status_code == 200
    assert undone.json()["undone_at"]
    assert post(world.client(world.rita), f"/reviews/{output}/undo").status_code == 404
    listed = get(world.client(world.ada), f"/reviews/{output}/decisions").json()["data"]
    assert len(listed) == 1


def test_a_claim_shows_and_ends(world, output):
    client = world.client(world.rita)
    assert post(client, f"/reviews/{output}/claim").json()["reviewer"] == str(world.rita)
    assert get(client, f"/reviews/{output}").json()["claim"]["reviewer"] == str(world.rita)
    assert decide(world, world.ravi, output).json()["code"] == "claimed"
    assert post(client, f"/reviews/{output}/release").json()["claim"] is None


def test_comments(world, output):
    said = post(world.client(world.alice), f"/reviews/{output}/comments", {"text": "Is the label right?"})
    assert said.status_code == 201
    assert get(world.client(world.rita), f"/reviews/{output}/comments").json()["data"] == [said.json()]
    assert post(world.client(world.rita), f"/reviews/{output}/comments", {"text": " "}).status_code == 422


def test_an_unknown_list_is_refused(world, output):
    assert get(world.client(world.rita), "/reviews?queue=nonsense").json()["errors"][0]["field"] == "queue"


@pytest.mark.parametrize("path", ["", "/decisions", "/comments"])
def test_another_company_sees_nothing(world, output, path):
    assert get(world.client(world.charlie), f"/reviews/{output}{path}").status_code == 404
    assert get(world.client(world.charlie), "/reviews?queue=all").json()["data"] == []


def test_nobody_is_told_anything_before_sign_in(world, output):
    assert get(Client(), f"/reviews/{output}").status_code == 401


def test_a_forged_form_decides_nothing(world, output):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.rita)
    refused = post(client, f"/reviews/{output}/decisions", {"verdict": "approve"})
    assert refused.status_code == 403
    assert get(world.client(world.rita), f"/reviews/{output}").json()["state"] == "pending"


def test_sent_twice_is_decided_once(world, output):
    client = world.client(world.rita)
    answers = [
        post(client, f"/reviews/{output}/decisions", {"verdict": "approve"}, **{"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
