"""Hostile files, looked at apart: each ends in a verdict or a sentence, nothing is asked, nobody is named."""

import http.server
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageCms

from governance.apart import Apart, Known, _Keeper
from governance.errors import UnreadableUpload
from governance.inspection import Inspection, inspect
from governance.intake import decode_upload, pixel_digest
from governance.intake import encode as encoded
from governance.provenance import sign_output
from governance.signing import Signer
from governance.taking_in import Opened, open_upload
from tests.governance.hostile import FACTS, SECRETS, corpus, picture

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


@pytest.fixture(scope="module")
def opener() -> Iterator[Apart]:
    opening = Apart("open", patience=60)
    yield opening
    opening.close()


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
def test_intake_opens_it_apart_as_it_would_at_hand(
    name: str, other_signer: Signer, anchors: str, canary: Canary, opener: Apart
) -> None:
    data = corpus(other_signer, canary.url)[name]()
    try:
        at_hand = open_upload(data, anchors)
    except UnreadableUpload as error:
        with pytest.raises(UnreadableUpload) as refused:
            opener.open(data, Known(anchors=anchors))
        assert (refused.value.reason, refused.value.sentence("ja")) == (error.reason, error.sentence("ja"))
        return
    apart = opener.open(data, Known(anchors=anchors))
    assert (apart.mime, apart.image.size) == (at_hand.mime, at_hand.image.size)
    assert apart.image.tobytes() == at_hand.image.tobytes()
    assert (apart.report.state, apart.report.failures) == (at_hand.report.state, at_hand.report.failures)
    assert apart.report.raw == {}
    assert canary.heard == []


def honest(form: str, mode: str) -> bytes:
    """As cameras, phones and paint programs write them."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 8, "A camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (35.0, 39.0, 1.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more: dict[str, Any] = {"save_all": True, "append_images": [picture(9)]} if form == "MPO" else {}
    buffer = io.BytesIO()
    picture().convert(mode).save(buffer, form, exif=exif, icc_profile=profile, **more)
    return buffer.getvalue()


HONEST = [
    *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16")),
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ("MPO", "RGB"),
]


@pytest.mark.parametrize(("form", "mode"), HONEST)
def test_an_honest_picture_is_opened_and_looked_at_whatever_is_in_it(
    form: str, mode: str, apart: Apart, opener: Apart
) -> None:
    """Nothing can be loaded any more once rights are given away: not even what reads a camera's notes."""
    data = honest(form, mode)
    at_hand = open_upload(data, "")
    assert opener.open(data, Known(anchors="")).image.tobytes() == at_hand.image.tobytes()
    seen = apart.inspect(data, Known(anchors="", watermark_key=KEY))
    assert (seen.refusal, seen.pixel_digest) == ("", pixel_digest(at_hand.image))


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
    start = "import socket, os, sys; from governance.keeper import _give_rights_away as g; g(memory=3 * 2**30, cpu=2)\n"
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.stderr else str(done.returncode)


def test_it_can_open_no_file_and_no_connection() -> None:
    for attempt in ("open('/etc/passwd')", "socket.socket()", "os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)"):
        assert "Too many open files" in run(attempt)


def test_it_is_not_root_and_cannot_raise_its_limits() -> None:
    assert run("sys.exit(os.geteuid() == 0 or os.getgroups() != [])") == "0"
    again = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))"
    assert "not allowed to raise maximum limit" in run(again)


