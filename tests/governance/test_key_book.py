"""A company's keys: issued once, renewed, rotated without a moment in which nothing signs."""

import os
import threading
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image

from governance.errors import InvalidKey
from governance.intake import encode
from governance.key_book import KeyBook, expires_soon, key_id
from governance.pki import issue_leaf
from governance.provenance import OutputFacts, read, sign_output
from governance.signing import PemSigner
from tests.governance.samples import DIGEST, leaf_signer

FACTS = OutputFacts(generation_id="gen_1", spec_digest=DIGEST)


@pytest.fixture
def book(tmp_path: Path, key_folder: Path, anchors: str) -> KeyBook:
    return KeyBook(tmp_path / "company", lambda: issue_leaf(key_folder, "Aozora Tea"))


def name_of(certificate: x509.Certificate) -> str:
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(name.value)


def test_a_key_is_issued_once_in_the_companys_name(book: KeyBook) -> None:
    first = book.signer()
    assert name_of(first.chain[0]) == "Aozora Tea"
    assert key_id(book.signer()) == key_id(first)
    modes = {path.stat().st_mode & 0o777 for path in book.folder.iterdir()}
    assert modes == {0o600} and book.folder.stat().st_mode & 0o777 == 0o700


def test_processes_that_start_together_agree(book: KeyBook) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(key_id(book.signer()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found) == 8


def test_rotation_under_load_never_fails_and_old_pictures_stay_trusted(
    book: KeyBook, noise: Image.Image, anchors: str
) -> None:
    png, signed, stop = encode(noise.resize((32, 32)), "image/png"), [], threading.Event()
    failures: list[Exception] = []

    def work() -> None:
        while not stop.is_set():
            try:
                signed.append(sign_output(png, "image/png", FACTS, book.signer()))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    ids = [key_id(book.signer())]
    for _ in range(4):
        ids.append(book.rotate())
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == [] and len(set(ids)) == 5
    last = sign_output(png, "image/png", FACTS, book.signer())
    assert {read(data, "image/png", anchors).state for data in [*signed, last]} == {"trusted"}
    assert key_id(book.signer()) == ids[-1]


def test_what_began_with_the_old_key_may_end_with_it(book: KeyBook) -> None:
    old = key_id(book.signer())
    new = book.rotate()
    assert key_id(book.signer_of(old)) == old and key_id(book.signer_of(new)) == new
    (book.folder / f"{old}.until").write_text("0")  # its hour is over
    with pytest.raises(InvalidKey, match="ask for the chain again"):
        book.signer_of(old)
    book.rotate()
    assert not (book.folder / f"{old}.pem").exists()


def test_names_that_are_none_open_no_file(book: KeyBook) -> None:
    book.signer()
    for name in ("", "../current", "current", "new", "0" * 16):
        with pytest.raises(InvalidKey):
            book.signer_of(name)


def test_a_key_in_its_last_day_is_renewed(book: KeyBook, key_folder: Path) -> None:
    brief = leaf_signer(key_folder, ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) + timedelta(hours=3))
    installed = book.install(_bundle(brief))
    assert key_id(book.signer()) != installed


def _bundle(signer: PemSigner) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = signer._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key + signer.chain_pem.encode()


def test_an_ended_or_foreign_key_is_not_installed(book: KeyBook, key_folder: Path) -> None:
    before = key_id(book.signer())
    ended = leaf_signer(key_folder, ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC) - timedelta(minutes=1))
    for bundle in (_bundle(ended), b"no key", ended.chain_pem.encode()):
        with pytest.raises(InvalidKey):
            book.install(bundle)
    assert key_id(book.signer()) == before
    assert not list(book.folder.glob("new*"))


def test_without_an_issuer_a_missing_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidKey, match="no signing key is installed"):
        KeyBook(tmp_path / "company").signer()
    with pytest.raises(InvalidKey, match="install the new one"):
        KeyBook(tmp_path / "company").rotate()


@pytest.mark.parametrize(("days", "due"), [(40, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (-1, 1)])
def test_warnings_are_due_30_7_and_1_days_before(key_folder: Path, anchors: str, days: int, due: int | None) -> None:
    now = datetime.now(UTC)
    signer = leaf_signer(key_folder, ec.generate_private_key(ec.SECP256R1()), now + timedelta(days=days))
    assert expires_soon(signer, now) == due


def test_a_signer_outlives_a_fork(book: KeyBook, noise: Image.Image, anchors: str) -> None:
    """Made and used before the fork, used again in the child: nothing of the library is shared."""
    png, signer = encode(noise.resize((32, 32)), "image/png"), book.signer()
    sign_output(png, "image/png", FACTS, signer)
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            os.write(writing, read(sign_output(png, "image/png", FACTS, signer), "image/png", anchors).state.encode())
        finally:
            os._exit(0)
    os.close(writing)
    assert os.read(reading, 20) == b"trusted"
    os.waitpid(child, 0)
    os.close(reading)
