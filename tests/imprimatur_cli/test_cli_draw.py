"""Does the command draw, stamp and refuse as it says? The weights are random; all else is what users run."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from imprimatur_cli.main import app
from imprimatur_cli.stamping import anchors
from PIL import Image
from typer.testing import CliRunner

import generation.loading
from governance.consent import ConsentTerms
from governance.intake import pixel_digest
from governance.provenance import read, verify_signed
from governance.trademark import TrademarkTerms
from tests.generation import dummy


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("IMPRIMATUR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("LC_ALL", "LC_MESSAGES", "IMPRIMATUR_SIGNER_KEY", "IMPRIMATUR_TRUST_ANCHORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(generation.loading, "load_pipeline", lambda profile, device: dummy.pipeline())
    yield tmp_path


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "bottle.png"
    dummy.reference().save(path)
    return path


def draw(reference: Path, *options: str, by: tuple[str, ...] = ("--own-work",)) -> Result:
    given = {"--prompt": "a bottle on the beach", "--word": "bottle", "--seed": "7", "--steps": "3"}
    given["--output"] = str(reference.with_name("out.png"))
    for name, value in zip(options[::2], options[1::2], strict=True):
        given[name] = value
    words = [word for pair in given.items() for word in pair]
    return CliRunner().invoke(app, ["draw", "--reference", str(reference), *words, *by])


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def consent(reference: Path, **changes: Any) -> ConsentTerms:
    values: dict[str, Any] = {
        "id": "consent-1",
        "kind": "likeness",
        "grantee": "acme",
        "reference_digests": frozenset({digest(reference)}),
        "valid_from": datetime.now(UTC) - timedelta(days=1),
        "valid_until": datetime.now(UTC) + timedelta(days=100),
        "synthetic_media_permitted": True,
        "status": "active",
    }
    return ConsentTerms(**(values | changes))


def rights(tmp_path: Path, data: dict[str, Any]) -> tuple[str, ...]:
    path = tmp_path / "rights.json"
    path.write_text(json.dumps(data))
    return ("--rights", str(path))


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


def test_several_subjects_each_with_references_a_box_and_a_sketch(reference: Path, tmp_path: Path) -> None:
    other, sketch = tmp_path / "mug.png", tmp_path / "sketch.png"
    dummy.reference().rotate(180).save(other)
    half = Image.new("L", (64, 64), 0)
    half.paste(255, (32, 0, 64, 64))
    half.save(sketch)
    options = {
        "--prompt": "a bottle and a mug on the beach",
        "--subject": f"mug={other},{reference}",
        "--box": "bottle=0,0,0.5,1",
        "--sketch": f"mug={sketch}",
        "--effort": "fast",
    }
    result = draw(reference, *(w for pair in options.items() for w in pair), by=("--own-work", "--refine", "--json"))
    assert result.exit_code == 0, result.output
    spec = json.loads(result.stdout)["spec"]
    assert (spec["word"], spec["others"][0]["word"]) == ("bottle", "mug")
    assert spec["others"][0]["reference_digests"] == [digest(other), digest(reference)]
    assert spec["others"][0]["sketch_digest"] == digest(sketch)
    assert (spec["box"]["right"], spec["effort"], spec["mask"]["refine"]) == (0.5, "fast", True)
    report = verify_signed(reference.with_name("out.png").read_bytes(), "image/png", anchors())
    assert [i.relationship for i in report.ingredients] == ["inputTo", "inputTo"], "one picture twice is named once"


def test_every_reference_needs_its_right(reference: Path, tmp_path: Path) -> None:
    other = tmp_path / "mug.png"
    dummy.reference().rotate(180).save(other)
    by = rights(tmp_path, consent(reference).to_json())
    two = ("--subject", f"mug={other}", "--prompt", "a bottle and a mug")
    assert draw(reference, by=by).exit_code == 0
    reference.with_name("out.png").unlink()
    refused = draw(reference, *two, by=by)
    assert refused.exit_code == 3, refused.output
    assert "mug.png" in refused.stderr
    assert not reference.with_name("out.png").exists()


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--subject", "mug", "write the word, then what it is given"),
        ("--subject", "mug=nowhere.png", "nowhere.png is no file"),
        ("--box", "mug=0,0,1,1", "no subject is called “mug”, only bottle"),
        ("--box", "bottle=0,0,1", "give left, top, right and bottom"),
        ("--box", "bottle=0.5,0,0.2,1", "a box needs 0 <= left < right"),
        ("--effort", "lazy", "choose one of exact, fast"),
    ],
)
def test_wrong_subjects_say_what_to_do(reference: Path, option: str, value: str, sentence: str) -> None:
    result = draw(reference, option, value)
    assert result.exit_code == 1, result.output
    assert sentence in result.stderr
    assert not reference.with_name("out.png").exists()


def test_a_picture_of_ours_is_the_next_reference_and_brings_its_rights(reference: Path) -> None:
    assert draw(reference).exit_code == 0
    first = reference.with_name("out.png")
    again = draw(first, "--output", str(reference.with_name("next.png")), by=())
    assert again.exit_code == 0, again.output
    report = verify_signed(reference.with_name("next.png").read_bytes(), "image/png", anchors())
    assert report.facts is not None
    assert report.facts.own_work
    assert [(i.relationship, i.state) for i in report.ingredients] == [("inputTo", "trusted")]
    inner = [m for m in report.raw["manifests"].values() if m.get("title", "").startswith("local:")]
    assert len(inner) == 2, "the first picture's manifest travels inside the second"


def test_agreements_bind_what_is_drawn_from_the_picture_too(reference: Path, tmp_path: Path) -> None:
    shown = rights(tmp_path, consent(reference).to_json())
    assert draw(reference, by=shown).exit_code == 0
    first, second = reference.with_name("out.png"), reference.with_name("next.png")
    for by in ((), ("--own-work",)):
        refused = draw(first, "--output", str(second), by=by)
        assert refused.exit_code == 1, refused.output
        assert "was drawn under agreements consent-1" in refused.stderr
    assert draw(first, "--output", str(second), by=shown).exit_code == 0
    facts = read(second.read_bytes(), "image/png", anchors()).facts
    assert facts is not None
    assert [c.id for c in facts.consents] == ["consent-1"]
    over = rights(tmp_path, consent(reference, status="revoked").to_json())
    assert draw(first, "--output", str(second), by=over).exit_code in (1, 3)


def test_an_explanation_is_kept_beside_the_picture_and_drawn_on_a_stamped_card(reference: Path) -> None:
    result = draw(reference, by=("--own-work", "--explain"))
    assert result.exit_code == 0, result.output
    out = reference.with_name("out.png")
    kept = reference.with_name("out.explain.npz")
    assert kept.stat().st_size < 20_000
    with np.load(kept, allow_pickle=False) as data:
        assert data["masks"].shape == (3, 8, 8)
    explained = CliRunner().invoke(app, ["explain", str(out), "--reference", str(reference)])
    assert explained.exit_code == 0, explained.output
    card = reference.with_name("out.explain.png").read_bytes()
    report = verify_signed(card, "image/png", anchors())
    assert [i.relationship for i in report.ingredients] == ["parentOf"]
    numbers = json.loads(CliRunner().invoke(app, ["explain", str(out), "--json"]).stdout)
    assert numbers["explanation"]["words"] == ["a", "bottle", "on", "the", "beach"]
    assert sum(numbers["explanation"]["inside"]) == pytest.approx(1, abs=0.01)
    assert len(numbers["mask_area"]) == 3


def test_explanations_of_other_pictures_and_other_references_are_refused(reference: Path) -> None:
    out = reference.with_name("out.png")
    draw(reference)
    assert "draw the picture with --explain" in CliRunner().invoke(app, ["explain", str(out)]).stderr
    draw(reference, by=("--own-work", "--explain"))
    other = reference.with_name("other.png")
    dummy.reference().rotate(90).save(other)
    wrong = CliRunner().invoke(app, ["explain", str(out), "--reference", str(other)])
    assert "not the references the picture was drawn from" in wrong.stderr
    draw(reference)
    assert "belongs to another file" in CliRunner().invoke(app, ["explain", str(out)]).stderr
    reference.with_name("out.explain.npz").write_bytes(b"no archive")
    assert "is no explanation of ours" in CliRunner().invoke(app, ["explain", str(out)]).stderr