def taken_over(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """As if each file took over its process: it does `code` with its connection, in place of an answer."""
    start = "import os, sys; sys.path.insert(0, sys.argv[1]); from governance import keeper\n"
    monkeypatch.setattr(
        "governance.apart._CODE",
        f"{start}def serve(connection, duty):\n    connection.recv(1 << 20)\n    {code}\n"
        "keeper._rehearse, keeper._serve = (lambda duty: None), serve\nkeeper.keep(sys.argv[2:])",
    )


@pytest.mark.parametrize(
    "code", ["while True: connection.sendall(bytes(65536))", "os.kill(os.getpid(), 11)", "pass", "0 / 0"]
)
def test_whatever_a_file_does_to_its_process_is_no_picture(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers without end, crashes, leaves, fails: the file is refused, and the keeper is another one afterwards."""
    taken_over(monkeypatch, code)
    data, known = encoded(picture(), "image/png"), Known(anchors="", watermark_key=KEY)
    looking, opening = Apart(), Apart("open")
    try:
        first = keeper_of(looking, known)
        assert looking.inspect(data, known).refusal == "damaged"
        for refused in (lambda: opening.open(data, known), lambda: looking.lay_over(data, data, known)):
            with pytest.raises(UnreadableUpload, match="more memory or time"):
                refused()
        assert first.process.poll() is not None and keeper_of(looking, known) is not first
    finally:
        looking.close()
        opening.close()


def test_a_process_that_never_answers_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    taken_over(monkeypatch, "import time; time.sleep(3600)")
    waiting = Apart(patience=0.5)
    known = Known(anchors="", watermark_key=KEY)
    try:
        keeper = keeper_of(waiting, known)
        assert waiting.inspect(encoded(picture(), "image/png"), known).refusal == "damaged"
        assert keeper.process.poll() is not None
        assert processes_of(keeper.process.pid) == []
    finally:
        waiting.close()


def keeper_of(apart: Apart, known: Known) -> _Keeper:
    """The one that waits, started if there is none."""
    with apart._lock:
        return apart._loaded(known)


def processes_of(keeper: int) -> list[int]:
    """Living children of a process, whether it lives or not."""
    stats = (path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists())
    return [int(stat[1]) for stat in stats if int(stat[1]) == keeper and stat[0] != "Z"]


def test_no_file_meets_what_another_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process writes into its memory is gone with it."""
    taken_over(
        monkeypatch,
        "keeper.MARKS = getattr(keeper, 'MARKS', 0) + 1; connection.sendall(str(keeper.MARKS * 7).encode())",
    )
    looking = Apart()
    known = Known(anchors="", watermark_key=KEY)
    try:
        keeper = keeper_of(looking, known)
        assert [keeper.ask([b""], 10, 30.0) for _ in range(3)] == [b"7"] * 3
    finally:
        looking.close()


def test_a_keeper_serves_so_many_files_and_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.apart.FILES", 2)
    looking = Apart()
    data, known = encoded(picture(), "image/png"), Known(anchors="", watermark_key=KEY)
    try:
        first = keeper_of(looking, known)
        for _ in range(3):
            assert looking.inspect(data, known).refusal == ""
        assert first.process.wait(60) is not None
        assert keeper_of(looking, known) is not first
    finally:
        looking.close()


def test_a_keeper_that_died_is_replaced() -> None:
    looking = Apart()
    data, known = encoded(picture(), "image/png"), Known(anchors="", watermark_key=KEY)
    try:
        keeper = keeper_of(looking, known)
        keeper.process.kill()
        keeper.process.wait()
        assert looking.inspect(data, known).refusal == ""
    finally:
        looking.close()


def test_several_files_at_once_each_get_their_own_answer(apart: Apart) -> None:
    files = [encoded(picture(seed), "image/png") for seed in range(4)]
    known = Known(anchors="", watermark_key=KEY)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda data: apart.inspect(data, known).pixel_digest, files))
    assert found == [pixel_digest(Image.open(io.BytesIO(data))) for data in files]


@pytest.mark.parametrize("said", ["[]", "7", '{"report": 7}', '{"size": [9, 9]}', '{"size": "a", "mime": []}'])
def test_an_answer_that_is_none_is_no_picture(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    framed = len(said).to_bytes(4) + said.encode()
    for work, text in (("inspect", said.encode()), ("open", framed)):
        taken_over(monkeypatch, f"connection.sendall({text!r})")
        looking = Apart("inspect" if work == "inspect" else "open")
        try:
            if work == "inspect":
                assert looking.inspect(encoded(picture(), "image/png"), Known(anchors="")).refusal == "damaged"
            else:
                with pytest.raises(UnreadableUpload):
                    looking.open(encoded(picture(), "image/png"), Known(anchors=""))
        finally:
            looking.close()


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
    taken_over(monkeypatch, "connection.sendall(repr(dict(os.environ)).encode())")
    looking = Apart()
    try:
        told = keeper_of(looking, Known(anchors="")).ask([b""], 10_000, 30.0)
        assert b"OMP_NUM_THREADS" in told and b"do-not-tell" not in told
    finally:
        looking.close()


def test_apart_or_here_the_answer_is_the_same(signer: Signer, anchors: str, apart: Apart) -> None:
    data = encoded(picture(), "image/webp")
    here = inspect(data, anchors=anchors, public_list="", watermark_key=KEY)
    known = Known(anchors=anchors, public_list="", watermark_key=KEY)
    assert apart.inspect(data, known) == here
    assert Inspection.from_json(json.loads(json.dumps(here.to_json()))) == here
    assert replace(here, listed=True) != here


def test_nothing_stays_behind(apart: Apart) -> None:
    """One keeper waits, no more; no descriptor is left open, and no process of a file."""
    known = Known(anchors="", public_list="", watermark_key=KEY)
    data = encoded(picture(), "image/png")
    apart.inspect(data, known)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        apart.inspect(data, known)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert processes_of(keeper_of(apart, known).process.pid) == []


def test_what_was_opened_travels_whole(signer: Signer, anchors: str) -> None:
    """Our own output keeps its history, a picture that promises more than it holds is none."""
    mine = sign_output(encoded(picture(), "image/png"), "image/png", FACTS, signer)
    found = open_upload(mine, anchors)
    again = Opened.from_bytes(found.to_bytes())
    assert again.image.tobytes() == found.image.tobytes()
    assert again.report == found.report
    assert again.report.facts is not None and again.report.raw
    with pytest.raises(ValueError, match="not enough image data"):
        Opened.from_bytes(found.to_bytes()[:-1])
