"""Uploads are bounded, and stay in memory until they are signed."""

import asyncio
from typing import Any

import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import Client, RequestFactory
from imprimatur.tenants.body_limit import BodyLimit

from tests.factories import World


def test_a_large_upload_within_the_limit_never_becomes_a_temporary_file() -> None:
    upload = SimpleUploadedFile("large.png", b"x" * 20 * 2**20)
    request = RequestFactory().post("/references", {"file": upload})
    assert isinstance(request.FILES["file"], InMemoryUploadedFile)
    assert request.FILES["file"].size == 20 * 2**20


@pytest.mark.django_db
def test_an_upload_over_the_limit_is_a_problem_in_the_api(world: World, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    upload = SimpleUploadedFile("large.png", b"x" * 2000)
    answer = world.client(world.alice).post("/api/v1/brands", {"name": "Sora", "file": upload})
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


@pytest.mark.django_db
def test_an_upload_over_the_limit_is_a_page_with_a_sentence(world: World, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    client.force_login(world.alice)
    client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    answer = client.post("/accounts/login/", {"file": SimpleUploadedFile("large.png", b"x" * 2000)})
    assert answer.status_code == 413
    assert "Please send a smaller one" in answer.content.decode()


class Reader:
    """Reads the whole body, like Django does."""

    def __init__(self) -> None:
        self.read = 0
        self.cut_off = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            self.cut_off = message["type"] == "http.disconnect"
            self.read += len(message.get("body", b""))
            more = message.get("more_body", False)


def ask(path: str, chunks: list[bytes], *headers: tuple[bytes, bytes]) -> tuple[Reader, list[Any]]:
    reader, sent = Reader(), []
    waiting = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(BodyLimit(reader)({"type": "http", "path": path, "headers": headers}, receive, send))
    return reader, sent


def test_a_body_declared_too_large_is_not_read(settings: Any) -> None:
    reader, sent = ask("/api/v1/references", [b"x"], (b"content-length", b"99999999999"))
    assert reader.read == 0
    assert sent[0]["status"] == 413
    assert b"upload_too_large" in sent[1]["body"]


def test_a_body_that_lies_about_its_size_is_cut_off(settings: Any) -> None:
    reader, _ = ask("/references", [b"x" * 2**20] * 64)
    assert reader.cut_off
    assert reader.read <= settings.UPLOAD_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_an_ordinary_body_passes_untouched() -> None:
    reader, sent = ask("/references", [b"abc", b"def"], (b"content-length", b"6"))
    assert (reader.read, reader.cut_off, sent) == (6, False, [])
