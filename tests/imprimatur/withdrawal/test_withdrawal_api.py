"""Impact and revocation, withdrawals, evidence, recipients; and no address hands out a quarantined pixel."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from imprimatur.generations.models import Output
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.withdrawal.made import Shelf, bring_about, revoke, withdrawals

API = "/api/v1"


def test_a_dry_run_changes_nothing_and_says_what_would_happen(world: World, made: Shelf) -> None:
    gordon = world.client(world.gordon)
    path = f"{API}/consents/{made.record.public_id}"
    asked = gordon.post(f"{path}/revoke", {"dry_run": True}, content_type="application/json")
    assert asked.status_code == 200
    assert asked.json() == gordon.get(f"{path}/impact").json()
    assert asked.json()["pictures"] == 3
    assert gordon.get(path).json()["status"] == "active"
    assert withdrawals(world) == []


def test_a_revocation_can_be_followed(world: World, made: Shelf, told: list) -> None:
    gordon = world.client(world.gordon)
    path = f"{API}/consents/{made.record.public_id}"
    ended = gordon.post(f"{path}/revoke", {"reason": "Asked for"}, content_type="application/json")
    assert (ended.status_code, ended.json()["status"]) == (200, "revoked")
    (begun,) = gordon.get(f"{API}/withdrawals", {"record": made.record.public_id}).json()["data"]
    assert begun["step"] == "stopping"
    bring_about()
    one = f"{API}/withdrawals/{begun['id']}"
    done = gordon.get(one).json()
    assert (done["step"], done["percent"], done["quarantined"], done["withdrawn"]) == ("done", 100, 3, 1)
    reached = gordon.get(f"{one}/reached").json()["data"]
    assert sorted(item["was"] for item in reached) == ["approved", "pending", "released"]
    assert gordon.get(f"{one}/pack").content.startswith(b"PK")
    assert [n["email"] for n in gordon.get(f"{one}/notices").json()["data"]] == [world.gordon.email]


def test_roles_and_other_companies(world: World, made: Shelf, told: list) -> None:
    path = f"{API}/consents/{made.record.public_id}"
    for person in (world.alice, world.rita, world.ada):
        client = world.client(person)
        assert client.get(f"{path}/impact").status_code == 403
        assert client.post(f"{path}/revoke", {}, content_type="application/json").status_code == 403
    revoke(world, made.record)
    bring_about()
    one = f"{API}/withdrawals/{withdrawals(world)[0].public_id}"
    for address in (one, f"{one}/pack", f"{path}/impact", f"{API}/outputs/{made.pending.public_id}/evidence"):
        assert world.client(world.charlie).get(address).status_code == 404
    assert world.client(world.alice).get(one).status_code == 200
    assert world.client(world.alice).get(f"{one}/pack").status_code == 403
    assert world.client(world.alice).get(f"{one}/notices").status_code == 403


def test_evidence_is_for_a_manager_in_person(world: World, made: Shelf, told: list) -> None:
    revoke(world, made.record)
    bring_about()
    address = f"{API}/outputs/{made.pending.public_id}/evidence"
    assert world.client(world.gordon).get(address).content.startswith(b"\x89PNG")
    assert world.client(world.alice).get(address).status_code == 403


def test_recipients_over_the_api(world: World, made: Shelf) -> None:
    alice = world.client(world.alice)
    address = f"{API}/releases/{made.released.public_id}/recipients"
    named = alice.post(address, {"name": "Kita", "email": "kita@studio.example"}, content_type="application/json")
    assert named.status_code == 201
    assert [row["email"] for row in world.client(world.gordon).get(address).json()["data"]] == ["kita@studio.example"]
    wrong = alice.post(address, {"name": "Kita", "email": "no"}, content_type="application/json")
    assert wrong.status_code == 422


def addresses() -> list[str]:
    """Every address of the product, with the names of its parts."""

    def walk(patterns: list, before: str) -> list[str]:
        found = []
        for pattern in patterns:
            here = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                found += walk(pattern.url_patterns, here)
            elif isinstance(pattern, URLPattern):
                found.append(here)
        return found

    return walk(get_resolver().url_patterns, "/")


@pytest.mark.parametrize("member", ["alice", "rita", "olive", "ada"])
def test_no_address_shows_a_member_a_pixel_of_it(world: World, made: Shelf, told: list, member: str) -> None:
    with tenant_scope(world.aozora.id):
        output = Output.objects.get(pk=made.released.output_id)
    known = {"out": output.public_id, "rel": made.released.public_id}
    client = world.client(getattr(world, member))
    parts = ("<str:out>", "<str:rel>", "outputs/<str:", "releases/<str:")
    media = [address for address in addresses() if any(part in address for part in parts)]
    assert len(media) > 10

    def answers() -> dict[str, str]:
        found = {}
        for address in media:
            for public_id in known.values():
                path = address.replace("<str:public_id>", public_id)
                for name, value in known.items():
                    path = path.replace(f"<str:{name}>", value)
                if "<" not in path and not path.endswith("/events"):
                    answer = client.get(path)
                    found[path] = answer.headers.get("Content-Type", "") if answer.status_code == 200 else ""
        return found

    shown = {path for path, kind in answers().items() if kind.startswith("image/")}
    assert len(shown) >= 3  # before: the picture, over page and API, and its released file
    revoke(world, made.record)
    bring_about()
    after = {path: kind for path, kind in answers().items() if kind.startswith("image/")}
    assert after == {}
    for path in shown:
        assert client.get(path).status_code in (410, 423)


def test_pages_say_so_instead(world: World, made: Shelf, told: list) -> None:
    gordon = world.client(world.gordon)
    before = gordon.get(f"/rights/{made.record.public_id}/impact")
    assert before.status_code == 200
    assert before.content.count(b"<img") >= 3
    assert b'data-confirm="revoke"' in before.content
    revoke(world, made.record)
    detail = gordon.get(f"/rights/{made.record.public_id}").content.decode()
    assert "every 1s" in detail
    bring_about()
    (row,) = withdrawals(world)
    page = gordon.get(f"/rights/withdrawals/{row.public_id}")
    assert page.status_code == 200 and b"every 1s" not in page.content
    assert gordon.get(f"/rights/withdrawals/{row.public_id}/progress").status_code == 286
    assert gordon.get(f"/rights/withdrawals/{row.public_id}/pack").content.startswith(b"PK")
    assert gordon.get("/rights/withdrawals").status_code == 200
    review = gordon.get(f"/review/{made.pending.public_id}").content.decode()
    assert f"/outputs/{made.pending.public_id}/content" not in review
    assert f"/outputs/{made.pending.public_id}/evidence" in review
    alice = world.client(world.alice)
    for path in ("/jobs", "/review?show=all", "/library", "/", f"/releases/{made.released.public_id}"):
        shown = alice.get(path)
        assert shown.status_code == 200
        assert b"/content" not in shown.content.replace(b"/references/", b"").replace(b"release_content", b"")
    assert "evidence" not in alice.get(f"/review/{made.pending.public_id}").content.decode()
    assert "not shown because a right fell away" in alice.get("/library").content.decode()
