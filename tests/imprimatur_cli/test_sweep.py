"""Does a sweep try every dial once, remember what it drew, and propose by its own figures?"""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result
from imprimatur_cli.main import app
from imprimatur_cli.stamping import anchors
from imprimatur_cli.sweep_plan import Cell, cells, front, means, proposal
from imprimatur_cli.sweep_sheets import plot
from PIL import Image
from typer.testing import CliRunner

from generation.pipeline import RealCustomPipeline
from governance.provenance import verify_signed
from tests.generation import dummy

SVG = "{http://www.w3.org/2000/svg}"


def sweep(tmp_path: Path, *more: str) -> Result:
    reference = tmp_path / "bottle.png"
    dummy.reference().save(reference)
    options = {
        "--reference": str(reference),
        "--prompt": "a bottle on the beach",
        "--word": "bottle",
        "--output": str(tmp_path / "sweep"),
        "--steps": "2",
        "--scopes": "0.2,0.5",
        "--quantities": "0.5",
        "--seeds": "1,2",
    }
    words = [word for pair in options.items() for word in pair]
    return CliRunner().invoke(app, ["sweep", *words, "--own-work", *more])


def index(tmp_path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    return found


def test_every_setting_is_drawn_scored_and_stamped(tmp_path: Path, drawn: list[RealCustomPipeline]) -> None:
    result = sweep(tmp_path)
    assert result.exit_code == 0, result.output
    table = index(tmp_path)["table"]
    assert isinstance(table, list)
    assert {(row["scope"], row["seed"]) for row in table} == {(0.2, 1), (0.2, 2), (0.5, 1), (0.5, 2)}
    assert all({"similarity", "text_match", "leak", "sharpness"} <= set(row) for row in table)
    pictures = sorted(p.name for p in (tmp_path / "sweep").glob("scope-*.png"))
    assert len(pictures) == 4
    for name in (*pictures, "sheet.png"):
        verify_signed((tmp_path / "sweep" / name).read_bytes(), "image/png", anchors())
    sheet = verify_signed((tmp_path / "sweep" / "sheet.png").read_bytes(), "image/png", anchors())
    assert len(sheet.ingredients) == 4
    with Image.open(tmp_path / "sweep" / "sheet.png") as shown:
        assert shown.width > 2 * 160
        assert shown.height > 2 * 160
    assert "Proposed: --scope" in result.stdout
    assert "Of 2 settings" in result.stdout


def test_a_second_run_draws_only_what_is_new(tmp_path: Path, drawn: list[RealCustomPipeline]) -> None:
    sweep(tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "sweep").glob("scope-*.png")}
    (tmp_path / "sweep" / "scope-0.2_quantity-0.5_stop-1_seed-1.png").write_bytes(b"damaged")
    assert sweep(tmp_path, "--seeds", "1,2,3").exit_code == 0
    after = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "sweep").glob("scope-*.png")}
    assert len(after) == 6
    kept = {name for name in before if after[name] == before[name]}
    assert set(before) - kept == {"scope-0.2_quantity-0.5_stop-1_seed-1.png"}
    assert drawn[1].parts.visual_encoder.model.forwards == 1 + 1  # type: ignore[attr-defined]  # reference and blank


def test_other_weights_begin_anew(tmp_path: Path, drawn: list[RealCustomPipeline]) -> None:
    sweep(tmp_path)
    path = tmp_path / "sweep" / "sweep.json"
    path.write_text(json.dumps(index(tmp_path) | {"model": {"unet": "other"}}))
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "sweep").glob("scope-*.png")}
    sweep(tmp_path)
    assert all(p.stat().st_mtime_ns > before[p.name] for p in (tmp_path / "sweep").glob("scope-*.png"))


