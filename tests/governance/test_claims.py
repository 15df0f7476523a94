"""A signer sees what it is asked to sign: real claims from the library, and everything that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from governance.claims import NotAClaim, read_claim
from governance.intake import encode
from governance.provenance import OutputFacts, sign_output
from governance.signing import CallbackSigner, Signer
from tests.governance.samples import DIGEST


@pytest.fixture(scope="module")
def asked(noise: Image.Image, signer: Signer) -> bytes:
    """What the library hands to a signer."""
    seen: list[bytes] = []

    def sign(data: bytes) -> bytes:
        seen.append(data)
        return signer.sign(data)

    facts = OutputFacts(generation_id="gen_1", spec_digest=DIGEST)
    remote = CallbackSigner(sign, signer.chain_pem, signer.algorithm)
    sign_output(encode(noise, "image/png"), "image/png", facts, remote)
    (data,) = seen
    return data


def test_a_claim_tells_its_picture(asked: bytes) -> None:
    claim = read_claim(asked)
    assert (claim.title, claim.generator) == ("gen_1", "Imprimatur")


def test_a_cut_claim_is_none(asked: bytes) -> None:
    for end in (0, 1, 40, len(asked) - 1):
        with pytest.raises(NotAClaim):
            read_claim(asked[:end])
    with pytest.raises(NotAClaim):
        read_claim(asked + b"\x00")


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",  # an empty list
        b"\x84" + b"\x01" * 4,  # four numbers
        b"\x84\x6aSignature2\x40\x40\x40",
        b"\x84\x6aSignature1\x40\x40\x41\x01",  # a payload that is a number
        b"\x9f\xff",  # unknown length
        b"\x81" * 100 + b"\x00",  # nested
        b"\x9b" + b"\xff" * 8,  # a list of 2**64 parts
        b"\xf8\x20",
        b"\x84\x6aSignature1\x40\x41\x00\x41\xa0",  # bound to something outside
        b"\x84\x6aSignature1\x40\x40\x57\xa2\x68dc:title\x61a\x68dc:title\x61b",  # two titles
    ],
)
def test_what_is_no_claim(data: bytes) -> None:
    with pytest.raises(NotAClaim):
        read_claim(data)


@given(st.binary(max_size=200))
def test_nothing_else_is_raised(data: bytes) -> None:
    try:
        read_claim(data)
    except NotAClaim:
        return
