"""References x templates x dials: is every picture drawn once, stamped and counted, and does the report say so?"""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from imprimatur_cli.failures import CommandError
from imprimatur_cli.main import app
from imprimatur_cli.pilot_plan import Bar, Outcome, Trial, findings, read_templates, tally
from imprimatur_cli.stamping import anchors
from PIL import Image
from typer.testing import CliRunner

from generation.pipeline import RealCustomPipeline
from governance.provenance import verify_signed
from tests.generation import dummy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bottle, a mug in a folder of its own name, and a picture of nothing."""
    folder = tmp_path / "references"
    (folder / "mug").mkdir(parents=True)
    dummy.reference().save(folder / "bottle.png")
    dummy.reference().transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mug" / "one.png")
    Image.new("RGB", (128, 128), (200, 10, 10)).save(folder / "red.png")
    (tmp_path / "templates.txt").write_text("# of spring\na {subject} on the beach\n\na {subject} in the snow\n")
    return folder


def pilot(folder: Path, *more: str, by: tuple[str, ...] = ("--own-work",)) -> Result:
    options = {
        "--templates": str(folder.parent / "templates.txt"),
        "--output": str(folder.parent / "pilot"),
        "--word": "bottle",
        "--steps": "2",
        "--scopes": "0.2,0.5",
        "--seeds": "1",
        "--similarity": "0",
        "--text-match": "0",
    }
    words = [word for pair in options.items() for word in pair]
    return CliRunner().invoke(app, ["pilot", str(folder), *words, *by, *more])


def index(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder.parent / "pilot" / "pilot.json").read_text())
    return found


def report(folder: Path) -> str:
    return (folder.parent / "pilot" / "report.html").read_text()


def test_every_reference_meets_every_template_and_all_dials(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    result = pilot(folder, "--json")
    assert result.exit_code == 0, result.output
    table = index(folder)["table"]
    assert {(row["reference"], row["template"], row["scope"]) for row in table} == {
        (reference, template, scope)
        for reference in ("bottle.png", "mug/one.png")
        for template in ("a {subject} on the beach", "a {subject} in the snow")
        for scope in (0.2, 0.5)
    }
    prompts = {cell["spec"]["prompt"] for cell in index(folder)["cells"].values()}
    assert {"a bottle on the beach", "a mug in the snow"} < prompts
    assert all(row["similarity"] is not None and row["seconds"] > 0 for row in table)
    said = json.loads(result.stdout)
    assert said["best"]["scope"] in (0.2, 0.5)
    assert said["overall"]["usable"] == said["overall"]["pictures"] == 4
    assert said["overall"]["pictures_per_usable"] == 1


def test_the_report_is_one_file_whose_pictures_are_all_stamped(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    pilot(folder)
    page = report(folder)
    shown = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert len(shown) == 4 + 2, "those at the dials to use, and the references"
    assert "the pictures at other dials lie in the folder" in page
    for picture in shown:
        verify_signed(base64.b64decode(picture), "image/png", anchors())
    for file in (folder.parent / "pilot").glob("*.png"):
        verify_signed(file.read_bytes(), "image/png", anchors())
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<script" not in page
    assert "One flat colour: use a picture that shows the subject." in page
    assert "not drawn from" in page
    assert "Use these references: “bottle.png”, “mug/one.png”" in page
    assert "red.png: One flat colour" in page
    assert "Use one with at least 512 pixels on its short side." in page


def test_whatever_lies_in_the_folder_is_told(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    deep = folder / "travel_mug" / "spring 2027" / "マグ 正面.JPG"
    deep.parent.mkdir(parents=True)
    dummy.reference().save(deep)
    dummy.reference().save(folder / "mug" / "same.png")
    (folder / "mug" / "brochure.pdf").write_bytes(b"%PDF-1.7")
    (folder / "notes.txt").write_text("of the shoot")
    (folder / ".DS_Store").write_bytes(b"left by a desktop")
    (folder / "mug" / "._one.png").write_bytes(b"left by a desktop")
    assert pilot(folder, "--scopes", "0.2").exit_code == 0
    page = report(folder)
    for name in ("mug/brochure.pdf", "notes.txt"):
        assert f"{name}: This is no PNG, JPEG or WebP picture: export it as one of these." in page
    assert "._one.png" not in page
    assert ".DS_Store" not in page
    assert "travel_mug/spring 2027/マグ 正面.JPG" in page
    assert "a travel mug in the snow" in {cell["spec"]["prompt"] for cell in index(folder)["cells"].values()}


def test_two_files_of_the_same_picture_are_drawn_from_once(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    (folder / "mug" / "same.png").write_bytes((folder / "mug" / "one.png").read_bytes())
    assert pilot(folder, "--scopes", "0.2").exit_code == 0
    before = {p: p.stat().st_mtime_ns for p in (folder.parent / "pilot").glob("*.png")}
    assert len(before) == 4
    assert pilot(folder, "--scopes", "0.2").exit_code == 0
    assert {p: p.stat().st_mtime_ns for p in (folder.parent / "pilot").glob("*.png")} == before


def test_words_nobody_taught_the_model_are_told(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    (folder.parent / "templates.txt").write_text("a {subject} on the beach\na {subject} in Kyoto\n")
    (folder / "mug").rename(folder / "perfume")
    pilot(folder, "--scopes", "0.2")
    assert "This model was never taught: “kyoto”, “perfume”." in report(folder)


def test_the_report_speaks_japanese(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    result = pilot(folder, "--lang", "ja")
    page = report(folder)
    assert '<html lang="ja">' in page
    for words in (
        "参照画像",
        "単色の画像です。",
        "短辺が512ピクセル以上の画像をお使いください。",
        "一枚に、このマシンで",
    ):
        assert words in page
    assert "Similarity" not in page
    assert result.stdout.startswith("レポート: ")


def test_a_second_run_draws_only_what_is_new(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    pilot(folder)
    before = {p: p.stat().st_mtime_ns for p in (folder.parent / "pilot").glob("*.png")}
    damaged = next(iter(before))
    damaged.write_bytes(b"damaged")
    assert pilot(folder, "--seeds", "1,2").exit_code == 0
    after = {p: p.stat().st_mtime_ns for p in (folder.parent / "pilot").glob("*.png")}
    assert len(after) == 16
    assert {p for p in before if after[p] != before[p]} == {damaged}


def test_large_pictures_are_shown_small_with_their_history(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    dummy.reference().resize((960, 1280)).save(folder / "bottle.png")
    assert pilot(folder).exit_code == 0
    found = re.search(r'alt="bottle.png" src="data:image/png;base64,([^"]+)"', report(folder))
    assert found is not None
    facts = verify_signed(base64.b64decode(found[1]), "image/png", anchors())
    assert len(facts.ingredients) == 1


def test_without_a_right_or_a_word_nothing_is_drawn(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    for result, sentence in (
        (pilot(folder, by=()), "--own-work"),
        (pilot(folder, "--word", ""), "say what it shows with --word"),
        (pilot(folder, "--output", str(folder / "out")), "lies among the references"),
        (pilot(folder, "--seeds", ",".join(map(str, range(99)))), "that makes 792 pictures"),
        (pilot(folder, "--scopes", "wide"), "--scopes wide: give numbers"),
    ):
        assert (result.exit_code, sentence in result.stderr) == (1, True), result.stderr
    assert drawn == []
    assert not (folder.parent / "pilot").exists()


def test_names_cannot_write_html(folder: Path, drawn: list[RealCustomPipeline]) -> None:
    (folder.parent / "templates.txt").write_text("a {subject} <b>on</b> the beach\n")
    pilot(folder)
    assert "<b>on" not in report(folder)
    assert html.escape("<b>on</b>") in report(folder)


@pytest.mark.parametrize(
    ("text", "sentence"), [("a bottle on the beach\n", "line 1: write {subject}"), ("# none\n", "holds no template")]
)
def test_a_template_needs_its_slot(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "t.txt").write_text(text)
    with pytest.raises(CommandError, match=re.escape(sentence)):
        read_templates(tmp_path / "t.txt")


BAR = Bar(similarity=0.6, text_match=0.5)


def outcome(similarity: float | None, text_match: float | None, seconds: float = 2.0) -> Outcome:
    return Outcome(similarity=similarity, text_match=text_match, seconds=seconds)


def trial(template: str, scope: float, seed: int = 1) -> Trial:
    return Trial(reference="a.png", template=template, scope=scope, quantity=0.8, seed=seed)


def test_what_a_usable_picture_costs() -> None:
    counted = tally([outcome(0.6, 0.5), outcome(0.59, 0.9), outcome(0.9, 0.49), outcome(None, 0.9, 6.0)], BAR)
    assert (counted.pictures, counted.scored, counted.usable, counted.holds) == (4, 3, 1, False)
    assert (counted.pictures_per_usable, counted.seconds, counted.seconds_per_usable) == (3.0, 3.0, 9.0)
    none = tally([outcome(0.1, 0.1)], BAR)
    assert (none.share, none.pictures_per_usable, none.seconds_per_usable) == (0.0, None, None)


def test_templates_are_judged_at_the_dials_with_the_most_usable_pictures() -> None:
    done = {
        trial("beach", 0.2): outcome(0.7, 0.7),
        trial("snow", 0.2): outcome(0.7, 0.1),
        trial("beach", 0.4): outcome(0.9, 0.1),
        trial("snow", 0.4): outcome(0.9, 0.1),
    }
    found = findings(done, BAR)
    assert found.best == (0.2, 0.8)
    assert {name: t.holds for name, t in found.templates.items()} == {"beach": True, "snow": False}
    assert (found.overall.pictures, found.overall.usable) == (2, 1)
    assert found.dials[0.4, 0.8].usable == 0


def test_equal_shares_go_to_the_better_scores_and_without_scores_nothing_is_chosen() -> None:
    done = {trial("beach", 0.2): outcome(0.7, 0.7), trial("beach", 0.4): outcome(0.8, 0.7)}
    assert findings(done, BAR).best == (0.4, 0.8)
    unscored = findings({trial("beach", 0.2): outcome(None, None)}, BAR)
    assert (unscored.best, unscored.overall.pictures, unscored.overall.share) == (None, 1, None)
