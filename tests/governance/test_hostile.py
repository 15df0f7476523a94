"""Hostile files, looked at apart: each ends in a verdict or a sentence, nothing is asked, nobody is named."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from governance.apart import Apart, Known
from governance.errors import UnreadableUpload
from governance.inspection import Inspection, inspect
from governance.intake import decode_upload
from governance.signing import Signer
from tests.governance.hostile import SECRETS, corpus, picture
from tests.governance.hostile import encode as encoded

KEY = b"a key of the test, not a secret "
NAMES = (
    "empty", "one byte", "only a PNG signature", "cut PNG", "cut JPEG", "cut WebP", "bad checksum",
    "header alone promises 4 gigapixels", "39 megapixels of zeros in 40 kB", "deflate bomb behind a small header",
    "text that unpacks to 20 MB", "EXIF and XMP with names", "a flood of XMP", "a picture, then an archive",
    "a picture, then a page", "two pictures in one", "GIF", "TIFF", "SVG", "a page called a picture",
    "RIFF of another kind", "animated PNG", "animated WebP", "a stranger's manifest with names",
    "a manifest at an address", "a chain of 40 versions", "made from 30 pictures", "our manifest, cut",
    "our manifest, its middle overwritten", "our manifest on another picture", "a manifest that contains itself",
    "a manifest of nonsense", "an endless box", "a box that holds itself 400 times",
)  # fmt: skip


class Canary(http.server.HTTPServer):
    """Hears whoever asks."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        canary = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                canary.heard.append(self.path)
                self.send_error(404)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/manifest.c2pa"


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    server = Canary()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    looking = Apart(patience=60)
    yield looking
    looking.close()


def test_the_names_are_those_of_the_corpus(signer: Signer) -> None:
    assert tuple(corpus(signer, "")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_in_a_verdict_or_a_sentence(
    name: str, other_signer: Signer, anchors: str, canary: Canary, apart: Apart
) -> None:
    data = corpus(other_signer, canary.url)[name]()
    found = apart.inspect(data, Known(anchors=anchors, public_list="", watermark_key=KEY))
    assert found.report.state != "trusted"
    assert found.refusal == "" or (found.refusal_en and found.refusal_ja)
    assert_nothing_personal(json.dumps(found.to_json()))
    assert canary.heard == []


@pytest.mark.parametrize("name", NAMES)
def test_intake_keeps_only_pixels(name: str, other_signer: Signer, canary: Canary) -> None:
    data = corpus(other_signer, canary.url)[name]()
    try:
        clean = decode_upload(data)
    except UnreadableUpload as error:
        assert error.sentence("en") and error.sentence("ja") and "{" not in error.sentence("en")
        return
    assert_nothing_personal(clean.data.decode("latin-1"))
    assert b"c2pa" not in clean.data and b"<html" not in clean.data and b"PK\x03\x04" not in clean.data
    assert canary.heard == []


def assert_nothing_personal(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


# --- the process that looks ----------------------------------------------------------------------------------


def run(code: str) -> str:
    """In a process that has given its rights away; what it prints, or how it ended."""
    start = "import socket, os, sys; from governance.apart import _give_rights_away as g; g(memory=3 * 2**30, cpu=2)\n"
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.stderr else str(done.returncode)


def test_it_can_open_no_file_and_no_connection() -> None:
    for attempt in ("open('/etc/passwd')", "socket.socket()", "os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)"):
        assert "Too many open files" in run(attempt)


def test_it_can_start_no_other_program() -> None:
    assert "Error" in run("import subprocess; subprocess.run(['/bin/true'])")


def test_it_ends_when_it_takes_too_much() -> None:
    assert "MemoryError" in run("bytearray(4 * 2**30)")
    assert run("while True: pass").startswith("-")


def test_a_file_that_ends_its_process_is_told_as_unreadable() -> None:
    starved = Apart(memory=1 << 20)
    known = Known(anchors="", public_list="", watermark_key=KEY)
    try:
        found = starved.inspect(encoded(picture(), "image/png"), known)
        assert found.refusal == "damaged" and "more memory or time" in found.refusal_en
    finally:
        starved.close()


def test_the_environment_is_not_seen(monkeypatch: pytest.MonkeyPatch, apart: Apart) -> None:
    monkeypatch.setenv("IMPRIMATUR_SECRET_KEY", "do-not-tell")
    process = apart._started(Known(anchors="", public_list="", watermark_key=KEY))
    try:
        assert b"do-not-tell" not in Path(f"/proc/{process.pid}/environ").read_bytes()
    finally:
        process.kill()
        process.communicate()


def test_apart_or_here_the_answer_is_the_same(signer: Signer, anchors: str, apart: Apart) -> None:
    data = encoded(picture(), "image/webp")
    here = inspect(data, anchors=anchors, public_list="", watermark_key=KEY)
    known = Known(anchors=anchors, public_list="", watermark_key=KEY)
    assert apart.inspect(data, known) == here
    assert Inspection.from_json(json.loads(json.dumps(here.to_json()))) == here
    assert replace(here, listed=True) != here


def test_nothing_stays_behind(apart: Apart) -> None:
    """One process waits, no more; no descriptor is left open."""
    known = Known(anchors="", public_list="", watermark_key=KEY)
    apart.inspect(b"", known)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        apart.inspect(b"", known)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4
