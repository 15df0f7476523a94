"""The public list of trusted signers: installed from its publisher's file, shown with its day, warned of when old."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from imprimatur.dashboard.views import verify as desk
from imprimatur.environment import HOME
from imprimatur.releases.looking import listed
from imprimatur.releases.verification import Verdict, Verification, verify
from PIL import Image

from governance.anchors import TIME_ONLY
from governance.intake import encode
from governance.pki import development_anchors, development_signer
from governance.provenance import OutputFacts, sign_output
from governance.signing import Signer, read_chain
from governance.trust_list import FOLDER_VARIABLE, SHIPPED, public_list
from tests.factories import World
from tests.governance.samples import DIGEST

SOURCE = "https://example.org/trust-list"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "list.json"))
    return tmp_path / "list.json"


@pytest.fixture
def stranger(tmp_path: Path) -> Signer:
    return development_signer(tmp_path / "stranger")


@pytest.fixture
def bundle(tmp_path: Path, stranger: Signer) -> Path:
    """As publishers write them: a byte-order mark, remarks, the lines of another system, one certificate twice."""
    of_stranger, others = development_anchors(tmp_path / "stranger"), development_anchors(settings.PKI_FOLDER)
    remarks = f"# Trust list\n\n# Subject: C=JP, O=株式会社\n{of_stranger}\n\n# again\n{of_stranger}Issuer: x\n{others}"
    path = tmp_path / "C2PA-TRUST-LIST.pem"
    path.write_bytes(b"\xef\xbb\xbf" + remarks.replace("\n", "\r\n").encode())
    return path


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("trust_list", *arguments, stdout=out)
    return out.getvalue()


def install(bundle: Path, day: date, *more: str) -> str:
    return told(str(bundle), "--as-of", day.isoformat(), "--source", SOURCE, *more)


def page() -> str:
    return Client().get("/verify", headers={"Accept-Language": "en"}).content.decode()


def signed_by(signer: Signer) -> bytes:
    facts = OutputFacts(generation_id="gen_x", spec_digest=DIGEST)
    return sign_output(encode(Image.new("RGB", (96, 96), "teal"), "image/png"), "image/png", facts, signer)


def test_as_shipped_the_list_is_empty_and_the_page_says_so(place: Path, world: World) -> None:
    assert (public_list(HOME).count, public_list(HOME).pem) == (0, "")
    assert SHIPPED.exists() and not place.exists()
    assert "No public list of trusted signers is installed" in page()


def test_a_publishers_bundle_is_installed_with_its_day_and_source(place: Path, bundle: Path, world: World) -> None:
    today = datetime.now(UTC).date()
    assert install(bundle, today) == f"2 certificates as of {today}, from {SOURCE}\n"
    assert len(read_chain(public_list(HOME).pem)) == 2
    shown = page()
    assert today.isoformat() in shown and SOURCE in shown and "data-old" not in shown


def test_an_old_list_warns(place: Path, bundle: Path, world: World) -> None:
    today = datetime.now(UTC).date()
    assert "OLD" not in install(bundle, today - timedelta(days=80))
    assert "data-old" not in page()
    assert "MORE THAN 90 DAYS OLD" in install(bundle, today - timedelta(days=100))
    assert "data-old" in page()


def test_what_says_no_day_or_no_source_or_holds_no_certificate_is_refused(place: Path, bundle: Path) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=3)
    (bundle.parent / "none.pem").write_text("# nothing")
    (bundle.parent / "cut.pem").write_text(bundle.read_text()[:300])
    with pytest.raises(CommandError, match="--as-of"):
        told(str(bundle))
    with pytest.raises(CommandError, match="yet to come"):
        install(bundle, tomorrow)
    for name in ("none.pem", "cut.pem", "missing.pem"):
        with pytest.raises(CommandError):
            install(bundle.parent / name, date(2026, 11, 24))
    assert not place.exists()


def test_a_listed_signer_is_told_as_such(place: Path, bundle: Path, stranger: Signer, world: World) -> None:
    data = signed_by(stranger)
    assert "public list" not in verify(data).sentence
    install(bundle, date(2026, 11, 24))
    found = verify(data)
    assert found.verdict == Verdict.NOT_OURS and "on the public list of trusted signers" in found.sentence


def test_a_listed_time_authority_vouches_for_the_time_alone(
    place: Path, bundle: Path, stranger: Signer, world: World, tmp_path: Path
) -> None:
    other = tmp_path / "times.pem"
    development_signer(tmp_path / "times")
    other.write_text(development_anchors(tmp_path / "times"))
    said = install(other, date(2026, 11, 24), "--time-stamps", str(bundle))
    assert "2 certificates of time authorities" in said
    assert TIME_ONLY in public_list(HOME).pem
    found = verify(signed_by(stranger))
    assert found.verdict == Verdict.NOT_OURS and "on the public list" not in found.sentence


def test_a_broken_list_stops_neither_page_nor_desk(place: Path, world: World) -> None:
    place.write_text("{}")
    with pytest.raises(CommandError, match="no trust list"):
        told()
    assert listed().count == 0
    picture = encode(Image.new("RGB", (96, 96), "teal"), "image/png")
    upload = SimpleUploadedFile("picture.png", picture, "image/png")
    assert "data-verdict" in Client().post("/verify", {"file": upload}).content.decode()


def test_the_page_says_when_a_picture_was_stamped_and_by_whom(
    place: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stamp of an authority that nobody here knows is told apart."""
    told_apart = {"time_stamped_at": "Time stamp<", "unproven_time_stamp": "an authority that we do not know"}
    for name, words in told_apart.items():
        seen = Verification(verdict=Verdict.NONE, sentence="", facts={name: "2026-11-24T10:00:00+00:00"})
        monkeypatch.setattr(desk, "verify", lambda _data, seen=seen: seen)
        upload = SimpleUploadedFile("picture.png", b"x", "image/png")
        shown = Client().post("/verify", {"file": upload}, headers={"Accept-Language": "en"}).content.decode()
        assert words in shown and "2026" in shown
