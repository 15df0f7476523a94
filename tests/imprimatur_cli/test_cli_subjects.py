"""Several subjects, pictures drawn from pictures, and why they look as they do: drawn and stamped as users do it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from imprimatur_cli.main import app
from imprimatur_cli.stamping import anchors
from PIL import Image
from typer.testing import CliRunner

from governance.provenance import read, verify_signed
from tests.generation import dummy
from tests.imprimatur_cli.drawing import consent, digest, draw, rights

pytestmark = pytest.mark.usefixtures("here")


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
