"""REST, as a machine with a key sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from imprimatur.generations import services
from imprimatur.generations.models import Generation, Output
from imprimatur.library import services as library
from imprimatur.tenants.ids import encode
from imprimatur.tenants.scope import tenant_scope

from governance.canonical import sha256_hex
from tests.factories import World
from tests.imprimatur.drawn import USE, another_view, approved_version, drawn, picture, uploaded
from tests.imprimatur.generations.asked import BESIDE, ask, likeness

URL = "/api/v1/generations"


@pytest.fixture
def machine(world: World) -> Client:
    """A client that sends a key of aozora's."""
    _, secret = world.key()
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def asked(world: World) -> dict[str, Any]:
    """A request that is permitted."""
    with tenant_scope(world.aozora.id):
        reference, version = uploaded(world, world.alice), approved_version(world)
    return {
        "reference": reference.public_id,
        "template_version": version.public_id,
        "variables": {"place": "on the beach"},
        "use": USE,
        "count": 2,
        "seed": 5,
    }


def post(client: Client, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return client.post(path, body or {}, content_type="application/json", headers=headers)


def generation_of(output: Output) -> str:
    return encode(Generation.PREFIX, output.generation_id)


def test_asking_answers_202_with_the_first_ones_address(machine: Client, asked: dict[str, Any]) -> None:
    answer = post(machine, URL, asked)
    assert answer.status_code == 202, answer.content
    rows = answer.json()["data"]
    assert [row["spec"]["seed"] for row in rows] == [5, 6]
    assert answer["Location"] == f"{URL}/{rows[0]['id']}"
    one = machine.get(answer["Location"])
    assert (one.status_code, one.json()["state"], one.json()["position"]) == (200, "queued", 1)


@pytest.fixture
def of_two(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    """A request for a bottle from two views and a mug on the right, and nothing else than its ids."""
    with tenant_scope(world.aozora.id):
        bottle, mug = uploaded(world, world.alice), uploaded(world, world.alice, word="mug")
        side, version = another_view(world, bottle), approved_version(world, BESIDE)
    right = {"left": 0.5, "top": 0, "right": 1, "bottom": 1}
    subjects = {"reference": bottle.public_id, "views": [side.public_id], "others": [{"reference": mug.public_id}]}
    subjects["others"][0]["box"] = right
    return asked | subjects | {"template_version": version.public_id, "count": 1}


def test_several_subjects_are_asked_for_and_shown(machine: Client, of_two: dict[str, Any]) -> None:
    estimate = post(machine, f"{URL}/estimate", of_two)
    assert (estimate.status_code, estimate.json()["permitted"]) == (200, True), estimate.content
    answer = post(machine, URL, of_two)
    assert answer.status_code == 202, answer.content
    (row,) = answer.json()["data"]
    bottle, mug = machine.get(f"{URL}/{row['id']}").json()["subjects"]
    assert (bottle["word"], bottle["reference"], bottle["views"]) == ("bottle", of_two["reference"], of_two["views"])
    assert (mug["word"], mug["box"]) == ("mug", {"left": 0.5, "top": 0.0, "right": 1.0, "bottom": 1.0})
    assert (bottle["box"], mug["views"]) == (None, [])


@pytest.mark.parametrize(
    ("second", "status", "field"),
    [
        ({"reference": "ref_unknown"}, 404, ""),
        ({"box": {"left": 0.9, "top": 0, "right": 0.5, "bottom": 1}}, 422, "others.0.box"),
        ({"box": {"left": 0.9}}, 422, "others.0.box.top"),
        ({"views": ["ref_1", "ref_2", "ref_3", "ref_4"]}, 422, "others.0.views"),
    ],
)
def test_what_is_wrong_with_the_second_subject_is_named(
    machine: Client, of_two: dict[str, Any], second: dict[str, Any], status: int, field: str
) -> None:
    wrong = of_two | {"others": [of_two["others"][0] | second]}
    answer = post(machine, URL, wrong)
    assert answer.status_code == status, answer.content
    assert field in {error["field"] for error in answer.json().get("errors", ())} | {""}
    assert machine.get(URL).json()["data"] == []


def test_another_companys_second_reference_does_not_exist(
    machine: Client, of_two: dict[str, Any], world: World
) -> None:
    with tenant_scope(world.northwind.id):
        actor = world.actor(world.charlie)
        subject = library.add_subject(actor, library.add_brand(actor, "Northwind"), "Mug", "product", "mug")
        facts = {"source": "drawing", "shows_person": False, "own_work": True}
        foreign = library.take_in(actor, subject, picture(512, "teal", 77), **facts)
    for path in (URL, f"{URL}/estimate"):
        answer = post(machine, path, of_two | {"others": [{"reference": foreign.public_id}]})
        assert answer.status_code == 404, answer.content


def test_asking_again_with_the_same_key_makes_no_second_picture(machine: Client, asked: dict[str, Any]) -> None:
    first = post(machine, URL, asked, **{"Idempotency-Key": "abc"})
    again = post(machine, URL, asked, **{"Idempotency-Key": "abc"})
    assert (again.json(), again["Idempotent-Replayed"], again["Location"]) == (first.json(), "true", first["Location"])
    assert len(machine.get(URL).json()["data"]) == 2


def test_a_refusal_names_every_rule(machine: Client, asked: dict[str, Any], world: World) -> None:
    with tenant_scope(world.aozora.id):
        asked["reference"] = uploaded(world, world.alice, shows_person=True, own_work=False).public_id
    answer = post(machine, URL, asked)
    assert (answer.status_code, answer.json()["code"]) == (403, "rights_refused")
    assert "likeness.missing" in answer.content.decode()
    assert machine.get(URL).json()["data"] == []


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"count": 99}, 422),
        ({"dials": {"steps": 0}}, 422),
        ({"variables": {}}, 422),
        ({"variables": {"place": "on the moon"}}, 422),
        ({"use": USE | {"territory": "ZZ"}}, 422),
        ({"reference": "ref_nonsense"}, 404),
        ({"template_version": "tpv_nonsense"}, 404),
    ],
)
def test_bad_requests_are_told_apart(
    machine: Client, asked: dict[str, Any], wrong: dict[str, Any], status: int
) -> None:
    answer = post(machine, URL, asked | wrong)
    assert answer.status_code == status, answer.content
    assert answer.json()["code"]
    assert machine.get(URL).json()["data"] == []


