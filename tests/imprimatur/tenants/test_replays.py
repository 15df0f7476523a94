"""The same POST twice, once done: `Idempotency-Key`."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from imprimatur.library.models import Brand
from imprimatur.tenants.models import IdempotentAnswer
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(world: World) -> Client:
    return world.client(world.alice)


def add(client: Client, name: str, key: str, **more: Any) -> Any:
    return client.post("/api/v1/brands", {"name": name, **more}, headers={"Idempotency-Key": key})


def brands(world: World) -> list[str]:
    with tenant_scope(world.aozora.id):
        return sorted(Brand.objects.values_list("name", flat=True))


def test_the_first_answer_is_given_again(world: World, alice: Client) -> None:
    first, again = add(alice, "Sora", "k1"), add(alice, "Sora", "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert not first.has_header("Idempotent-Replayed")
    assert brands(world) == ["Sora"]


def test_another_body_is_a_conflict(world: World, alice: Client) -> None:
    add(alice, "Sora", "k1")
    assert add(alice, "Umi", "k1").json()["code"] == "idempotency_key_reused"
    assert brands(world) == ["Sora"]


def test_another_file_is_another_body(world: World, alice: Client) -> None:
    one, other = (SimpleUploadedFile("a.png", content) for content in (b"one", b"other"))
    assert add(alice, "Sora", "k1", file=one).status_code == 201
    assert add(alice, "Sora", "k1", file=other).json()["code"] == "idempotency_key_reused"


def test_a_refusal_is_not_remembered(world: World, alice: Client) -> None:
    assert add(alice, "", "k1").status_code == 422
    assert add(alice, "Sora", "k1").status_code == 201


def test_the_key_of_one_caller_means_nothing_to_another(world: World, alice: Client) -> None:
    add(alice, "Sora", "k1")
    stranger = world.client(world.charlie)
    assert not add(stranger, "Sora", "k1").has_header("Idempotent-Replayed")


def test_after_a_day_the_key_is_free_again(world: World, alice: Client) -> None:
    add(alice, "Sora", "k1")
    with tenant_scope(world.aozora.id):
        answer = IdempotentAnswer.objects.get()
        answer.created_at -= timedelta(hours=25)
        answer.save(update_fields=["created_at"])
    assert add(alice, "Umi", "k1").status_code == 201


@pytest.mark.parametrize("key", ["with space", "x" * 201, "ünïcode"])
def test_an_unusable_key_is_named(alice: Client, key: str) -> None:
    answer = alice.post("/api/v1/brands", {"name": "Sora"}, HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_without_a_key_every_post_counts(world: World, alice: Client) -> None:
    for name in ("Sora", "Umi"):
        assert alice.post("/api/v1/brands", {"name": name}).status_code == 201
    assert brands(world) == ["Sora", "Umi"]