def test_the_same_dials_give_the_same_pixels_as_draw(tmp_path: Path, drawn: list[RealCustomPipeline]) -> None:
    sweep(tmp_path)
    cell = next(iter(index(tmp_path)["cells"].values()))  # type: ignore[attr-defined]
    words = ["--prompt", "a bottle on the beach", "--word", "bottle", "--steps", "2", "--seed", "1", "--own-work"]
    words += ["--scope", "0.2", "--quantity", "0.5", "--output", str(tmp_path / "one.png"), "--json"]
    one = CliRunner().invoke(app, ["draw", "--reference", str(tmp_path / "bottle.png"), *words])
    assert json.loads(one.stdout)["pixel_digest"] == cell["pixel_digest"]


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--scopes", "wide", "--scopes wide: give numbers with commas"),
        ("--scopes", "0", "mask scope must lie between"),
        ("--seeds", ",".join(str(n) for n in range(300)), "that makes 600 pictures"),
        ("--word", "mug", "choose one of its words"),
    ],
)
def test_wrong_dials_say_what_to_do(
    tmp_path: Path, drawn: list[RealCustomPipeline], option: str, value: str, sentence: str
) -> None:
    result = sweep(tmp_path, option, value)
    assert result.exit_code == 1, result.output
    assert sentence in result.stderr
    assert not (tmp_path / "sweep").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, drawn: list[RealCustomPipeline]) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "holiday.txt").write_text("mine")
    result = sweep(tmp_path)
    assert (result.exit_code, "holds other files" in result.stderr) == (1, True)
    assert [p.name for p in (tmp_path / "sweep").iterdir()] == ["holiday.txt"]


def plan() -> list[Cell]:
    return cells(scopes=[0.2, 0.4], quantities=[0.5, 1.0], stops=[12], seeds=[1, 2])


FIGURES = {  # scope, quantity -> similarity, text match
    (0.2, 0.5): (0.70, 0.95),
    (0.2, 1.0): (0.87, 0.80),
    (0.4, 0.5): (0.90, 0.60),
    (0.4, 1.0): (0.85, 0.70),
}


def test_the_proposal_obeys_the_words_best_among_those_that_look_alike() -> None:
    done = {
        cell: {"similarity": FIGURES[cell.scope, cell.quantity][0], "text_match": FIGURES[cell.scope, cell.quantity][1]}
        for cell in plan()
    }
    near = proposal(done, within=0.05)
    assert near is not None
    assert (near.scope, near.quantity, near.best_similarity, near.candidates, near.tried) == (0.2, 1.0, 0.9, 3, 4)
    wide, exact = proposal(done, within=0.3), proposal(done, within=0)
    assert wide is not None
    assert exact is not None
    assert (wide.scope, wide.quantity) == (0.2, 0.5)
    assert (exact.scope, exact.quantity) == (0.4, 0.5)
    assert front(means(done)) == [(0.2, 0.5, 12), (0.2, 1.0, 12), (0.4, 0.5, 12)]


def test_seeds_are_averaged_and_without_scores_nothing_is_proposed() -> None:
    one, two = cells(scopes=[0.2], quantities=[1.0], stops=[12], seeds=[1, 2])
    found = means({one: {"similarity": 0.4, "text_match": 1.0}, two: {"similarity": 0.6, "text_match": 0.0}})
    assert found == {(0.2, 1.0, 12): (pytest.approx(0.5), pytest.approx(0.5))}
    assert proposal({one: {"sharpness": 1.0}}, within=0.05) is None


def test_the_plot_has_a_dot_for_each_setting_where_it_belongs() -> None:
    done = {cell: {"similarity": cell.scope, "text_match": cell.quantity} for cell in plan()}
    root = ET.fromstring(plot(done))  # noqa: S314 our own
    dots = root.findall(f"{SVG}circle")
    assert len(dots) == 4
    places = {dot.find(f"{SVG}title").text.split(":")[0]: dot for dot in dots}  # type: ignore[union-attr]
    low, high = (places[f"scope {s}, quantity 0.5, frozen at 12"] for s in (0.2, 0.4))
    assert float(low.get("cx")) < float(high.get("cx"))  # type: ignore[arg-type]
    assert low.get("cy") == high.get("cy")