def test_an_estimate_tells_pictures_time_and_rights_and_queues_nothing(machine: Client, asked: dict[str, Any]) -> None:
    answer = post(machine, f"{URL}/estimate", asked)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["pictures"], found["permitted"], found["reasons"], found["workers"]) == (2, True, [], 0)
    assert found["seconds"] > 0
    assert machine.get(URL).json()["data"] == []


def test_an_estimate_says_why_not(machine: Client, asked: dict[str, Any], world: World) -> None:
    reference, _ = likeness(world)
    body = asked | {"reference": reference.public_id, "use": USE | {"territory": "US"}}
    found = post(machine, f"{URL}/estimate", body).json()
    assert (found["permitted"], [r["rule_id"] for r in found["reasons"]]) == (False, ["terms.territory"])


def test_cancel_always_answers_200_with_the_resulting_state(machine: Client, world: World) -> None:
    (row,) = ask(world)
    for _ in range(2):
        answer = post(machine, f"{URL}/{row.public_id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "canceled")
    (output,) = drawn(world)
    answer = post(machine, f"{URL}/{generation_of(output)}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")


def test_polling_gives_a_snapshot_only_when_there_is_news(machine: Client, world: World) -> None:
    (row,) = ask(world)
    news = machine.get(f"{URL}/{row.public_id}/events").json()
    assert [snapshot["state"] for snapshot in news["data"]] == ["queued"]
    again = machine.get(f"{URL}/{row.public_id}/events?after={news['version']}").json()
    assert (again["data"], again["finished"]) == ([], False)
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), row)
    later = machine.get(f"{URL}/{row.public_id}/events?after={news['version']}").json()
    assert ([s["state"] for s in later["data"]], later["finished"]) == (["canceled"], True)
    assert machine.get(f"{URL}/{row.public_id}/events?after=soon").status_code == 422


def test_lists_can_be_narrowed(machine: Client, world: World) -> None:
    one, two = ask(world)[0], ask(world)[0]
    with tenant_scope(world.aozora.id):
        services.cancel(world.actor(world.alice), one)
    assert [r["id"] for r in machine.get(f"{URL}?state=canceled").json()["data"]] == [one.public_id]
    assert [r["id"] for r in machine.get(f"{URL}?batch={two.batch}").json()["data"]] == [two.public_id]
    assert machine.get(f"{URL}?batch=first").status_code == 422


def test_an_outputs_file_is_the_stamped_one(machine: Client, world: World) -> None:
    (output,) = drawn(world)
    facts = machine.get(f"/api/v1/outputs/{output.public_id}").json()
    file = machine.get(f"/api/v1/outputs/{output.public_id}/content")
    assert sha256_hex(file.content) == facts["sha256"]
    assert (file["Content-Type"], file["Cache-Control"]) == ("image/png", "private, no-store")
    manifest = machine.get(f"/api/v1/outputs/{output.public_id}/manifest").json()
    assert manifest["state"] == "trusted"
    assert manifest["facts"]["generation_id"] == generation_of(output)
    assert manifest["ingredients"][0]["relationship"] == "inputTo"
    assert machine.get(f"/api/v1/outputs/{output.public_id}/mask-strip").status_code == 404


def test_another_companys_things_are_not_there(machine: Client, world: World) -> None:
    (output,) = drawn(world)
    charlie = world.client(world.charlie)
    for path in (
        f"{URL}/{generation_of(output)}",
        f"{URL}/{generation_of(output)}/events",
        f"/api/v1/outputs/{output.public_id}",
        f"/api/v1/outputs/{output.public_id}/content",
        f"/api/v1/outputs/{output.public_id}/manifest",
    ):
        assert machine.get(path).status_code == 200
        assert charlie.get(path).status_code == 404
    assert charlie.get(URL).json()["data"] == []


def test_without_signing_in_there_is_nothing(world: World) -> None:
    (row,) = ask(world)
    assert Client().get(f"{URL}/{row.public_id}").status_code == 401
    with tenant_scope(world.aozora.id):
        assert Generation.objects.count() == 1
