"""Addresses over the API: people add them, keys do not, and nobody sees another company's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks.models import Endpoint

from tests.factories import World

URL = "https://hooks.example.com/imprimatur"


def add(client: Client, **asked: Any) -> Any:
    return client.post("/api/v1/webhooks", {"url": URL} | asked, content_type="application/json")


def test_an_owner_adds_one_and_sees_its_secret_once(world: World) -> None:
    client = world.client(world.olive)
    answer = add(client, events=["release.*"])
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    (listed,) = client.get("/api/v1/webhooks").json()["data"]
    assert "secret" not in listed
    assert (listed["url"], listed["events"]) == (URL, ["release.*"])
    changed = client.post(f"/api/v1/webhooks/{made['id']}/rotate").json()["secret"]
    assert changed != made["secret"]
    assert client.post(f"/api/v1/webhooks/{made['id']}/resume").status_code == 200
    assert client.delete(f"/api/v1/webhooks/{made['id']}").status_code == 204
    with tenant_scope(world.aozora.id):
        told = list(AuditEvent.objects.filter(event__startswith="webhook.").order_by("seq"))
        assert [event.event for event in told] == [
            f"webhook.{what}" for what in ("added", "secret_changed", "resumed", "removed")
        ]
        assert all(secret not in event.payload for event in told for secret in (made["secret"], changed, URL))


def test_an_owner_pauses_chooses_tries_and_sends_again(world: World) -> None:
    client = world.client(world.olive)
    one = f"/api/v1/webhooks/{add(client).json()['id']}"
    assert client.post(f"{one}/pause").json()["disabled_because"] == "paused"
    chosen = client.put(f"{one}/events", {"events": ["template.version.approved"]}, content_type="application/json")
    assert (chosen.status_code, chosen.json()["events"]) == (200, ["template.version.approved"])
    refused = client.put(f"{one}/events", {"events": ["everything"]}, content_type="application/json")
    assert refused.status_code in (400, 422)
    tried = client.post(f"{one}/test")
    assert (tried.status_code, tried.json()["event"], tried.json()["seq"]) == (202, "webhook.test", None)
    assert client.post(f"{one}/test").json()["code"] == "delivery_waits"
    (listed,) = client.get(f"{one}/deliveries").json()["data"]
    assert (listed["id"], listed["by_hand"], listed["attempts"]) == (tried.json()["id"], True, 0)
    assert client.post(f"{one}/deliveries/{listed['id']}/again").json()["code"] == "delivery_waits"
    assert client.post(f"{one}/deliveries/dlv_nonsense/again").status_code == 404
    assert client.post(f"{one}/resume").json()["disabled_because"] == ""


def test_a_key_neither_tries_nor_pauses(world: World) -> None:
    one = f"/api/v1/webhooks/{add(world.client(world.olive)).json()['id']}"
    _, secret = world.key([Permission.MANAGE_TENANT])
    machine = Client(headers={"Authorization": f"Bearer {secret}"})
    for act in ("test", "pause", "resume", "rotate"):
        assert machine.post(f"{one}/{act}").json()["code"] == "person_required"
    assert machine.get(f"{one}/deliveries").status_code == 200


def test_a_secret_is_not_shown_again_to_whoever_repeats_the_request(world: World) -> None:
    client = world.client(world.olive)
    headers = {"Idempotency-Key": "once"}
    first = client.post("/api/v1/webhooks", {"url": URL}, content_type="application/json", headers=headers)
    again = client.post("/api/v1/webhooks", {"url": URL}, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code, again.json()["code"]) == (201, 409, "secret_shown_once")


def test_a_key_opens_no_way_out(world: World) -> None:
    _, secret = world.key()
    machine = Client(headers={"Authorization": f"Bearer {secret}"})
    refused = add(machine)
    assert refused.status_code == 403
    assert refused.json()["code"] in ("person_required", "not_permitted")


def test_whoever_does_not_run_the_company_may_not(world: World) -> None:
    assert add(world.client(world.alice)).status_code == 403


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://u:p@hooks.example.com/", "nonsense", "x" * 600])
def test_an_unfit_address_is_refused_with_what_to_do(world: World, url: str) -> None:
    answer = add(world.client(world.olive), url=url)
    assert answer.status_code in (400, 422)
    assert "url" in str(answer.json()["errors"])


@pytest.mark.parametrize("events", [["everything"], ["release"], ["release published"], ["*.*"], ["a.b"] * 101])
def test_kinds_that_are_none_are_refused(world: World, events: list[str]) -> None:
    answer = add(world.client(world.olive), events=events)
    assert answer.status_code in (400, 422)
    assert "events" in str(answer.json()["errors"])


def test_the_same_address_and_an_eleventh_are_refused(world: World) -> None:
    client = world.client(world.olive)
    assert add(client).status_code == 201
    assert add(client).json()["code"] == "endpoint_exists"
    for number in range(9):
        assert add(client, url=f"{URL}/{number}").status_code == 201
    assert add(client, url=f"{URL}/more").json()["code"] == "too_many_endpoints"


def test_another_company_neither_sees_nor_moves_it(world: World) -> None:
    made = add(world.client(world.olive)).json()
    theirs = world.client(world.charlie)
    assert made["id"] not in str(theirs.get("/api/v1/webhooks").content)
    for act in ("rotate", "resume", "pause", "test"):
        assert theirs.post(f"/api/v1/webhooks/{made['id']}/{act}").status_code in (403, 404)
    assert theirs.delete(f"/api/v1/webhooks/{made['id']}").status_code in (403, 404)
    with tenant_scope(world.aozora.id):
        assert Endpoint.objects.get().secret_version == 1
