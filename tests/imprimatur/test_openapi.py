"""The API's document is complete, served from here, and says what the endpoints do."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

PUBLIC = {"/api/v1/verify"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Drawn up once; what the generator complains about is in GENERATOR_STATS."""
    GENERATOR_STATS.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]


def test_nothing_is_guessed(document):
    assert not GENERATOR_STATS._warn_cache, sorted(GENERATOR_STATS._warn_cache)
    assert not GENERATOR_STATS._error_cache, sorted(GENERATOR_STATS._error_cache)


def test_it_is_valid_openapi(document):
    validate_schema(document)


def test_every_address_is_in_it(document):
    prefix = "api/v1/"
    routes = {
        str(inner.pattern).replace("<str:", "{").replace("<int:", "{").replace(">", "}")
        for outer in get_resolver().url_patterns
        if str(outer.pattern) == prefix
        for inner in outer.url_patterns
    }
    assert routes
    assert {f"/{prefix}{route}" for route in routes} == set(document["paths"])


def test_operation_ids_are_unique(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_everything_says_what_it_does(document):
    assert [(m, p) for p, m, operation in operations(document) if not operation.get("description")] == []


def test_only_the_verify_desk_is_public(document):
    def is_public(operation: dict[str, Any]) -> bool:
        return not operation.get("security") or {} in operation["security"]

    assert {path for path, _, operation in operations(document) if is_public(operation)} == PUBLIC


def test_its_page_loads_nothing_from_elsewhere(db):
    page = Client().get("/api/docs")
    assert page.status_code == 200
    for mark in ("src=", "href="):
        for part in page.content.decode().split(mark)[1:]:
            assert part[:2] != '"h', part[:80]
            assert part[:3] != '"//', part[:80]


def test_it_is_served(db):
    assert Client().get("/api/schema").status_code == 200
