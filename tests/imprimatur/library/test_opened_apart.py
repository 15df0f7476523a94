"""The web process opens no stranger's file itself: it gets pixels and words from a process that can reach nothing."""

from __future__ import annotations

import io

import pytest
from imprimatur.library import decoding, intake
from imprimatur.tenants.errors import DomainError, InvalidInput
from PIL import Image

from governance.apart import Apart
from tests.governance.test_hostile import taken_over
from tests.imprimatur.drawn import picture


def refuse(*args: object, **named: object) -> None:
    raise AssertionError("a file was opened in the web process")


def test_no_upload_is_decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture(256, "navy", 7)
    with Image.open(io.BytesIO(data)) as shown:
        pixels = shown.convert("RGB").tobytes()
    monkeypatch.setattr(Image, "open", refuse)
    monkeypatch.setattr("governance.c2pa_binding.c2pa.Reader.try_create", refuse)
    upload = intake.decode(data)
    assert upload.image.tobytes() == pixels
    assert (upload.mime, upload.original, upload.report.state) == ("image/png", data, "none")


def test_a_decoder_that_crashes_ends_its_own_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    taken_over(monkeypatch, "os.kill(os.getpid(), 11)")
    opening = Apart("open")
    monkeypatch.setattr(decoding, "_apart", opening)
    with pytest.raises(InvalidInput) as refused:
        intake.decode(picture(256, "navy", 8))
    opening.close()
    assert refused.value.code == "upload_damaged"


def test_at_most_so_many_are_opened_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "TURN_SECONDS", 0.05)
    for _ in range(decoding.AT_ONCE):
        decoding._turns.acquire()
    try:
        with pytest.raises(DomainError) as refused:
            intake.decode(picture(256, "navy", 9))
    finally:
        decoding._turns.release(decoding.AT_ONCE)
    assert (refused.value.code, refused.value.status) == ("too_many_requests", 429)
    assert intake.decode(picture(256, "navy", 9)).mime == "image/png"
