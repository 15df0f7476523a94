"""A draft grants nothing, and it takes nothing away: whatever its author writes, pictures under other records go on."""

from __future__ import annotations

from typing import Any

import pytest
from imprimatur.generations.models import Output
from imprimatur.releases import services as releases
from imprimatur.releases.models import Release
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.withdrawal.made import Shelf, bring_about, revoke

USUAL: dict[str, Any] = {
    "title": "Draft of nobody",
    "kind": "likeness",
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2099-01-01T00:00:00Z",
}
EXTREMES: dict[str, dict[str, Any]] = {
    "sells off after the end of time": {"valid_until": "9999-12-30T00:00:00Z", "sell_off_days": 3650},
    "begins in the year 999": {"valid_from": "0999-01-01T00:00:00Z"},
    "begins before time": {"valid_from": "0001-01-01T00:00:00+14:00"},
    "comes of age before time": {"minor": True, "majority_date": "0001-01-01", "capacity": "guardian"},
    "comes of age at the end of time": {"minor": True, "majority_date": "9999-12-31", "capacity": "guardian"},
    "more pictures than a number holds": {"output_cap": 10**40},
    "answers in ever": {"response_days": 365, "approval_right": "per_output"},
}


def written(world: World, made: Shelf, said: dict[str, Any]) -> int:
    """The status of the answer to a draft that names the reference of other people's pictures."""
    body = USUAL | {"reference_digests": [made.reference.pixel_sha256]} | said
    return world.client(world.alice).post("/api/v1/consents", body, content_type="application/json").status_code


@pytest.mark.parametrize("said", EXTREMES.values(), ids=EXTREMES.keys())
def test_no_draft_stops_what_is_out(world: World, made: Shelf, told: list[Any], said: dict[str, Any]) -> None:
    assert written(world, made, said) in {201, 422}
    with tenant_scope(world.aozora.id):
        assert releases.content(Release.objects.get(pk=made.released.pk))[1] == "image/png"


@pytest.mark.parametrize("said", EXTREMES.values(), ids=EXTREMES.keys())
def test_no_draft_stops_a_withdrawal(world: World, made: Shelf, told: list[Any], said: dict[str, Any]) -> None:
    written(world, made, said)
    revoke(world, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        assert not Output.objects.filter(quarantined_at=None).exists()
        assert ConsentRecord.objects.get(pk=made.record.pk).status == "revoked"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channels", "web"),
        ("channels", ["web", 7.5]),
        ("territories", [["JP"]]),
        ("territories", [5]),
        ("prohibited_contexts", "alcohol"),
        ("reference_digests", "a" * 64),
        ("output_cap", "5"),
        ("output_cap", 1.5),
        ("output_cap", 10**30),
        ("paid_media", "no"),
        ("valid_until", "0000"),
        ("valid_until", 5),
        ("majority_date", True),
        ("sell_off_days", []),
        ("approval_right", ["per_output"]),
        ("kind", None),
    ],
)
def test_what_is_left_must_be_terms(world: World, made: Shelf, field: str, value: Any) -> None:
    address = f"/api/v1/consents/{made.record.public_id}/narrow"
    answer = world.client(world.gordon).post(address, {"terms": {field: value}}, content_type="application/json")
    assert answer.status_code == 422
    with tenant_scope(world.aozora.id):
        assert ConsentRecord.objects.get(pk=made.record.pk).terms == made.record.terms


@pytest.mark.parametrize("day", ["1800-01-01", "9999-12-31"])
def test_pages_name_an_impossible_day(world: World, made: Shelf, day: str) -> None:
    alice, gordon = world.client(world.alice), world.client(world.gordon)
    draft = {"kind": "likeness", "title": "T", "references": made.reference.public_id, "approval_right": "none"}
    drafted = alice.post("/rights/new", draft | {"valid_from": "2026-01-01", "majority_date": day})
    assert "between 1900 and 9900" in drafted.content.decode()
    renewed = gordon.post(f"/rights/{made.record.public_id}/renew", {"last_day": day})
    assert renewed.status_code == 302
