"""Does the command draw, stamp and refuse as it says? The weights are random; all else is what users run."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from imprimatur_cli.main import app
from imprimatur_cli.stamping import anchors
from PIL import Image
from typer.testing import CliRunner

from governance.intake import pixel_digest
from governance.provenance import read, verify_signed
from governance.trademark import TrademarkTerms
from tests.generation import dummy
from tests.imprimatur_cli.drawing import consent, digest, draw, rights

pytestmark = pytest.mark.usefixtures("here")


def test_own_work_is_drawn_and_stamped_with_the_declaration(reference: Path) -> None:
    result = draw(reference)
    assert result.exit_code == 0, result.output
    picture = reference.with_name("out.png").read_bytes()
    report = verify_signed(picture, "image/png", anchors())
    assert report.facts is not None
    assert report.facts.own_work is True
    assert report.facts.prompt == "a bottle on the beach"
    assert report.facts.model_digests == {"unet": "0" * 64}
    assert report.facts.environment["sampler"].startswith("DDIMScheduler")
    assert report.facts.pixel_digest == pixel_digest(Image.open(io.BytesIO(picture)))
    assert [(i.relationship, i.state) for i in report.ingredients] == [("inputTo", "trusted")]
    assert report.source_type == "trainedAlgorithmicMedia"
    assert "development key" in result.stderr


def test_json_is_one_object_on_stdout(reference: Path) -> None:
    result = draw(reference, by=("--own-work", "--json"))
    report = json.loads(result.stdout)
    picture = reference.with_name("out.png")
    assert report["sha256"] == digest(picture)
    assert report["manifest_state"] == "trusted"
    assert report["spec"]["reference_digests"] == [digest(reference)]
    assert report["spec"]["mask"]["stop_step"] == 1
    assert set(report["seconds"]) == {"prepare", "draw", "decode"}


def test_same_seed_same_pixels_other_seed_others(reference: Path) -> None:
    digests = [json.loads(draw(reference, "--seed", s, by=("--own-work", "--json")).stdout) for s in ("7", "7", "8")]
    first, again, other = (d["pixel_digest"] for d in digests)
    assert first == again != other
    assert digests[0]["sha256"] != digests[1]["sha256"], "stamped files never have the same bytes"


def test_the_film_strip_is_stamped_as_derived_from_the_picture(reference: Path) -> None:
    strip = reference.with_name("strip.png")
    assert draw(reference, "--strip", str(strip)).exit_code == 0
    report = verify_signed(strip.read_bytes(), "image/png", anchors())
    assert [i.relationship for i in report.ingredients] == ["parentOf"]
    with Image.open(strip) as picture:
        assert picture.width > 3 * 128


def test_without_a_right_nothing_is_drawn(reference: Path) -> None:
    result = draw(reference, by=())
    assert result.exit_code == 1
    assert "say by what right: --own-work" in result.stderr
    assert not reference.with_name("out.png").exists()


@pytest.mark.parametrize(("lang", "words"), [("en", "consent"), ("ja", "許可されません")])
def test_a_person_needs_a_consent_even_in_own_work(reference: Path, lang: str, words: str) -> None:
    result = draw(reference, "--lang", lang, by=("--own-work", "--person"))
    assert result.exit_code == 3
    assert words in result.stderr
    assert not reference.with_name("out.png").exists()


def test_a_consent_that_names_the_reference_permits_and_is_committed_to(reference: Path, tmp_path: Path) -> None:
    terms = consent(reference)
    result = draw(reference, by=rights(tmp_path, terms.to_json()))
    assert result.exit_code == 0, result.output
    report = read(reference.with_name("out.png").read_bytes(), "image/png", anchors())
    assert report.facts is not None
    assert [c.id for c in report.facts.consents] == ["consent-1"]
    salt = (tmp_path / "home" / "pki" / "commitment-salt").read_bytes()
    assert report.facts.consents[0].commitment == terms.commitment(salt)
    assert report.facts.prompt == "", "words about a person may name them"


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "revoked"},
        {"reference_digests": frozenset({"0" * 64})},
        {"valid_until": datetime(2020, 1, 1, tzinfo=UTC), "valid_from": datetime(2019, 1, 1, tzinfo=UTC)},
        {"synthetic_media_permitted": False},
    ],
)
def test_a_consent_that_does_not_cover_refuses(reference: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    data = {"tenant": "acme", "consents": [consent(reference, **changes).to_json()]}
    result = draw(reference, by=rights(tmp_path, data))
    assert result.exit_code == 3, result.output
    assert "Not permitted" in result.stderr


def test_a_consent_may_name_the_pixels_instead_of_the_file(reference: Path, tmp_path: Path) -> None:
    terms = consent(reference, reference_digests=frozenset({pixel_digest(dummy.reference())}))
    assert draw(reference, by=rights(tmp_path, terms.to_json())).exit_code == 0


def test_a_mark_needs_its_licence(reference: Path, tmp_path: Path) -> None:
    licence = TrademarkTerms(
        id="tm-1",
        grantee="acme",
        owner="Acme",
        mark="Acme",
        reference_digests=frozenset({digest(reference)}),
        valid_from=datetime.now(UTC) - timedelta(days=1),
        valid_until=None,
        status="active",
    )
    assert draw(reference, "--mark", "Acme").exit_code == 3
    assert draw(reference, by=rights(tmp_path, licence.to_json())).exit_code == 0


def test_a_rights_file_that_is_none_is_an_error(reference: Path, tmp_path: Path) -> None:
    path = tmp_path / "rights.json"
    path.write_text("[]")
    result = draw(reference, by=("--rights", str(path)))
    assert result.exit_code == 1
    assert "is no rights file" in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "code", "sentence"),
    [
        ("--word", "mug", 1, "choose one of its words: a, bottle, on, the, beach"),
        ("--steps", "0", 1, "steps must lie between 1 and 200"),
        ("--scope", "0", 1, "mask scope must lie between"),
        ("--quantity", "2", 1, "quantity must lie between"),
        ("--profile", "dall-e", 1, "choose one of studio"),
        ("--output", "/nowhere/out.png", 1, "/nowhere is no folder"),
        ("--output", "out.jpg", 1, "name it *.png"),
        ("--seed", "x", 2, "--seed"),
        ("--lang", "fr", 2, "choose en or ja"),
        ("--origin", "dream", 1, "choose one of photograph, drawing, generated"),
    ],
)
def test_wrong_options_say_what_to_do(reference: Path, option: str, value: str, code: int, sentence: str) -> None:
    result = draw(reference, option, value)
    assert result.exit_code == code, result.output
    assert sentence in " ".join(result.stderr.split())
    assert not reference.with_name("out.png").exists()


def test_messages_in_japanese(reference: Path) -> None:
    result = draw(reference, "--word", "mug", "--lang", "ja")
    assert "「mug」はプロンプトにありません" in result.stderr
    assert "を保存しました" in draw(reference, "--lang", "ja").stdout


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (Image.new("RGB", (100, 100), "red"), "one flat colour"),
        (Image.new("RGB", (20, 20), "red"), "20 x 20 pixels"),
    ],
)
def test_unusable_references_leave_no_file(tmp_path: Path, image: Image.Image, sentence: str) -> None:
    path = tmp_path / "bad.png"
    image.save(path)
    result = draw(path)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.png"]


def test_a_damaged_reference_is_refused(reference: Path) -> None:
    reference.write_bytes(reference.read_bytes()[:-40])
    result = draw(reference)
    assert result.exit_code == 1
    assert "cut off or damaged" in result.stderr


def test_verify_believes_our_picture_and_not_a_changed_one(reference: Path) -> None:
    draw(reference)
    out = reference.with_name("out.png")
    verified = CliRunner().invoke(app, ["verify", str(out)])
    assert verified.exit_code == 0, verified.output
    assert verified.stdout.startswith("Trusted: signed by")
    with Image.open(out) as picture:
        pixels = np.asarray(picture).copy()
    pixels[0, 0] ^= 255
    bare = reference.with_name("bare.png")
    Image.fromarray(pixels).save(bare)
    assert CliRunner().invoke(app, ["verify", str(bare)]).stdout == "No provenance manifest in this file\n"
    assert CliRunner().invoke(app, ["verify", str(bare)]).exit_code == 1


def test_verify_names_an_unknown_signer_and_speaks_json(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(reference)
    monkeypatch.setenv("IMPRIMATUR_HOME", str(tmp_path / "elsewhere"))
    result = CliRunner().invoke(app, ["verify", str(reference.with_name("out.png")), "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["state"]) == (1, "valid")
    assert report["facts"]["model_name"] == "studio"
