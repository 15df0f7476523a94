"""A key that never leaves a KMS signs like any other. Moto's server speaks AWS KMS on loopback and really signs."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto.server import ThreadedMotoServer
from PIL import Image

from governance.errors import InvalidKey, SigningFailed
from governance.intake import encode
from governance.key_book import KeyBook
from governance.kms import MAX_RAW, kms_signer
from governance.pki import leaf_for
from governance.provenance import IntakeFacts, OutputFacts, read, sign_derivative, sign_output, sign_reference
from governance.signing import Signer
from tests.governance.samples import DIGEST

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
FACTS = OutputFacts(generation_id="gen_1", spec_digest=DIGEST)
REGION = "ap-northeast-1"
HASHES = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384()}


@pytest.fixture(scope="module")
def kms() -> Iterator[Any]:
    """A client; credentials are asked for and not checked."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        server.start()
        host, port = server.get_host_and_port()
        try:
            yield boto3.client("kms", region_name=REGION, endpoint_url=f"http://{host}:{port}")
        finally:
            server.stop()


class Key:
    """A key in the KMS, and a chain whose leaf was issued for it."""

    def __init__(self, kms: Any, folder: Path, spec: str) -> None:
        self.id = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]["KeyId"]
        public = load_der_public_key(kms.get_public_key(KeyId=self.id)["PublicKey"])
        assert isinstance(public, ec.EllipticCurvePublicKey)
        self.public, self.endpoint = public, kms.meta.endpoint_url
        self.chain = leaf_for(folder, "Aozora Tea", public)

    def signer(self) -> Signer:
        return kms_signer(self.id, self.chain, region=REGION, endpoint=self.endpoint)


@pytest.fixture(params=["ECC_NIST_P256", "ECC_NIST_P384"])
def key(request: pytest.FixtureRequest, kms: Any, key_folder: Path, anchors: str) -> Key:
    return Key(kms, key_folder, request.param)


@pytest.fixture
def key256(kms: Any, key_folder: Path, anchors: str) -> Key:
    return Key(kms, key_folder, "ECC_NIST_P256")


def test_every_picture_it_signs_is_trusted(key: Key, tmp_path: Path, noise: Image.Image, anchors: str) -> None:
    """Installed as an operator installs it; a reference, a picture drawn from it, its release."""
    book, png = KeyBook(tmp_path / "company"), encode(noise, "image/png")
    said = {"key": key.id, "chain": key.chain, "region": REGION, "endpoint": key.endpoint}
    book.install(json.dumps(said).encode(), ".json")
    reference = sign_reference(png, "image/png", IntakeFacts(reference_id="ref_1"), book.signer())
    output = sign_output(png, "image/png", FACTS, book.signer(), reference)
    release = sign_derivative(png, "image/png", output, ["published"], FACTS, book.signer())
    for data in (reference, output, release):
        report = read(data, "image/png", anchors)
        assert report.is_sound and report.signer.endswith("/ Aozora Tea")


@pytest.mark.parametrize("size", [1, 1500, MAX_RAW, MAX_RAW + 1, 100_000])
def test_what_is_too_long_for_the_kms_is_sent_as_its_digest(key: Key, size: int) -> None:
    """Moto does not heed MessageType: it hashes a digest once more, as it would a message."""
    data, algorithm = os.urandom(size), HASHES[key.public.curve.name]
    digest = hashes.Hash(algorithm)
    digest.update(data)
    sent = data if size <= MAX_RAW else digest.finalize()
    key.public.verify(key.signer().sign(data), sent, ec.ECDSA(algorithm))


def test_threads_share_one_signer(key256: Key, noise: Image.Image, anchors: str) -> None:
    png, signer = encode(noise.resize((32, 32)), "image/png"), key256.signer()
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda _: sign_output(png, "image/png", FACTS, signer), range(24)))
    assert {read(data, "image/png", anchors).state for data in signed} == {"trusted"}


def test_a_chain_of_another_key_signs_nothing(key256: Key, kms: Any, key_folder: Path, noise: Image.Image) -> None:
    other = Key(kms, key_folder, "ECC_NIST_P256")
    wrong = kms_signer(other.id, key256.chain, region=REGION, endpoint=other.endpoint)
    with pytest.raises(SigningFailed):
        sign_output(encode(noise, "image/png"), "image/png", FACTS, wrong)


def test_a_key_that_is_not_there_says_so(key256: Key, noise: Image.Image) -> None:
    """What the KMS answered is in the error."""
    gone = kms_signer("no-such-key", key256.chain, region=REGION, endpoint=key256.endpoint)
    with pytest.raises(SigningFailed, match="NotFound"):
        sign_output(encode(noise, "image/png"), "image/png", FACTS, gone)


def test_a_kms_that_is_away_says_so(key256: Key, noise: Image.Image) -> None:
    with socket.socket() as free:  # bound, and nobody listens
        free.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{free.getsockname()[1]}"
        signer = kms_signer(key256.id, key256.chain, region=REGION, endpoint=away)
        with pytest.raises(SigningFailed, match="Could not connect"):
            sign_output(encode(noise, "image/png"), "image/png", FACTS, signer)


def test_a_leaf_on_no_curve_of_the_kms_is_refused(key_folder: Path, anchors: str) -> None:
    with pytest.raises(InvalidKey, match="P-256 or P-384"):
        kms_signer("any", leaf_for(key_folder, "Aozora Tea", Ed25519PrivateKey.generate().public_key()))
