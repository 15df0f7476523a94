"""The development chain: as the certificate profile asks, private, loud, renewed; and the signers it feeds."""

import logging
import shutil
import stat
import subprocess
import sys
import threading
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from governance.errors import InvalidKey
from governance.keyfiles import exclusive
from governance.pki import CLAIM_SIGNING, DevelopmentKeyWarning, development_signer, ensure_development_chain
from governance.signing import CallbackSigner, PemSigner, Signer, read_chain

NOW = datetime.now(UTC)


def quiet_signer(folder: Path, now: datetime | None = None) -> PemSigner:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DevelopmentKeyWarning)
        return development_signer(folder, now)


def pem(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_it_is_loud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.warns(DevelopmentKeyWarning, match="trusted by nobody"), caplog.at_level(logging.WARNING):
        development_signer(tmp_path / "keys")
    assert "development key" in caplog.text


def test_the_leaf_is_what_the_profile_asks_for(tmp_path: Path) -> None:
    leaf = quiet_signer(tmp_path / "keys").chain[0]
    extensions = leaf.extensions
    usages = set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usages == {CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION}
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.content_commitment and not usage.key_cert_sign
    assert extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)
    assert {attribute.rfc4514_attribute_name for attribute in leaf.subject} == {"C", "O", "CN"}


def test_each_certificate_is_signed_by_the_next(tmp_path: Path) -> None:
    leaf, intermediate = quiet_signer(tmp_path / "keys").chain
    (root,) = read_chain((tmp_path / "keys" / "anchors.pem").read_text())
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer == intermediate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "keys"
    quiet_signer(folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"anchors.pem": 0o644, "intermediate.pem": 0o600, "signer.pem": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_chain_is_made_once(tmp_path: Path) -> None:
    first, again = quiet_signer(tmp_path), quiet_signer(tmp_path)
    assert first.chain_pem == again.chain_pem


def test_a_leaf_in_its_last_day_is_renewed_under_the_same_root(tmp_path: Path) -> None:
    old = quiet_signer(tmp_path, NOW - timedelta(days=364, hours=12))
    root = (tmp_path / "anchors.pem").read_bytes()
    new = quiet_signer(tmp_path, NOW)
    assert new.chain[0].serial_number != old.chain[0].serial_number
    assert new.chain[1] == old.chain[1]
    assert (tmp_path / "anchors.pem").read_bytes() == root
    assert new.expires_at > NOW + timedelta(days=364) and not new.is_expired()


def test_a_lost_anchor_comes_back(tmp_path: Path) -> None:
    quiet_signer(tmp_path)
    root = (tmp_path / "anchors.pem").read_bytes()
    (tmp_path / "anchors.pem").unlink()
    quiet_signer(tmp_path)
    assert (tmp_path / "anchors.pem").read_bytes() == root


def test_whoever_waited_for_another_process_makes_nothing(tmp_path: Path) -> None:
    """The chain appears between the first look and the lock."""
    with exclusive(tmp_path):
        waiting = threading.Thread(target=ensure_development_chain, args=(tmp_path,))
        waiting.start()
        time.sleep(0.1)
        shutil.copytree(ensure_development_chain(tmp_path.parent / "other").folder, tmp_path, dirs_exist_ok=True)
        made = (tmp_path / "signer.pem").read_bytes()
    waiting.join(timeout=60)
    assert (tmp_path / "signer.pem").read_bytes() == made


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    program = (
        "import sys, warnings; from pathlib import Path; warnings.simplefilter('ignore')\n"
        "from governance.pki import development_signer\n"
        "sys.stdout.write(str(development_signer(Path(sys.argv[1])).chain[0].serial_number))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "keys")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(3)]
    serials = {process.communicate(timeout=400)[0] for process in started}
    assert len(serials) == 1 and b"" not in serials


def test_threads_that_start_together_agree(tmp_path: Path) -> None:
    serials: list[str] = []

    def start() -> None:
        chain = ensure_development_chain(tmp_path / "keys")
        serials.append(chain.signer.read_text())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(serials) == 8 and len(set(serials)) == 1


def test_a_damaged_chain_is_an_error_not_a_new_identity(tmp_path: Path) -> None:
    quiet_signer(tmp_path)
    (tmp_path / "signer.pem").write_text("garbage")
    with pytest.raises(InvalidKey):
        quiet_signer(tmp_path)
    (tmp_path / "signer.pem").unlink()
    (tmp_path / "intermediate.pem").write_text("garbage")
    with pytest.raises(InvalidKey, match="is damaged"):
        quiet_signer(tmp_path)


def test_a_signature_is_raw_and_verifies(signer: Signer) -> None:
    signature = signer.sign(b"claim")
    assert len(signature) == 64
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    key = signer.chain[0].public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(der, b"claim", ec.ECDSA(SHA256()))


def test_a_key_that_is_not_the_leafs_is_refused(signer: Signer) -> None:
    with pytest.raises(InvalidKey, match="leaf first"):
        PemSigner(pem(ec.generate_private_key(ec.SECP256R1())), signer.chain_pem)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)), "elliptic"),
        (pem(ec.generate_private_key(ec.SECP521R1())), "P-256"),
        (b"garbage", "PKCS#8"),
    ],
)
def test_other_keys_are_refused(signer: Signer, key: bytes, words: str) -> None:
    with pytest.raises(InvalidKey, match=words):
        PemSigner(key, signer.chain_pem)


def test_a_chain_that_is_no_pem_is_refused(signer: Signer) -> None:
    with pytest.raises(InvalidKey, match="leaf first"):
        CallbackSigner(signer.sign, "garbage", "es256")


def test_absent_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidKey, match="absent"):
        PemSigner.from_files(tmp_path / "absent", tmp_path / "absent")
