"""Does the page say what was found, keep what people wrote, and show every method?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from benchmarks._dual_contest import Contest
from benchmarks._dual_findings import both
from benchmarks._dual_page import BEGIN, END, Report, spread, write_page
from benchmarks._dual_points import ADAPTER, NO_MASK, OURS, PLAIN, TRUTH, Entry
from benchmarks._dual_sheet import GAP, HEAD, SIDE, Column
from benchmarks._dual_tables import difference_table, parts_left_out, shares_table, trainings, verdict_table
from generation.evaluation.cells import CellCache
from tests.benchmarks.dual_cells import (
    LEADING,
    PEOPLE,
    USUAL_ENTRIES,
    Shade,
    comparison,
    few_trials,
    field,
    fill,
    found_in,
)

TRUSTED = {"held-out drawings": {"kind": 0.99, "scene": 0.998}, "decoded": {"kind": 0.95, "scene": 0.9}}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "explanation").mkdir(parents=True)
    page = tmp_path / "docs" / "explanation" / "proof.md"
    page.write_text(f"written by hand\n\n{BEGIN}\nold figures\n{END}\n\nand below\n", encoding="utf-8")
    return tmp_path / "docs"


@pytest.fixture
def report(tmp_path: Path) -> Report:
    shipped, views = (found_in(tmp_path / key, key=key) for key in ("shipped", "views"))
    ours = shipped.wall.main_points[1]
    return Report([shipped, views], [(ours, replace(ours, label="wide"))], [ours], TRUSTED)


def written(docs: Path) -> str:
    return (docs / "explanation" / "proof.md").read_text(encoding="utf-8")


def test_what_stands_between_the_marks_is_made_anew_and_nothing_else(report: Report, docs: Path) -> None:
    write_page(report, docs)
    first = written(docs)
    assert first.startswith("written by hand\n\n")
    assert first.endswith("\n\nand below\n")
    assert "old figures" not in first
    write_page(report, docs)
    assert written(docs) == first


def test_a_page_without_its_marks_is_left_as_it_is(report: Report, docs: Path) -> None:
    page = docs / "explanation" / "proof.md"
    for text in ("nothing", f"{BEGIN}\nno end", f"{END}\n{BEGIN}"):
        page.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="has no place for the figures"):
            write_page(report, docs)
        assert page.read_text(encoding="utf-8") == text


def test_every_training_has_claims_tables_and_plots_that_exist(report: Report, docs: Path) -> None:
    write_page(report, docs)
    text = written(docs)
    for key in ("shipped", "views"):
        assert f"### The {key} one: the claims" in text
        for where in ("wall", "elsewhere"):
            name = f"pareto-{key}-{where}.svg"
            assert f"(../images/dual/{name})" in text
            ElementTree.fromstring((docs / "images" / "dual" / name).read_text(encoding="utf-8"))  # noqa: S314
    for title in ("In float32", "Textual Inversion, longer", "What other views of an individual teach"):
        assert f"### {title}" in text
    assert "does **not** hold" in text
    assert "| held-out drawings | 0.990 | 0.998 |" in text


def test_bounds_are_plotted_where_there_are_both(tmp_path: Path, docs: Path) -> None:
    found = found_in(tmp_path / "shipped")
    truth = Entry(TRUTH, Shade(TRUTH))
    bounded = replace(found.wall.field, few=found.wall.field.several, costly=[truth])
    fill(found.wall.cache, found.wall.comparison, bounded, LEADING | {TRUTH: {"similarity": 0.95, "text_match": 1.0}})
    write_page(Report([replace(found, wall=replace(found.wall, field=bounded))], [], [], TRUSTED), docs)
    plots = [(docs / "images" / "dual" / f"pareto-shipped-{where}.svg").read_text() for where in ("wall", "elsewhere")]
    assert [f">{TRUTH}<" in plot and f">{PLAIN}<" in plot for plot in plots] == [True, False]
    assert all(f">{ADAPTER}<" in plot for plot in plots)


def test_a_model_trained_once_has_no_comparison_of_trainings(report: Report, docs: Path) -> None:
    write_page(replace(report, contests=report.contests[:1], precision=[], longer=[]), docs)
    text = written(docs)
    assert "views" not in text
    assert "What other views" not in text
    assert "float32" not in text


def test_nothing_measured_yet_is_no_error(docs: Path, tmp_path: Path) -> None:
    owner = comparison(tmp_path)
    empty = both(owner, CellCache(tmp_path / "none.jsonl"), Contest("shipped", "S", field(), field(elsewhere=True)))
    write_page(Report([empty], [], [], TRUSTED), docs)
    assert not list((docs / "images" / "dual").glob("*.svg"))
    assert "holds" not in written(docs)


def test_a_page_of_pictures_has_a_column_each_method_and_a_row_each_individual(report: Report, docs: Path) -> None:
    write_page(report, docs)
    for where in ("wall", "elsewhere"):
        with Image.open(docs / "images" / "dual" / f"pictures-{where}.jpg") as sheet:
            # The reference, words alone, and three methods of either training.
            assert sheet.size[0] == GAP + 8 * (SIDE + GAP)
            grey = [sheet.convert("L").getpixel((GAP + n * (SIDE + GAP) + 64, HEAD + 64)) for n in range(8)]
    assert grey[1] == pytest.approx(0, abs=2)
    assert grey[2:5] == pytest.approx([(1 + place / 10) * 127.5 for place in range(3)], abs=3)
    assert grey[5:] == grey[2:5]


def test_a_title_has_a_line_for_the_setting_and_for_the_training() -> None:
    assert Column("ours, no mask guidance", Shade("x"), "views").title == "ours\nno mask guidance\nviews"
    assert Column("ours", Shade("x")).title == "ours"


def test_pictures_are_spread_over_individuals_and_prompts() -> None:
    chosen = spread(few_trials(), 4)
    assert len({plan.individual for plan in chosen}) == 4
    first = [plan.prompt for plan in few_trials()[::2]]
    assert [plan.prompt in first for plan in chosen] == [True, False, True, False]
    assert len(spread(few_trials(), 99)) == PEOPLE


def test_a_claim_of_one_kind_of_references_alone_is_not_asked_of_the_other(tmp_path: Path) -> None:
    found = found_in(tmp_path)
    there = replace(found.elsewhere, field=replace(found.elsewhere.field, sweeps=[], main=USUAL_ENTRIES[:2]))
    table = verdict_table(replace(found, elsewhere=there))
    assert f"every setting of {ADAPTER} | +0.195" in table
    assert table.count("not asked") == 8


def test_differences_are_cell_by_cell_and_say_of_how_many(tmp_path: Path) -> None:
    points = found_in(tmp_path).wall.main_points
    rows = difference_table("ours less", parts_left_out(points)).splitlines()
    assert [row.split(" | ")[0] for row in rows[2:]] == [f"| {PLAIN}", f"| {NO_MASK}", f"| {ADAPTER}"]
    assert "| +0.500 <small>+0.500 to +0.500</small> |" in rows[2]
    assert "| -0.190 <small>-0.190 to -0.190</small> |" in rows[4]
    assert rows[4].endswith("| 12 |")
    stranger = replace(points[0], figures={("x", "y", 0): {}})
    assert len(difference_table("ours less", [("x", points[0], stranger)]).splitlines()) == 2
    assert parts_left_out([one for one in points if one.label != OURS]) == []


def test_trainings_are_compared_method_by_method_on_both_kinds_of_references(tmp_path: Path) -> None:
    better = LEADING | {OURS: LEADING[OURS] | {"similarity": 0.75}}
    found = trainings(found_in(tmp_path / "1", better), found_in(tmp_path / "2"))
    assert [name for name, _, _ in found] == [
        f"{label}; {place}" for place in ("plain wall", "another scene") for label in (OURS, NO_MASK, ADAPTER)
    ]
    row = difference_table("this less that", found[:1]).splitlines()[2]
    assert row.startswith(f"| {OURS}; plain wall | +0.050 ")
    without = {label: means for label, means in LEADING.items() if label != NO_MASK}
    assert len(trainings(found_in(tmp_path / "3"), found_in(tmp_path / "4", without))) == 4


def test_shares_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        shares_table("named rightly", {})
