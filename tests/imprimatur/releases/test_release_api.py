"""/releases and /verify over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from imprimatur.generations import services as generations
from imprimatur.generations.models import Output
from imprimatur.library.models import ReferenceImage
from imprimatur.releases.pace import AT_ONCE, TooFast, in_turn, require_pace
from imprimatur.review import services as reviewing
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import USE, drawn, picture, worked
from tests.imprimatur.generations.asked import ask as ask_for
from tests.imprimatur.generations.asked import likeness


@pytest.fixture
def approved(world: World) -> str:
    with tenant_scope(world.aozora.id):
        output = drawn(world)[0]
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
        return output.public_id


@pytest.fixture(autouse=True)
def fresh_throttle() -> Iterator[None]:
    """The desk counts in the cache, which tests share."""
    cache.clear()
    yield
    cache.clear()


def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers=headers)


def ask(data: bytes, **headers: str) -> Any:
    return Client().post("/api/v1/verify", {"file": SimpleUploadedFile("p", data)}, headers=headers)


def test_release_fetch_verify_withdraw(world, approved):
    client = world.client(world.alice)
    made = post(client, "/releases", {"output": approved, "use": USE})
    assert made.status_code == 201
    release = made.json()
    assert made["Location"] == f"/api/v1/releases/{release['id']}"
    assert release["manifest_state"] == "trusted"
    served = client.get(f"/api/v1/releases/{release['id']}/content")
    assert hashlib.sha256(served.content).hexdigest() == release["sha256"]
    assert "no-store" in served["Cache-Control"]
    assert ask(served.content).json()["verdict"] == "genuine"
    assert post(client, f"/releases/{release['id']}/withdraw", {"reason": "Over"}).json()["withdrawn_at"]
    gone = client.get(f"/api/v1/releases/{release['id']}/content")
    assert (gone.status_code, gone.json()["code"]) == (410, "withdrawn")
    assert ask(served.content).json()["verdict"] == "withdrawn"


@pytest.mark.parametrize(
    ("more", "rule"), [({"paid": True}, "consent.paid_media"), ({"contexts": ["alcohol"]}, "consent.context")]
)
@pytest.mark.parametrize("by_page", [True, False])
def test_what_a_consent_forbids_beside_place_and_purpose_is_asked(
    world: World, more: dict[str, Any], rule: str, by_page: bool
) -> None:
    reference, _record = likeness(world, prohibited_contexts=frozenset({"alcohol"}))
    (row,) = ask_for(world, reference=reference)
    with tenant_scope(world.aozora.id):
        assert generations.record_report(worked(row))
        output = Output.objects.get(generation=row)
        for reviewer in (world.rita, world.ravi):
            reviewing.decide(world.actor(reviewer), output, "approve")
    client = world.client(world.alice)
    if by_page:
        page = client.post(f"/library/release/{output.public_id}", USE | more)
        assert page.context["form"].errors.get("__all__"), page.context["form"].errors
    else:
        refused = post(client, "/releases", {"output": output.public_id, "use": USE | more}).json()
        assert [reason["rule_id"] for reason in refused["reasons"]] == [rule]
    released = post(client, "/releases", {"output": output.public_id, "use": USE | {"contexts": ["sports"]}}).json()
    assert released["use"] == USE | {"contexts": ["sports"]}


def test_a_client_may_ask_for_a_picture_only(world, approved):
    client = world.client(world.alice)
    release = post(client, "/releases", {"output": approved, "use": USE}).json()
    address = f"/api/v1/releases/{release['id']}/content"
    assert client.get(address, headers={"Accept": "image/png"})["Content-Type"] == "image/png"
    post(client, f"/releases/{release['id']}/withdraw", {"reason": "Over"})
    refused = client.get(address, headers={"Accept": "image/png"})
    assert (refused.status_code, refused["Content-Type"]) == (410, "application/problem+json")


def test_a_key_releases_what_two_people_approved(world, approved):
    _key, secret = world.key()
    made = post(Client(), "/releases", {"output": approved}, Authorization=f"Bearer {secret}")
    assert made.status_code == 201
    assert made.json()["use"] == USE
    listed = Client().get("/api/v1/releases", headers={"Authorization": f"Bearer {secret}"}).json()
    assert [row["id"] for row in listed["data"]] == [made.json()["id"]]


def test_an_unapproved_picture_stays(world):
    with tenant_scope(world.aozora.id):
        output = drawn(world)[0].public_id
    refused = post(world.client(world.alice), "/releases", {"output": output, "use": USE})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_approved")


def test_a_refusal_names_its_rules(world, approved):
    refused = post(world.client(world.alice), "/releases", {"output": approved, "use": {"channel": "internal"}})
    assert (refused.status_code, refused.json()["code"]) == (403, "rights_refused")
    assert "use.territory_missing" in {r["rule_id"] for r in refused.json()["reasons"]}


@pytest.mark.parametrize("place", ["ZZ", "jp", "JP\u202e"])
def test_a_place_that_is_none_is_no_place_to_release_for(world: World, approved: str, place: str) -> None:
    client = world.client(world.alice)
    refused = post(client, "/releases", {"output": approved, "use": USE | {"territory": place}})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_territory")
    assert place in refused.json()["errors"][0]["message"]
    assert client.get("/api/v1/releases").json()["data"] == []


def test_a_fallen_right_stops_the_download(world, approved):
    client = world.client(world.alice)
    release = post(client, "/releases", {"output": approved, "use": USE}).json()
    with tenant_scope(world.aozora.id):
        ReferenceImage.objects.update(own_work=False)
    refused = client.get(f"/api/v1/releases/{release['id']}/content")
    assert (refused.status_code, refused.json()["code"]) == (403, "rights_refused")


def test_another_company_finds_nothing(world, approved):
    release = post(world.client(world.alice), "/releases", {"output": approved, "use": USE}).json()
    outsider = world.client(world.charlie)
    for path in ("", "/content"):
        assert outsider.get(f"/api/v1/releases/{release['id']}{path}").status_code == 404
    assert post(outsider, f"/releases/{release['id']}/withdraw", {"reason": "Mine now"}).status_code == 404
    assert post(outsider, "/releases", {"output": approved}).status_code == 404


def test_anybody_may_ask(db):
    answer = ask(picture(128, "red"))
    assert answer.status_code == 200
    assert answer.json()["verdict"] == "none"
    assert answer.json()["sentence"]


def test_what_is_no_picture_is_refused_plainly(db):
    for data, code in ((b"", "upload_empty"), (b"hello", "upload_format")):
        refused = ask(data)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    japanese = ask(b"hello", **{"Accept-Language": "ja"})
    assert "書き出してください" in japanese.json()["detail"]


def test_without_a_file_it_says_so(db):
    refused = Client().post("/api/v1/verify", {})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")


def test_the_desk_is_throttled(db):
    codes = [ask(b"hello").status_code for _ in range(61)]
    assert codes[0] == 422
    assert codes[-1] == 429


def test_a_signed_in_visitor_is_answered_too(world, approved):
    client = world.client(world.charlie)
    release = post(world.client(world.alice), "/releases", {"output": approved, "use": USE}).json()
    data = world.client(world.alice).get(f"/api/v1/releases/{release['id']}/content").content
    found = client.post("/api/v1/verify", {"file": SimpleUploadedFile("p", data)}).json()
    assert (found["verdict"], found["facts"]["publisher"]) == ("genuine", "Aozora Tea")


def test_the_page_and_the_api_count_together(db):
    for _ in range(60):
        ask(b"hello")
    request = RequestFactory().post("/verify")
    with pytest.raises(TooFast) as refused:
        require_pace(request)
    assert refused.value.status == 429
    require_pace(RequestFactory().post("/verify", REMOTE_ADDR="192.0.2.7"))


def test_a_caller_does_not_choose_which_address_is_counted(db):
    for last in range(60):
        require_pace(RequestFactory().post("/verify", HTTP_X_FORWARDED_FOR=f"198.51.100.{last}"))
    with pytest.raises(TooFast):
        require_pace(RequestFactory().post("/verify", HTTP_X_FORWARDED_FOR="198.51.100.99"))


def test_only_so_many_files_are_unpacked_in_one_moment():
    with ExitStack() as others:
        for _ in range(AT_ONCE):
            others.enter_context(in_turn())
        with pytest.raises(TooFast), in_turn(patience=0.01):
            pass
    with in_turn(patience=0.01):
        pass


def test_the_desk_takes_its_turn(db, monkeypatch):
    monkeypatch.setattr("imprimatur.releases.pace._looking.acquire", lambda timeout: False)
    assert ask(picture(128, "navy")).status_code == 429


@pytest.mark.parametrize(
    "headers", [{}, {"if-none-match": "*"}, {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}]
)
def test_no_cache_keeps_a_picture_or_the_word_that_it_is_gone(
    world: World, approved: str, headers: dict[str, str]
) -> None:
    """404 and 410 may be kept by any cache that is not told otherwise, and so may be served to somebody else."""
    client = world.client(world.alice)
    release = post(client, "/releases", {"output": approved, "use": USE}).json()["id"]
    addresses = [f"/releases/{release}/content", f"/api/v1/releases/{release}/content"]
    answers = [client.get(address, headers=headers) for address in addresses]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(answer.has_header(name) for answer in answers for name in ("ETag", "Last-Modified"))
    post(client, f"/releases/{release}/withdraw", {"reason": "The campaign is over"})
    gone = [client.get(address, headers=headers | {"range": "bytes=0-99"}) for address in addresses]
    assert [answer.status_code for answer in gone] == [410, 410]
    for answer in [*answers, *gone]:
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
