"""Where a record counts: an unknown place is named and nothing is written down; what was agreed long ago stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from imprimatur.rights import services
from imprimatur.rights.models import ConsentRecord, RightStatus
from imprimatur.rights.versions import terms_in
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.rights.test_rights import consent, licence, terms
from tests.imprimatur.rights.test_rights_api import CONSENTS, TERMS

WRONG = [
    ("UK", "“UK” is no place we know: write GB."),
    ("us-ny", "“us-ny” is no place we know: write US-NY."),
    ("ZZ", "“ZZ” is no place we know: write an ISO 3166 code such as JP or US-NY, EU, or * for everywhere."),
    ("Japan", "“Japan” is no place we know: write an ISO 3166 code such as JP or US-NY, EU, or * for everywhere."),
]


@pytest.mark.parametrize(("code", "sentence"), WRONG)
@pytest.mark.parametrize("field", ["territories", "excluded_territories"])
def test_the_api_names_the_wrong_one(world: World, field: str, code: str, sentence: str) -> None:
    said: dict[str, Any] = TERMS | {field: ["JP", code]}
    answer = world.client(world.alice).post(CONSENTS, json.dumps(said), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_territory")
    (error,) = answer.json()["errors"]
    assert (error["field"], error["message"]) == (field, sentence)
    with tenant_scope(world.aozora.id):
        assert not ConsentRecord.objects.exists()


def test_so_do_the_services_for_both_kinds(world: World) -> None:
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        for draft in (consent, licence):
            with pytest.raises(InvalidInput) as caught:
                draft(gordon, territories=frozenset({"JP", "XX"}))
            assert [error["field"] for error in caught.value.errors] == ["territories"]
        written = consent(gordon)
        with pytest.raises(InvalidInput):
            services.redraft(gordon, written, terms(territories=frozenset({"QQ"})))


def test_what_was_agreed_before_keeps_working(world: World) -> None:
    gordon = world.actor(world.gordon)
    with tenant_scope(world.aozora.id):
        draft = consent(gordon, territories=frozenset({"JP", "GB"}))
        old = draft.terms | {"territories": ["JP", "UK"]}
        with connection.cursor() as cursor:
            cursor.execute("UPDATE rights_consentrecord SET terms = %s WHERE id = %s", [json.dumps(old), draft.pk])
        draft.refresh_from_db()
        draft = services.redraft(draft_author(world), draft, terms_in(draft))
        record = services.verify_record(gordon, draft)
        assert record.status == RightStatus.ACTIVE
        smaller = type(terms_in(record)).from_json(record.terms | {"territories": ["UK"]})
        assert services.narrow(gordon, record, smaller).terms["territories"] == ["UK"]
        worse = type(smaller).from_json(record.terms | {"territories": ["UK"], "excluded_territories": ["QQ"]})
        with pytest.raises(InvalidInput) as caught:
            services.narrow(gordon, record, worse)
        assert caught.value.code == "unknown_territory"


def draft_author(world: World) -> Any:
    """Whoever may draft, and did not verify."""
    return world.actor(world.alice)
