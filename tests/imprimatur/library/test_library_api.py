"""/brands, /subjects and /references over HTTP."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from imprimatur import keys
from PIL import Image

from governance import provenance
from tests.factories import World
from tests.imprimatur.drawn import picture

REFERENCES = "/api/v1/references"


def subject(client: Client) -> str:
    brand = client.post("/api/v1/brands", {"name": "Aozora"}).json()["id"]
    said = {"brand": brand, "name": "Sencha bottle", "kind": "product", "word": "bottle"}
    answer = client.post("/api/v1/subjects", said, content_type="application/json")
    assert answer.status_code == 201
    body = answer.json()
    assert client.get(answer["Location"]).json() == body
    assert body["brand"] == brand
    return str(body["id"])


def form(subject_id: str, data: bytes | None = None, **changes: Any) -> dict[str, Any]:
    file = SimpleUploadedFile("bottle.png", picture(512, "navy") if data is None else data, content_type="image/png")
    return {"subject": subject_id, "file": file, "source": "photograph", "shows_person": "false", **changes}


def uploaded(client: Client, **changes: Any) -> dict[str, Any]:
    answer = client.post(REFERENCES, form(subject(client), **changes))
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    assert answer["Location"] == f"{REFERENCES}/{body['id']}"
    return body


def test_an_upload_and_what_can_be_asked_about_it(world: World) -> None:
    alice = world.client(world.alice)
    reference = uploaded(alice, own_work="true", declared_marks=["AOZORA", "青空"])
    assert (reference["own_work"], reference["declared_marks"]) == (True, ["AOZORA", "青空"])
    assert (reference["width"], reference["mime"], reference["derived_from"]) == (512, "image/png", None)
    assert alice.get(f"{REFERENCES}/{reference['id']}").json() == reference
    assert alice.get(REFERENCES).json()["data"] == [reference]
    assert alice.get(f"{REFERENCES}?subject={reference['subject']}").json()["data"] == [reference]


def test_the_coach_answers_in_the_callers_language(world: World) -> None:
    alice = world.client(world.alice)
    reference = uploaded(alice)
    quality = alice.get(f"{REFERENCES}/{reference['id']}/quality").json()
    assert quality["verdict"] == reference["verdict"]
    assert [c["check"] for c in quality["checks"]][:2] == ["size", "blur"]
    japanese = {"Accept-Language": "ja"}
    checks = alice.get(f"{REFERENCES}/{reference['id']}/quality", headers=japanese).json()["checks"]
    assert checks[0]["sentence"] == "十分な大きさです。"


def test_content_and_renditions_are_signed(world: World) -> None:
    alice = world.client(world.alice)
    reference = uploaded(alice)
    for query, side in (("", 512), ("?size=100", 160), ("?size=480", 480)):
        answer = alice.get(f"{REFERENCES}/{reference['id']}/content{query}")
        assert answer["Cache-Control"] == "private, no-store"
        assert max(Image.open(io.BytesIO(answer.content)).size) == side
        assert provenance.read(answer.content, answer["Content-Type"], keys.trust_anchors()).state == "trusted"


@pytest.mark.parametrize("size", ["0", "-1", "huge", "1.5", "999999"])
def test_a_size_is_a_number_of_pixels(world: World, size: str) -> None:
    alice = world.client(world.alice)
    reference = uploaded(alice)
    assert alice.get(f"{REFERENCES}/{reference['id']}/content?size={size}").status_code == 422


def test_a_file_that_cannot_serve_gets_one_sentence(world: World) -> None:
    alice = world.client(world.alice)
    answer = alice.post(REFERENCES, form(subject(alice), data=b"GIF89a"))
    assert (answer.status_code, answer.json()["code"]) == (422, "upload_format")
    assert answer.json()["detail"] == "This is no PNG, JPEG or WebP picture: export it as one of these."


def test_the_same_picture_again_names_the_first(world: World) -> None:
    alice = world.client(world.alice)
    first = uploaded(alice)
    answer = alice.post(REFERENCES, form(first["subject"]))
    assert (answer.status_code, answer.json()["reference"]) == (409, first["id"])


def test_sent_twice_with_one_idempotency_key_it_is_taken_once(world: World) -> None:
    alice = world.client(world.alice)
    named = subject(alice)
    headers = {"Idempotency-Key": "upload-1"}
    first = alice.post(REFERENCES, form(named), headers=headers)
    again = alice.post(REFERENCES, form(named), headers=headers)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()


@pytest.mark.parametrize("missing", ["subject", "file", "source"])
def test_what_is_missing_is_named(world: World, missing: str) -> None:
    alice = world.client(world.alice)
    said = form(subject(alice))
    del said[missing]
    answer = alice.post(REFERENCES, said)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {missing}


def test_reviewers_look_and_do_not_add(world: World) -> None:
    reference = uploaded(world.client(world.alice))
    rita = world.client(world.rita)
    assert rita.get(f"{REFERENCES}/{reference['id']}").status_code == 200
    assert rita.post(REFERENCES, form(reference["subject"])).status_code == 403
    assert rita.post("/api/v1/brands", {"name": "x"}).status_code == 403


def test_another_company_finds_nothing(world: World) -> None:
    reference = uploaded(world.client(world.alice))
    charlie = world.client(world.charlie)
    for path in ("brands", "subjects", "references"):
        assert charlie.get(f"/api/v1/{path}").json()["data"] == []
    for path in ("", "/quality", "/content"):
        assert charlie.get(f"{REFERENCES}/{reference['id']}{path}").status_code == 404
    assert charlie.get(f"/api/v1/subjects/{reference['subject']}").status_code == 404
    assert charlie.post(REFERENCES, form(reference["subject"])).status_code == 404
