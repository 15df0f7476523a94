"""A permit is good for one attempt at one picture, for minutes, from our key; for nothing else."""

import base64
import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.canonical import canonical_json
from governance.errors import (
    InvalidKey,
    PermitAltered,
    PermitError,
    PermitExpired,
    PermitForged,
    PermitMalformed,
    PermitMismatch,
    PermitNotYetValid,
)
from governance.permit import (
    DOMAIN,
    Permit,
    ensure_permit_keys,
    generate_permit_keys,
    key_id,
    load_private_key,
    load_public_key,
    read_permit,
    sign_permit,
    verify_permit,
)
from tests.governance.samples import DIGEST, NOW, OTHER, TENANT

PRIVATE, PUBLIC = generate_permit_keys()
PERMIT = Permit(
    id="prm_1",
    tenant_id=TENANT,
    generation_id="gen_1",
    attempt=2,
    spec_digest=DIGEST,
    reference_digests=(OTHER, DIGEST),
    terms_digests=("c" * 64,),
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
)
ASKED: dict[str, Any] = {"now": NOW, "generation_id": "gen_1", "attempt": 2, "spec_digest": DIGEST}
TOKEN = sign_permit(PERMIT, PRIVATE)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed(payload: bytes) -> str:
    """Genuinely signed, whatever it says."""
    return ".".join(["imp1", key_id(PUBLIC), _encoded(payload), _encoded(PRIVATE.sign(DOMAIN + payload))])


def test_a_genuine_permit_comes_back_whole() -> None:
    assert verify_permit(TOKEN, PUBLIC, **ASKED) == PERMIT


def test_the_token_travels_in_a_url_or_a_header() -> None:
    assert set(TOKEN) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"generation_id": "gen_2"}, "generation"), ({"attempt": 3}, "attempt"), ({"spec_digest": OTHER}, "spec")],
)
def test_a_permit_for_something_else_is_refused_with_the_field_named(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(PermitMismatch, match=f"for {field}") as caught:
        verify_permit(TOKEN, PUBLIC, **ASKED | asked)
    assert caught.value.field == field


@pytest.mark.parametrize("late", [timedelta(minutes=15), timedelta(days=1)])
def test_an_old_permit_is_refused(late: timedelta) -> None:
    with pytest.raises(PermitExpired, match="new attempt"):
        verify_permit(TOKEN, PUBLIC, **ASKED | {"now": NOW + late})


def test_a_permit_holds_to_its_last_moment() -> None:
    almost = NOW + timedelta(minutes=15) - timedelta(microseconds=1)
    assert verify_permit(TOKEN, PUBLIC, **ASKED | {"now": almost}) == PERMIT


def test_clocks_may_differ_a_little_but_not_much() -> None:
    assert verify_permit(TOKEN, PUBLIC, **ASKED | {"now": NOW - timedelta(seconds=30)}) == PERMIT
    with pytest.raises(PermitNotYetValid, match="clocks"):
        verify_permit(TOKEN, PUBLIC, **ASKED | {"now": NOW - timedelta(seconds=31)})


def test_another_key_is_a_forgery() -> None:
    forged = sign_permit(PERMIT, Ed25519PrivateKey.generate())
    with pytest.raises(PermitForged, match="another key"):
        verify_permit(forged, PUBLIC, **ASKED)


def test_a_forger_who_borrows_our_key_id_is_found_out() -> None:
    forged = sign_permit(PERMIT, Ed25519PrivateKey.generate()).split(".")
    forged[1] = key_id(PUBLIC)
    with pytest.raises(PermitAltered):
        verify_permit(".".join(forged), PUBLIC, **ASKED)


def test_a_changed_content_is_found_out() -> None:
    parts = TOKEN.split(".")
    longer = replace(PERMIT, expires_at=NOW + timedelta(days=365))
    parts[2] = _encoded(canonical_json(longer.to_json()))
    with pytest.raises(PermitAltered, match="changed"):
        verify_permit(".".join(parts), PUBLIC, **ASKED)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_no_single_character_may_change(position: int, character: str) -> None:
    changed = TOKEN[:position] + character + TOKEN[position + 1 :]
    if changed == TOKEN:
        return
    with pytest.raises(PermitError):
        verify_permit(changed, PUBLIC, **ASKED)


def test_the_last_character_has_one_spelling() -> None:
    for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=":
        if character != TOKEN[-1]:
            with pytest.raises(PermitError):
                read_permit(TOKEN[:-1] + character, PUBLIC)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(max_size=20).map(lambda t: f"imp1.{key_id(PUBLIC)}.{t}.{t}"))
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(PermitError):
        verify_permit(text, PUBLIC, **ASKED)


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"not json", b'{"id":1}'])
def test_a_signed_content_that_is_no_permit_is_malformed(payload: bytes) -> None:
    with pytest.raises(PermitMalformed):
        read_permit(_signed(payload), PUBLIC)


def test_a_signed_time_without_a_zone_is_malformed() -> None:
    with pytest.raises(PermitMalformed):
        read_permit(_signed(json.dumps(PERMIT.to_json() | {"expires_at": "2030-01-01T00:00:00"}).encode()), PUBLIC)


def test_reading_does_not_ask_for_time_or_purpose() -> None:
    assert read_permit(TOKEN, PUBLIC) == PERMIT


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    private_path, public_path = ensure_permit_keys(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(private_path.stat().st_mode) == 0o600
    before = private_path.read_bytes()
    assert ensure_permit_keys(folder) == (private_path, public_path)
    assert private_path.read_bytes() == before
    token = sign_permit(PERMIT, load_private_key(private_path))
    assert verify_permit(token, load_public_key(public_path), **ASKED) == PERMIT
    assert sorted(p.name for p in folder.iterdir()) == sorted([private_path.name, public_path.name])


def test_a_lost_public_key_is_written_again(tmp_path: Path) -> None:
    private_path, public_path = ensure_permit_keys(tmp_path)
    public_path.unlink()
    ensure_permit_keys(tmp_path)
    assert key_id(load_public_key(public_path)) == key_id(load_private_key(private_path).public_key())


def test_unusable_key_files_are_named(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    private, public, garbage = tmp_path / "other.key", tmp_path / "other.pub", tmp_path / "garbage"
    private.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    garbage.write_text("no key")
    for path, words in ((private, "Ed25519"), (garbage, "PKCS#8"), (tmp_path / "absent", "PKCS#8")):
        with pytest.raises(InvalidKey, match=words) as caught:
            load_private_key(path)
        assert str(path) in str(caught.value)
    for path, words in ((public, "Ed25519"), (garbage, "PEM"), (tmp_path / "absent", "PEM")):
        with pytest.raises(InvalidKey, match=words):
            load_public_key(path)
