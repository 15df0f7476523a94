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

from governance.errors import SigningFailed
from governance.intake import encode
from governance.provenance import OutputFacts, read, sign_output
from governance.signing import Signer
from tests.governance.samples import DIGEST, leaf_signer, made_before_its_end, outlive

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


def test_a_stamped_picture_outlives_its_certificate(
    noise: Image.Image, key_folder: Path, signer: Signer, anchors: str, authority: TimeAuthority
) -> None:
    png = encode(noise, "image/png")

    def make(brief: Signer) -> bytes:
        return sign_output(png, "image/png", FACTS, brief)

    brief, signed = made_before_its_end(key_folder, make, authority.url)
    stamped_at = datetime.fromisoformat(read(signed, "image/png", anchors).stamped_at)
    assert abs(datetime.now(UTC) - stamped_at) < timedelta(minutes=1)
    outlive(brief)
    report = read(signed, "image/png", anchors + authority.root)
    assert (report.state, report.failures) == ("trusted", ())
    assert read(signed, "image/png", anchors).state == "invalid"  # a stamp that nobody vouches for


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
