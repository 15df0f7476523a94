"""Every documented operation, called with nonsense: never our fault (500), always problem+json, nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from imprimatur.audit import selectors as audit
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World

BODIES: list[Any] = [
    {},
    [],
    None,
    {"name": None, "output": 7, "file": {}, "verdict": [], "reason": {"a": 1}, "use": "web", "count": -1},
    {
        "name": "\u0000",
        "title": "x" * 5000,
        "reference": "ref_" + "z" * 26,
        "template_version": "tpv_",
        "variables": [],
    },
    {
        "variables": {"a": {"b": []}},
        "dials": {"steps": "many"},
        "seed": 1e300,
        "reference_digests": ["zz"],
        "scopes": [[]],
    },
]
IDS = ["gen_" + "0" * 26, "0" * 300, "\u30c6%2f..%2fetc"]
QUERIES = [
    {},
    {"cursor": "!!!", "limit": "-3"},
    {"queue": "x", "state": "\u0000", "after": "x", "batch": "x", "size": "x"},
]


def operations() -> list[tuple[str, str]]:
    """Every method and path of the document."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    methods = {"get", "post", "put", "patch", "delete"}
    return [(method, path) for path, item in document["paths"].items() for method in item if method in methods]


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    """The verify desk counts in the cache, which tests share."""
    cache.clear()


@pytest.fixture
def client(world: World) -> Client:
    """Charlie, who may do everything at home."""
    client = Client(raise_request_exception=False)
    client.force_login(world.charlie)
    return client


def check(answer: Any, told: str) -> None:
    assert answer.status_code < 500, told
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", told
        assert {"code", "detail", "request_id", "status"} <= answer.json().keys(), told


def close(answer: Any) -> None:
    """As a server does, for downloads hold files; but keep the connection that the test's transaction lives on."""
    request_finished.disconnect(close_old_connections)
    answer.close()
    request_finished.connect(close_old_connections)


def filled(path: str, value: str) -> str:
    head, brace, rest = path.partition("{")
    return head + value + filled(rest.partition("}")[2], value) if brace else path


def events(world: World) -> int:
    with tenant_scope(world.northwind.id):
        return len(list(audit.events(world.northwind.id)))


@pytest.mark.parametrize("value", IDS)
def test_nonsense_ids(client: Client, world: World, value: str) -> None:
    before = events(world)
    for method, path in operations():
        if "{" in path:
            answer = getattr(client, method)(filled(path, value), content_type="application/json")
            check(answer, f"{method} {path} with {value!r}: {answer.status_code}")
            assert answer.status_code in {400, 403, 404, 405, 415, 422}, f"{method} {path}: {answer.status_code}"
    assert events(world) == before


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_nonsense_bodies(client: Client, body: Any) -> None:
    for method, path in operations():
        if method != "get":
            address = filled(path, "gen_" + "0" * 26)
            answer = getattr(client, method)(address, body, content_type="application/json")
            check(answer, f"{method} {path} with {body!r}: {answer.status_code}")


def test_broken_bodies(client: Client) -> None:
    kinds = ["application/json", "multipart/form-data; boundary=x"]
    for method, path in operations():
        for kind in kinds if method != "get" else []:
            answer = getattr(client, method)(filled(path, "1"), b"\xff{not json", content_type=kind)
            check(answer, f"{method} {path} as {kind}: {answer.status_code}")


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_nonsense_queries(client: Client, query: dict[str, str]) -> None:
    for method, path in operations():
        if method == "get" and "{" not in path:
            answer = client.get(path, query)
            check(answer, f"{path} {query!r}")
            close(answer)


def test_without_sign_in(world: World) -> None:
    for method, path in operations():
        answer = getattr(Client(), method)(filled(path, "1"), content_type="application/json")
        expected = {415} if path == "/api/v1/verify" else {401}
        assert answer.status_code in expected, f"{method} {path}: {answer.status_code}"
        check(answer, path)


def test_a_null_character_is_asked_for_nowhere(client: Client) -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    asked = 0
    for path, item in paths.items():
        for parameter in item.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                answer = client.get(filled(path, "gen_" + "0" * 26), {parameter["name"]: "a\0b"})
                check(answer, f"{path}?{parameter['name']}")
                asked += 1
    assert asked > 10
    page = client.get("/audit?subject=%00")
    assert page.status_code == 400
    assert "The request could not be read." in page.content.decode()
