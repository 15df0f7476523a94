"""/consents and /trademark-licences over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from imprimatur.tenants.permissions import Permission

from tests.factories import World

CONSENTS = "/api/v1/consents"
LICENCES = "/api/v1/trademark-licences"
DIGEST = "a" * 64
TERMS: dict[str, Any] = {
    "title": "Hanako, spring",
    "kind": "likeness",
    "reference_digests": [DIGEST],
    "channels": ["web"],
    "territories": ["JP"],
    "purposes": ["advertising"],
    "valid_from": "2026-01-01T00:00:00+09:00",
    "valid_until": "2099-01-01T00:00:00+09:00",
    "synthetic_media_permitted": True,
}


def scan() -> SimpleUploadedFile:
    return SimpleUploadedFile("scan.pdf", b"%PDF-1.7 signed", content_type="application/pdf")


def post(client: Client, path: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(path, body or {}, content_type="application/json")


def drafted(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.post(CONSENTS, {**TERMS, **changes, "file": scan()})
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    assert answer["Location"] == f"{CONSENTS}/{body['id']}"
    return body


def test_a_consent_from_draft_to_revoked(world: World) -> None:
    alice, gordon = world.client(world.alice), world.client(world.gordon)
    consent = drafted(alice)
    assert (consent["status"], consent["terms"]["channels"]) == ("draft", ["web"])
    assert "salt" not in consent
    address = f"{CONSENTS}/{consent['id']}"
    assert post(alice, f"{address}/verify").status_code == 403
    assert post(gordon, f"{address}/verify").json()["status"] == "active"
    assert post(gordon, f"{address}/suspend").json()["status"] == "suspended"
    assert post(gordon, f"{address}/resume").json()["status"] == "active"
    revoked = post(gordon, f"{address}/revoke", {"reason": "withdrawn"}).json()
    assert (revoked["status"], revoked["revocation_reason"]) == ("revoked", "withdrawn")
    again = post(gordon, f"{address}/verify")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_status")
    receipts = gordon.get(f"{address}/receipts").json()["data"]
    assert [r["event"] for r in receipts][:2] == ["consent.revoked", "consent.active"]
    assert all(len(r["hash"]) == 64 for r in receipts)


def test_json_then_evidence_then_the_paper_way(world: World) -> None:
    gordon, alice = world.client(world.gordon), world.client(world.alice)
    consent = post(alice, CONSENTS, TERMS).json()
    address = f"{CONSENTS}/{consent['id']}"
    assert post(gordon, f"{address}/verify").json()["code"] == "evidence_missing"
    assert gordon.get(f"{address}/evidence").status_code == 404
    assert alice.post(f"{address}/evidence", {"file": scan()}).json()["evidence_name"] == "scan.pdf"
    document = gordon.get(f"{address}/evidence")
    assert (document.content, document["Content-Type"]) == (b"%PDF-1.7 signed", "application/pdf")
    assert [post(gordon, f"{address}/{step}").json()["status"] for step in ("sent", "signed", "verify")] == [
        "sent",
        "signed",
        "active",
    ]


def test_evidence_may_name_people_and_is_for_rights_managers(world: World) -> None:
    consent = drafted(world.client(world.alice))
    assert world.client(world.alice).get(f"{CONSENTS}/{consent['id']}/evidence").status_code == 403


def test_lists_are_filtered(world: World) -> None:
    gordon, alice = world.client(world.gordon), world.client(world.alice)
    first, other = drafted(alice), drafted(alice, reference_digests=["b" * 64])
    post(gordon, f"{CONSENTS}/{first['id']}/verify")

    def ids(query: str) -> list[str]:
        return [row["id"] for row in gordon.get(f"{CONSENTS}?{query}").json()["data"]]

    assert ids("") == [other["id"], first["id"]]
    assert ids("status=active") == [first["id"]]
    assert ids(f"reference_digest={'b' * 64}") == [other["id"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reference_digests": ["short"]}, "reference_digests.0"),
        ({"kind": "trademark"}, "kind"),
        ({"territories": ["Japan"]}, "territories"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "terms"),
        ({"minor": True}, "terms"),
        ({"title": " "}, "title"),
    ],
)
def test_contradictions_are_named(world: World, change: dict[str, Any], field: str) -> None:
    answer = post(world.client(world.gordon), CONSENTS, TERMS | change)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_a_licence(world: World) -> None:
    gordon = world.client(world.gordon)
    said = {key: TERMS[key] for key in ("title", "reference_digests", "channels", "territories", "valid_from")}
    body = {**said, "mark": "AOZORA", "owner": "Aozora Tea", "nice_classes": [30], "file": scan()}
    licence = world.client(world.alice).post(LICENCES, body).json()
    assert (licence["mark"], licence["terms"]["nice_classes"]) == ("AOZORA", [30])
    active = post(gordon, f"{LICENCES}/{licence['id']}/verify").json()
    assert (active["status"], active["standing"], active["valid_until"]) == ("active", "active", None)
    assert gordon.get(f"{CONSENTS}/{licence['id']}").status_code == 404


def test_a_key_may_not_verify(world: World) -> None:
    scopes = [Permission.VIEW, Permission.MANAGE_RIGHTS, Permission.UPLOAD_REFERENCE]
    _, secret = world.key(scopes)
    bearer = {"Authorization": f"Bearer {secret}"}
    consent = Client().post(CONSENTS, {**TERMS, "file": scan()}, headers=bearer).json()
    answer = Client().post(f"{CONSENTS}/{consent['id']}/verify", headers=bearer)
    assert (answer.status_code, answer.json()["code"]) == (403, "person_required")


def test_reviewers_do_not_draft(world: World) -> None:
    assert post(world.client(world.rita), CONSENTS, TERMS).json()["code"] == "not_permitted"


def test_another_company_finds_nothing(world: World) -> None:
    consent = drafted(world.client(world.gordon))
    charlie = world.client(world.charlie)
    assert charlie.get(CONSENTS).json()["data"] == []
    for path in ("", "/receipts", "/evidence"):
        assert charlie.get(f"{CONSENTS}/{consent['id']}{path}").status_code == 404
    for step in ("verify", "revoke", "suspend"):
        assert post(charlie, f"{CONSENTS}/{consent['id']}/{step}").status_code == 404
