"""/marks over HTTP: registered, listed and retired by rights managers, and seen by nobody else's company."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from imprimatur.audit.selectors import events
from imprimatur.library.models import MarkPicture
from imprimatur.tenants.permissions import Permission
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.drawn import picture

API = "/api/v1/marks"


def posted(client: Client, name: str = "Aozora Leaf", data: bytes | None = None, **headers: str) -> Any:
    file = SimpleUploadedFile("mark.png", picture(256, "navy") if data is None else data)
    return client.post(API, {"name": name, "file": file}, headers=headers)


def test_a_mark_is_registered_listed_and_retired(world: World) -> None:
    client = world.client(world.gordon)
    made = posted(client)
    assert made.status_code == 201
    assert set(made.json()) == {"id", "name", "created_at"}  # its hash is nobody's business
    assert [row["id"] for row in world.client(world.alice).get(API).json()["data"]] == [made.json()["id"]]
    assert posted(client).json()["code"] == "mark_exists"
    assert client.delete(f"{API}/{made.json()['id']}").status_code == 204
    assert client.get(API).json()["data"] == []
    assert client.delete(f"{API}/{made.json()['id']}").status_code == 404
    with tenant_scope(world.aozora.id):
        said = [e.event for e in events(world.aozora.id, subject=made.json()["id"])]
    assert said == ["mark.forgotten", "mark.registered"]


def test_what_is_no_picture_or_has_no_name_is_refused(world: World) -> None:
    client = world.client(world.gordon)
    for refused in (posted(client, data=b"no picture"), posted(client, name="..."), client.post(API, {"name": "x"})):
        assert refused.status_code == 422
        assert refused.json()["errors"]
    with tenant_scope(world.aozora.id):
        assert not MarkPicture.objects.exists()


def test_only_rights_managers_keep_them(world: World) -> None:
    mark = posted(world.client(world.gordon)).json()["id"]
    _key, secret = world.key([Permission.VIEW])
    for client, headers in ((world.client(world.alice), {}), (Client(), {"Authorization": f"Bearer {secret}"})):
        assert posted(client, "Other", **headers).status_code == 403
        assert client.delete(f"{API}/{mark}", headers=headers).status_code == 403
        assert client.get(API, headers=headers).status_code == 200


def test_another_company_neither_sees_nor_retires_them(world: World) -> None:
    mark = posted(world.client(world.gordon)).json()["id"]
    charlie = world.client(world.charlie)
    assert charlie.get(API).json()["data"] == []
    assert charlie.delete(f"{API}/{mark}").status_code == 404
    assert posted(charlie).status_code == 201  # the same picture may be registered by both
    assert len(world.client(world.gordon).get(API).json()["data"]) == 1
