"""A time stamp lets a picture outlive its certificate. A real RFC 3161 authority: openssl behind a loopback server."""

import http.server
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from governance.anchors import Anchors
from governance.errors import InvalidKey, ManifestRejected, SigningFailed
from governance.inspection import inspect
from governance.intake import encode
from governance.provenance import OutputFacts, read, sign_output, verify_signed
from governance.signing import Signer, read_chain
from tests.governance.samples import DIGEST, leaf_signer

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
FACTS = OutputFacts(generation_id="gen_1", spec_digest=DIGEST)
CONFIGURATION = """
[stamp]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
[extensions]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[req]
distinguished_name = name
x509_extensions = authority
[name]
"""
REQUEST = "req -newkey rsa:2048 -nodes -config tsa.cnf -subj /C=JP/O=Test/CN="


class TimeAuthority:
    """Answers time-stamp queries at `url`; `root` is the certificate to trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tsa.cnf").write_text(CONFIGURATION)
        self._openssl(f"{REQUEST}Root -x509 -keyout root.key -out root.pem -days 3000")
        self._openssl(f"{REQUEST}Stamps -new -keyout tsa.key -out tsa.csr")
        issue = "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 2000"
        self._openssl(f"{issue} -extfile tsa.cnf -extensions extensions")
        self.root = (folder / "root.pem").read_text()
        self.server = http.server.HTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _openssl(self, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=self.folder, check=True, capture_output=True)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                (authority.folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                keys = "-signer tsa.pem -inkey tsa.key -chain root.pem"
                authority._openssl(f"ts -reply -config tsa.cnf -section stamp -queryfile query {keys} -out reply")
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write((authority.folder / "reply").read_bytes())

            def log_message(self, *args: object) -> None:
                pass

        return Handler


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    running = TimeAuthority(tmp_path_factory.mktemp("tsa"))
    yield running
    running.server.shutdown()
    running.server.server_close()


def briefly_signed(png: bytes, key_folder: Path, authority: TimeAuthority) -> tuple[bytes, Signer]:
    """By a certificate that ends in a few seconds; in more where this machine is too slow to sign meanwhile."""
    for seconds in (5, 20, 60):
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        brief = leaf_signer(key_folder, ec.generate_private_key(ec.SECP256R1()), end, authority.url)
        try:
            return sign_output(png, "image/png", FACTS, brief), brief
        except SigningFailed:
            continue
    pytest.fail("no picture was signed within a minute")


def test_a_stamped_picture_outlives_its_certificate(
    noise: Image.Image, key_folder: Path, signer: Signer, anchors: str, authority: TimeAuthority
) -> None:
    signed, brief = briefly_signed(encode(noise, "image/png"), key_folder, authority)
    believed = Anchors(anchors, authority.root).text
    stamped_at = datetime.fromisoformat(read(signed, "image/png", believed).stamped_at)
    assert stamped_at <= brief.expires_at
    time.sleep(max(0.0, (brief.expires_at - datetime.now(UTC)).total_seconds()) + 1.2)
    report = read(signed, "image/png", believed)
    assert (report.state, report.failures) == ("trusted", ())
    assert read(signed, "image/png", anchors).state == "invalid"  # a stamp that nobody vouches for
    for listed, is_told in ((believed, True), (anchors, False)):
        assert inspect(signed, anchors="", public_list=listed, watermark_key=bytes(32)).listed is is_told


@pytest.fixture(scope="module")
def stamped(noise: Image.Image, key_folder: Path, signer: Signer, authority: TimeAuthority) -> bytes:
    return sign_output(encode(noise, "image/png"), "image/png", FACTS, signer.stamped_by(authority.url))


def test_a_stamp_that_nobody_vouches_for_is_told_apart(stamped: bytes, anchors: str, authority: TimeAuthority) -> None:
    alone = read(stamped, "image/png", anchors)
    assert (alone.state, alone.stamped_at) == ("trusted", "")
    assert datetime.fromisoformat(alone.unproven_stamp).tzinfo is not None
    vouched = read(stamped, "image/png", Anchors(anchors, authority.root).text)
    assert (vouched.stamped_at, vouched.unproven_stamp) == (alone.unproven_stamp, "")


def test_a_root_for_time_stamps_vouches_for_no_signer(stamped: bytes, anchors: str, authority: TimeAuthority) -> None:
    for believed in (Anchors("", anchors), Anchors(authority.root, anchors)):
        report = read(stamped, "image/png", believed.text)
        assert (report.state, report.failures) == ("valid", ("signingCredential.untrusted",))
        with pytest.raises(ManifestRejected):
            verify_signed(stamped, "image/png", believed.text)


def test_a_root_that_stands_in_both_parts_vouches_for_both(
    stamped: bytes, anchors: str, authority: TimeAuthority
) -> None:
    report = read(stamped, "image/png", Anchors(anchors, anchors + authority.root).text)
    assert report.is_sound and report.stamped_at
    assert Anchors(anchors, anchors).text == anchors


def test_the_two_parts_are_one_text(anchors: str, authority: TimeAuthority) -> None:
    parts = Anchors.of(Anchors(anchors, authority.root).text)
    assert [read_chain(pem) for pem in (parts.signers, parts.time)] == [read_chain(anchors), read_chain(authority.root)]
    assert Anchors.of(anchors) == Anchors(anchors.strip())
    with pytest.raises(InvalidKey):
        _ = Anchors(anchors, "no certificate").text


def test_a_dead_authority_is_an_error_at_once(
    noise: Image.Image, key_folder: Path, signer: Signer, unused_url: str
) -> None:
    end = datetime.now(UTC) + timedelta(days=9)
    stamping = leaf_signer(key_folder, ec.generate_private_key(ec.SECP256R1()), end, unused_url)
    started = time.monotonic()
    with pytest.raises(SigningFailed):
        sign_output(encode(noise, "image/png"), "image/png", FACTS, stamping)
    assert time.monotonic() - started < 30


@pytest.fixture
def unused_url() -> str:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}/"
